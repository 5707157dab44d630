import { parseArgs } from 'node:util'
import { UsageError } from '../options.ts'
import { MissingProgramError } from '../peers/program.ts'
import { type Result, saveResult } from '../report/result.ts'

/** How a long run runs. */
export interface SoakOptions {
  /** Proves that the harness runs end to end; nothing is judged or written. */
  readonly quick: boolean
  readonly seed: number
  /** Progress, one line at a time. */
  readonly say: (line: string) => void
}

/** What a long run found. */
export interface SoakOutcome extends Result {
  readonly failed: readonly string[]
}

/** What `npm run soak` does with its arguments; the exit code: 0 all well, 1 it could not run, 2 a figure is missed. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { subject, options } = readSoakOptions(args, (line) => console.error(line))
    const outcome =
      subject === 'session'
        ? await (await import('./session.ts')).soakSession(options)
        : await (await import('./balancer.ts')).soakBalancer(options)
    console.log(outcome.text)
    if (options.quick) return 0
    await saveResult(`soak-${subject}`, outcome)
    for (const name of outcome.failed) console.error(`Missed: ${name}`)
    return outcome.failed.length > 0 ? 2 : 0
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof MissingProgramError)) throw error
    console.error(error.message)
    return 1
  }
}

/** Reads `session|balancer [--seed N] [--quick]`. */
export function readSoakOptions(args: readonly string[], say: (line: string) => void) {
  const options = { seed: { type: 'string', default: '1' }, quick: { type: 'boolean', default: false } } as const
  const { values, positionals } = parsed(() => parseArgs({ args: [...args], options, allowPositionals: true }))
  const [subject, ...more] = positionals
  const seed = Number(values.seed)
  if ((subject !== 'session' && subject !== 'balancer') || more.length > 0 || !Number.isSafeInteger(seed)) {
    throw new UsageError('Say what to soak: session or balancer [--seed N] [--quick]')
  }
  return { subject, options: { quick: values.quick, seed, say } } as const
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
