import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { environment } from '../measure/environment.ts'
import { table } from '../report/table.ts'
import type { SoakOptions, SoakOutcome } from './soak.ts'

const script = fileURLToPath(new URL('../../../apps/console/scripts/soak.ts', import.meta.url))

interface Figure {
  readonly name: string
  readonly found: string
  readonly bound: string
  readonly met: boolean
}

/** What the console's own soak says: its last line on stdout. */
interface Said {
  readonly browser: string
  readonly figures: readonly Figure[]
  readonly report: object
}

/** The console with three lanes and its page open in a real Chromium, for a minute of 200 requests a second. */
export async function soakConsole(options: SoakOptions): Promise<SoakOutcome> {
  const env = environment([])
  options.say('three lanes, their users and the page: a minute and a half')
  return outcomeOf(await run(options.quick ? 3 : 60), { ...env, versions: {} }, options.quick)
}

/** The figures as a table, and those that are missed by name; a quick run judges nothing. */
export function outcomeOf({ figures, report, browser }: Said, env: object, quick = false): SoakOutcome {
  const verdict = ({ met, bound }: Figure) => (quick || bound === 'printed' ? 'not judged' : met ? 'met' : 'missed')
  const rows = figures.map((figure) => [figure.name, figure.found, figure.bound, verdict(figure)])
  return {
    text: table(['figure', 'found', 'bound', 'verdict'], rows, [1]),
    json: { environment: { ...env, chromium: browser }, figures, report },
    failed: quick ? [] : figures.filter(({ met }) => !met).map(({ name }) => name),
  }
}

async function run(seconds: number): Promise<Said> {
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, SECONDS: String(seconds) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const last = said.trim().split('\n').at(-1) ?? ''
  if (code !== 0 && code !== 2) throw new Error(`the console's soak ended with code ${code}`)
  return JSON.parse(last) as Said
}
