import type { Lab } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text } from '../language.ts'
import { inTurns, roundsRatio, takeRounds } from '../load/rounds.ts'
import { type Check, ratio } from '../verdict.ts'

/** Where sessions of which size are. */
export interface Where {
  readonly place: 'memory' | 'Redis'
  readonly valueBytes: number
}

/** After a step of the growth: how many sessions are held, in how many bytes more than at its start. */
interface FilledRow extends Where {
  readonly step: 'filled'
  readonly sessions: number
  readonly bytes: number
  /** The longest pause for garbage collection meanwhile, ms. */
  readonly pauseMs?: number
}

/** All were asked for: how many are held when full, and how many after expiry. */
interface HeldRow extends Where {
  readonly step: 'held'
  readonly when: 'full' | 'expired'
  readonly of: number
  readonly sessions: number
}

/** What a request costs with all sessions and with a tenth of them, in one round. */
interface CostRow extends Where {
  readonly step: 'cost'
  readonly many: number
  readonly few: number
}

/** Memory in use, in bytes: before sessions came, with them, and after they had expired. */
export interface Cycle {
  readonly before: number
  readonly full: number
  readonly after: number
}

interface CycleRow extends Where, Cycle {
  readonly step: 'cycle'
}

export type X7Row = FilledRow | HeldRow | CostRow | CycleRow

/** How one place took many sessions. */
export interface Grown extends Where {
  readonly sessions: number
  readonly held: number
  readonly left: number
  readonly grownBytes: number
  readonly longestPauseMs: number
  readonly curve: readonly { readonly sessions: number; readonly bytes: number }[]
}

/** `memory, 4 kB`: where sessions of which size are. */
export function placed({ place, valueBytes }: Where): Text {
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

const at = <Of extends Where>(rows: readonly Of[], { place, valueBytes }: Where) =>
  rows.filter((row) => row.place === place && row.valueBytes === valueBytes)

/** How a place grew, out of a history. */
export function grownIn(history: History<X7Row>, { place, valueBytes }: Where): Grown {
  const where = { place, valueBytes }
  const curve = at(history.of('filled'), where)
  const held = (when: HeldRow['when']) => at(history.of('held'), where).find((row) => row.when === when)
  return {
    ...where,
    sessions: held('full')?.of ?? Number.NaN,
    held: held('full')?.sessions ?? Number.NaN,
    left: held('expired')?.sessions ?? Number.NaN,
    grownBytes: curve.at(-1)?.bytes ?? Number.NaN,
    longestPauseMs: Math.max(0, ...curve.map(({ pauseMs = 0 }) => pauseMs)),
    curve,
  }
}

/** Measures the CPU time of a request (memory) or a load (Redis) with all sessions and with a tenth of them, in turns. */
export async function compareCosts(lab: Lab<X7Row>, where: Where, costs: Costs): Promise<void> {
  const oneRound = (round: number) => inTurns(['many', 'few'], round, (name) => costs[name]())
  await oneRound(0) // Warms up.
  await takeRounds(
    lab,
    async (round) => lab.record({ step: 'cost', ...where, ...(await oneRound(round)) }),
    (history) => [costCheck(history, where)],
  )
}

/** Compares the two. */
export function costCheck(history: History<X7Row>, where: Where): Check {
  const name = placed(where)
  return roundsRatio(
    history,
    text(`${name.en}: cost of a request at all over at a tenth`, `${name.ko}: 읽는 비용, 전부일 때 ÷ 10분의 1일 때`),
    at(history.of('cost'), where).map(({ many, few }) => many / few),
    { atMost: 1.5 },
  )
}

/** What a request cost with a tenth of the sessions, in the unit of the place. */
export const costsIn = (history: History<X7Row>, where: Where): number[] =>
  at(history.of('cost'), where).map(({ few }) => few)

/** Whether a step in the second half of the growth takes as much memory as one in the first: that is what a straight line means. */
export function straightness(
  { random }: Pick<History, 'random'>,
  grown: Pick<Grown, 'place' | 'valueBytes' | 'curve'>,
): Check {
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
    { random: random(`straight: ${where.en}`) },
  )
}

/** How many sessions come and expire again to see the memory come back once more. */
export const cycleSessions = ({ sessions }: Size): number => Math.min(sessions / 5, 10_000)

/**
 * Writes down what is left of the memory after expiry: of the whole growth, which has been, and of small ones that `again` makes here.
 * Without it (where the first sessions never went) there is nothing to be repeated.
 */
export async function seeMemoryComeBack(
  lab: Lab<X7Row>,
  where: Where,
  whole: Cycle,
  again: (() => Promise<Cycle>) | undefined,
): Promise<void> {
  await takeRounds(
    { signal: lab.signal, history: () => lab.history(), repeats: again ? lab.repeats : 1 },
    async (round) => lab.record({ step: 'cycle', ...where, ...(round === 0 || !again ? whole : await again()) }),
    (history) => [givenBack(history, where)],
  )
}

/** Judges it. */
export function givenBack(history: History<X7Row>, where: Where): Check {
  const name = placed(where)
  return roundsRatio(
    history,
    text(`${name.en}: share of the memory that stays after expiry`, `${name.ko}: 만료 뒤에 남는 메모리의 비율`),
    at(history.of('cycle'), where).map(({ before, full, after }) => Math.max(0, after - before) / (full - before)),
    { atMost: 0.2 },
  )
}
