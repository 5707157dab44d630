import { writeFile } from 'node:fs/promises'
import { type Outcome, readOptions, UsageError } from './options.ts'
import { MissingProgramError } from './peers/program.ts'
import { jsonText, nextRun, saveResult } from './report/result.ts'
import { WrongContenderError } from './wrong.ts'

/** What `npm run bench` does with its arguments; the exit code: 0 all well, 1 something is wrong, 2 a figure is missed. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { subject, options } = readOptions(args, (line) => console.error(line))
    const outcome =
      subject === 'session'
        ? await (await import('./session/bench.ts')).benchSession(options)
        : await (await import('./balancer/bench.ts')).benchBalancer(options)
    console.log(outcome.text)
    if (options.json) await writeFile(options.json, jsonText(outcome.json))
    if (options.save) await saveResult(subject === 'balancer' ? nextRun(subject) : subject, outcome)
    return report(outcome, options.quick)
  } catch (error) {
    const expected = [UsageError, MissingProgramError, WrongContenderError].some((kind) => error instanceof kind)
    if (!(error instanceof Error && expected)) throw error
    console.error(error.message)
    return 1
  }
}

function report({ wrong, missed }: Outcome, quick: boolean): number {
  for (const what of wrong) console.error(`Wrong: ${what}`)
  if (wrong.length > 0) return 1
  if (quick)
    console.error('Quick form: too few requests to say anything about CPU; correctness and counts were asserted.')
  else for (const name of missed) console.error(`Missed: ${name}`)
  return !quick && missed.length > 0 ? 2 : 0
}
