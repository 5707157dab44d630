import type { Lab } from '../experiment.ts'
import { type Text, text } from '../language.ts'
import { inTurns, judgedRounds } from '../load/rounds.ts'
import { type Check, ratio } from '../verdict.ts'

/** How one place took many sessions. */
export interface Grown {
  readonly place: 'memory' | 'Redis'
  readonly valueBytes: number
  readonly sessions: number
  readonly held: number
  readonly left: number
  readonly grownBytes: number
  /** What came of comparing the cost of a request, and the memory before and after. */
  readonly ratios: readonly Check[]
  readonly curve: readonly { readonly sessions: number; readonly bytes: number }[]
}

/** `memory, 4 kB`: where sessions of which size are. */
export function placed({ place, valueBytes }: Pick<Grown, 'place' | 'valueBytes'>): Text {
  const size = `${valueBytes / 1000} kB`
  return text(`${place}, ${size}`, `${place === 'memory' ? '메모리' : place}, ${size}`)
}

/** How far to fill a place. */
export interface Size {
  readonly sessions: number
  readonly valueBytes: number
  /** Into how many steps the growth is cut; even. */
  readonly steps: number
}

/** Both measured in turns, in any unit. */
export interface Costs {
  readonly many: () => Promise<number>
  readonly few: () => Promise<number>
}

/** Compares the CPU time of a request (memory) or a load (Redis) with all sessions to that with a tenth of them. */
export async function costChecks(
  lab: Lab,
  { place, valueBytes }: Pick<Grown, 'place' | 'valueBytes'>,
  costs: Costs,
): Promise<readonly Check[]> {
  const where = placed({ place, valueBytes })
  const oneRound = (round: number) => inTurns(['many', 'few'], round, (name) => costs[name]())
  await oneRound(0) // Warms up.
  const { checks, rounds } = await judgedRounds(lab, oneRound, (taken, confidence) => [
    ratio(
      text(
        `${where.en}: cost of a request at all over at a tenth`,
        `${where.ko}: 읽는 비용, 전부일 때 ÷ 10분의 1일 때`,
      ),
      taken.map(({ many, few }) => many / few),
      { atMost: 1.5 },
      { random: lab.random(where.en), ...confidence },
    ),
  ])
  lab.record({ step: 'cost', place, valueBytes, rounds })
  return checks
}

/** Whether a step in the second half of the growth takes as much memory as one in the first: that is what a straight line means. */
export function straightness(lab: Pick<Lab, 'random'>, grown: Pick<Grown, 'place' | 'valueBytes' | 'curve'>): Check {
  const where = placed(grown)
  const { curve } = grown
  const taken = curve.slice(1).map(({ bytes }, step) => bytes - (curve[step]?.bytes ?? Number.NaN))
  const half = taken.length / 2
  return ratio(
    text(
      `${where.en}: memory that a step takes in the second half of the growth, over one in the first`,
      `${where.ko}: 한 단계가 차지하는 메모리, 후반 ÷ 전반`,
    ),
    taken.slice(half).map((bytes, step) => bytes / (taken[step] ?? Number.NaN)),
    { atLeast: 2 / 3, atMost: 1.5 },
    { random: lab.random(`straight: ${where.en}`) },
  )
}

/** Memory in use, in bytes: before sessions came, with them, and after they had expired. */
export interface Cycle {
  readonly before: number
  readonly full: number
  readonly after: number
}

/** How many sessions come and expire again to see the memory come back once more. */
export const cycleSessions = ({ sessions }: Size): number => Math.min(sessions / 5, 10_000)

/**
 * Judges what is left of the memory after expiry: of the whole growth, which has been, and of small ones that `again` makes here.
 * Without it (where the first sessions never went) there is nothing to be repeated.
 */
export async function givenBackChecks(
  lab: Pick<Lab, 'repeats' | 'signal' | 'random' | 'record'>,
  { place, valueBytes }: Pick<Grown, 'place' | 'valueBytes'>,
  whole: Cycle,
  again: (() => Promise<Cycle>) | undefined,
): Promise<readonly Check[]> {
  const where = placed({ place, valueBytes })
  const { checks, rounds } = await judgedRounds(
    { signal: lab.signal, repeats: again ? lab.repeats : 1 },
    async (round) => (round === 0 || !again ? whole : again()),
    (cycles, confidence) => [
      ratio(
        text(`${where.en}: share of the memory that stays after expiry`, `${where.ko}: 만료 뒤에 남는 메모리의 비율`),
        cycles.map(({ before, full, after }) => Math.max(0, after - before) / (full - before)),
        { atMost: 0.2 },
        { random: lab.random(`stays: ${where.en}`), ...confidence },
      ),
    ],
  )
  lab.record({ step: 'given back', place, valueBytes, rounds })
  return checks
}
