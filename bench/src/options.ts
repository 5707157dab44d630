import { parseArgs } from 'node:util'
import type { Result } from './report/result.ts'

/** How a bench runs. */
export interface BenchOptions {
  /** Rounds that every contender takes part in. @default 20, in the quick form 3 */
  readonly rounds: number
  /** Requests of one contender and scenario in one round, in two halves. @default 6000, in the quick form 400 */
  readonly requests: number
  /** Proves that the harness runs end to end: CPU is printed and judged by nobody, counts and correctness are asserted. */
  readonly quick: boolean
  /** Orders the rounds and seeds the resampling. @default 1 */
  readonly seed: number
  /** Where the whole result goes, raw rounds included. */
  readonly json?: string
  /** Keeps the result in bench/results, to be committed. */
  readonly save: boolean
  /** Progress, one line at a time. */
  readonly say: (line: string) => void
}

/** What a bench found. */
export interface Outcome extends Result {
  /** Promises broken that are counted, not measured: always a failure. */
  readonly wrong: readonly string[]
  /** Figures whose whole interval lies above the bound: a failure, but in the quick form. */
  readonly missed: readonly string[]
}

/** Arguments that make no sense; the message says what is allowed. */
export class UsageError extends Error {
  readonly code = 'BENCH_USAGE'
}

const spec = {
  json: { type: 'string' },
  rounds: { type: 'string' },
  requests: { type: 'string' },
  seed: { type: 'string' },
  quick: { type: 'boolean' },
  save: { type: 'boolean' },
} as const

/** Reads `session|balancer [--json FILE] [--rounds N] [--requests N] [--seed N] [--save | --quick]`. */
export function readOptions(
  args: readonly string[],
  say: (line: string) => void,
): { subject: 'session' | 'balancer'; options: BenchOptions } {
  const { values, positionals } = parse(args)
  const [subject, ...more] = positionals
  if ((subject !== 'session' && subject !== 'balancer') || more.length > 0) {
    throw new UsageError(
      'Say what to measure: session or balancer [--json FILE] [--rounds N] [--requests N] [--seed N] [--save | --quick]',
    )
  }
  const quick = values.quick ?? false
  const options: BenchOptions = {
    quick,
    rounds: whole('--rounds', values.rounds, quick ? 3 : 20, 1),
    requests: whole('--requests', values.requests, quick ? 400 : 6000, 64),
    seed: whole('--seed', values.seed, 1, 0),
    save: values.save ?? false,
    say,
    ...(values.json === undefined ? {} : { json: values.json }),
  }
  if (!quick && options.rounds < 15)
    throw new UsageError('--rounds: at least 15, or use --quick: fewer say nothing of a ratio')
  if (quick && options.save) throw new UsageError('--save: a quick run says nothing that is worth keeping')
  return { subject, options }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: spec, allowPositionals: true })
  } catch (error) {
    // Node adds advice on words that begin with a dash, which nobody here wants to type.
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}

function whole(name: string, text: string | undefined, fallback: number, least: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least)
    throw new UsageError(`${name}: ${text} is not a whole number from ${least} on`)
  return value - (name === '--requests' ? value % 2 : 0)
}
