import { table } from '../report/table.ts'
import type { History, Violation } from './history.ts'
import { judge } from './judge.ts'
import { type Mutant, mutants } from './mutants.ts'
import { runFaults } from './run.ts'

/** How often a mutant is run until it is found; what it breaks happens by chance. */
const TRIES = 6

/** What became of one mutant. */
export interface Found {
  readonly broken: string
  readonly isFound: boolean
  /** The kind of violation, with how many there were; or how many there were of other kinds. */
  readonly how: string
  readonly visits: number
}

/** Runs the library with each guarantee broken, and with none: who is found, and by what. */
export async function runMutants(seed: number, say: (line: string) => void): Promise<Found[]> {
  const kinds = [...new Set(mutants.flatMap((mutant) => mutant.kinds))]
  const whole = await runOne(seed, { kinds, say })
  const violations = judge(whole)
  const control = { broken: 'none (the library as it is)', ...inWords(violations, /./) }
  const found: Found[] = [{ ...control, isFound: violations.length > 0, visits: whole.visits.length }]
  for (const [index, mutant] of mutants.entries()) {
    found.push(await find(index, mutant, seed, say))
    say(JSON.stringify(found.at(-1)))
  }
  return found
}

async function find(index: number, mutant: Mutant, seed: number, say: (line: string) => void): Promise<Found> {
  const { broken, kinds, finds } = mutant
  const mutate = new URL('./mutate.ts', import.meta.url).href
  let visits = 0
  for (let attempt = 1; ; attempt++) {
    const nodeEnv = { NODE_OPTIONS: `--import=${mutate}`, MUTANT: String(index) }
    const history = await runOne(seed + attempt, { kinds, nodeEnv, say })
    visits += history.visits.length
    const violations = judge(history)
    const isFound = violations.some(({ what }) => finds.test(what))
    if (isFound || attempt === TRIES) return { broken, isFound, ...inWords(violations, finds), visits }
  }
}

type OneOptions = Pick<Parameters<typeof runFaults>[0], 'kinds' | 'nodeEnv' | 'say'>

const runOne = (seed: number, options: OneOptions): Promise<History> =>
  runFaults({ seed, forMs: 6_000, faultMs: 2_000, calmMs: 500, restMs: 20, ...options })

function inWords(violations: readonly Violation[], finds: RegExp): { how: string } {
  const kinds = violations.map(({ what }) => what.replace(/:.*/, ''))
  const counted = [...Map.groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length] as const)
  const first = counted.filter(([kind]) => finds.test(kind)).concat(counted.filter(([kind]) => !finds.test(kind)))
  return {
    how:
      first
        .slice(0, 2)
        .map(([kind, count]) => `${kind} (${count})`)
        .join('; ') || 'nothing',
  }
}

/** One row for each mutant. */
export const mutantsTable = (found: readonly Found[]): string =>
  table(
    ['taken out', 'found', 'by', 'requests'],
    found.map(({ broken, isFound, how, visits }) => [broken, isFound ? 'yes' : 'no', how, String(visits)]),
    [3],
  )
