import { parseArgs } from 'node:util'
import { UsageError } from '../options.ts'
import type { Result } from '../report/result.ts'

/** What can be soaked. */
const soakSubjects = ['session', 'balancer', 'console', 'faults'] as const
export type SoakSubject = (typeof soakSubjects)[number]

/** How a long run runs. */
export interface SoakOptions {
  /** Proves that the harness runs end to end; nothing is judged or written. */
  readonly quick: boolean
  readonly seed: number
  /** How long it runs, where that is not the soak's own to say. */
  readonly minutes: number
  /** Histories of an earlier run, to be judged again instead of a new run: files, or folders of them. */
  readonly judged: readonly string[]
  /** Whether the checker itself is to be tried, on libraries with a guarantee taken out. */
  readonly mutants: boolean
  /** Progress, one line at a time. */
  readonly say: (line: string) => void
}

/** What a long run found. */
export interface SoakOutcome extends Result {
  readonly failed: readonly string[]
  /** What it is saved as, where that is not the subject's own result. */
  readonly name?: string
}

/** Reads `session|balancer|console|faults [--seed N] [--minutes N] [--quick]`, or `faults --judge FILE … | --mutants`. */
export function readSoakOptions(args: readonly string[], say: (line: string) => void) {
  const options = {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '60' },
    quick: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    judge: { type: 'string', multiple: true, default: [] as string[] },
  } as const
  const { values, positionals } = parsed(() => parseArgs({ args: [...args], options, allowPositionals: true }))
  const subject = soakSubjects.find((name) => name === positionals[0])
  const [seed, minutes] = [Number(values.seed), Number(values.minutes)]
  const isJudging = values.judge.length > 0
  const judged = isJudging ? [...values.judge, ...positionals.slice(1)] : []
  const isMisused = isJudging || values.mutants ? subject !== 'faults' : positionals.length > 1
  if (subject === undefined || isMisused || !Number.isSafeInteger(seed) || !(minutes > 0)) {
    throw new UsageError(
      'Say what to soak: session, balancer, console or faults [--seed N] [--minutes N] [--quick], or faults --judge FILE … | --mutants',
    )
  }
  return { subject, options: { quick: values.quick, seed, minutes, judged, mutants: values.mutants, say } } as const
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    // Node adds advice on words that begin with a dash, which nobody here wants to type.
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}
