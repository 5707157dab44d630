import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { UsageError } from '../options.ts'
import { MissingProgramError } from '../peers/program.ts'

/** How a long run runs. */
export interface SoakOptions {
  /** Proves that the harness runs end to end; nothing is judged or written. */
  readonly quick: boolean
  readonly seed: number
  /** Progress, one line at a time. */
  readonly say: (line: string) => void
}

/** What a long run found. */
export interface SoakOutcome {
  readonly text: string
  readonly json: { readonly environment: object; readonly [part: string]: unknown }
  readonly failed: readonly string[]
}

const results = fileURLToPath(new URL('../../results', import.meta.url))

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
    await writeResult(`soak-${subject}`, outcome)
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

/** Keeps a result with its machine and date: the raw numbers as JSON, the tables as Markdown. */
export async function writeResult(name: string, { text, json }: Pick<SoakOutcome, 'text' | 'json'>): Promise<void> {
  await mkdir(results, { recursive: true })
  await writeFile(join(results, `${name}.json`), `${JSON.stringify(json, undefined, 1)}\n`)
  const machine = Object.entries(json.environment).map(([key, value]) => `- ${key}: ${JSON.stringify(value)}`)
  await writeFile(join(results, `${name}.md`), `# ${name}\n\n\`\`\`\n${text}\n\`\`\`\n\n${machine.join('\n')}\n`)
}
