import { UsageError } from '../options.ts'
import { MissingProgramError } from '../peers/program.ts'
import { saveResult } from '../report/result.ts'
import { readSoakOptions, type SoakOptions, type SoakOutcome, type SoakSubject } from './soak.ts'

/** Each soak is loaded when it is asked for: none needs what another one does. */
const soaks: Readonly<Record<SoakSubject, (options: SoakOptions) => Promise<SoakOutcome>>> = {
  session: async (options) => (await import('./session.ts')).soakSession(options),
  balancer: async (options) => (await import('./balancer.ts')).soakBalancer(options),
  console: async (options) => (await import('./console.ts')).soakConsole(options),
  faults: async (options) => (await import('./faults.ts')).soakFaults(options),
}

/** What `npm run soak` does with its arguments; the exit code: 0 all well, 1 it could not run, 2 a figure is missed. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { subject, options } = readSoakOptions(args, (line) => console.error(line))
    const outcome = await soaks[subject](options)
    console.log(outcome.text)
    const isLong = !options.quick && options.judged.length === 0
    if (isLong) await saveResult(outcome.name ?? `soak-${subject}`, outcome)
    // The short form of the others proves only that they run.
    if (options.quick && subject !== 'faults') return 0
    for (const name of outcome.failed) console.error(`Missed: ${name}`)
    return outcome.failed.length > 0 ? 2 : 0
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof MissingProgramError)) throw error
    console.error(error.message)
    return 1
  }
}
