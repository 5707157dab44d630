import { parseArgs } from 'node:util'
import { type Preset, presets } from './preset.ts'
import { type ProbeCommand, readProbe } from './probe/arguments.ts'
import { readSize, type SizeCommand } from './size/arguments.ts'
import { UsageError } from './usage-error.ts'

export { UsageError }

/** What was typed after `npm run lab --`. */
export type Command =
  | { readonly name: 'list'; readonly json: boolean }
  | ({ readonly name: 'run'; readonly ids: readonly string[]; readonly json: boolean } & RunArguments)
  | { readonly name: 'report'; readonly from: string | undefined; readonly summary: string | undefined }
  | { readonly name: 'judge'; readonly files: readonly string[]; readonly json: boolean }
  | { readonly name: 'compare'; readonly reports: readonly [string, string] }
  | ProbeCommand
  | SizeCommand
  | { readonly name: 'help' }

export interface RunArguments {
  readonly preset: Preset
  readonly seed: number
  readonly repeats: number | undefined
  readonly durationMs: number | undefined
  readonly out: string | undefined
  /** `broken`: each experiment on something that is wrong on purpose. */
  readonly against: 'broken' | undefined
}

/** The text of `npm run lab -- help`, for a terminal of 80 columns. */
export const usage = `Usage: npm run lab -- <command>

  list [--json]            the experiments, a line each
  run [ids …|all]          run them (default: all)
      --preset quick|full  quick: at most ten minutes on two cores (default);
                           full: larger and longer, 20 minutes, 6 GB of memory
      --seed N             whole number; the same seed gives the same verdicts
                           and counts (default 1)
      --repeat N           1 to 100: how often a ratio is taken, up to four
                           times as often while it stays open; with 1 it has
                           no verdict (default: 5 quick, 15 full)
      --duration SECONDS   0.1 to 600: a stretch of load (default: 2 quick,
                           10 full)
      --out DIR            where the report goes (default: .cache/lab/<time>)
      --against broken     on clusters that are wrong on purpose: every claim
                           should fail; the report of DIR tells
      --json               print the report as JSON instead of a table
  report [DIR]             judge and draw a run again (default: the latest)
      --summary DIR        also write its summary: Markdown and SVG files
  judge FILE …            the verdict again, from a stored history alone
                           (raw/<id>.ndjson of a run); also takes --json
  compare DIR DIR          exit 0 when two runs agree on verdicts and counts
  probe URL                the same questions put to a page of your own
                           application: at most 200 requests, nothing killed
      --server NAME        the header that names the server, or /pattern/ for
                           the body, whose first group is the name
      --cookie NAME        the session's cookie (default: the likeliest)
      --known PATTERN      what only the page of a known session holds
      --start "POST /path body"      starts a session, where the page does not
      --node URL           asks another server too; up to 8 times
      --login "POST /login user=a"   does the id change, does the old one die
      --logout "POST /logout"        does it end the session, on every server
      --increment "POST /count"      are writes at the same time lost
      --number PATTERN     where the counter stands in the answer
      --watch SECONDS      1 to 600: asks on while you restart a server
      --json, --html FILE  the whole history and findings; a page
      --judge FILE         judges a stored probe (--json) again, asks nothing
  size                     how many servers, balancers, Redises, from the
                           measured figures; what runs out first
      --users N --requests-per-second R   (sessions at the same time)
      --session-bytes B    in a session (500); --request-bytes B (10,000)
      --write-share S      of the requests, 0 to 1 (0.1); --app-us N: CPU of
                           the application for a request, µs (1000); --json

Exit codes: 0 every claim holds · 1 a claim failed · 2 inconclusive ·
3 an experiment could not run, or what was typed makes no sense ·
130 stopped by Ctrl-C. For probe: 0 nothing bad · 1 something bad · 2 a question
asked for stayed open · 3 it could not be asked · 130`

const folder = 'a folder; one that begins with - is written ./-…'
const options = {
  preset: presets.join(', '),
  seed: `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
  repeat: 'a whole number from 1 to 100',
  duration: 'a number of seconds from 0.1 to 600',
  out: folder,
  against: 'broken',
  summary: folder,
  json: undefined,
  help: undefined,
} as const satisfies Record<string, string | undefined>
type Option = keyof typeof options
type Values = { readonly [option in Option]?: string }

/** Which options each command takes, and how many arguments at most. */
const commands: Readonly<
  Record<Exclude<Command['name'], 'probe' | 'size'>, { readonly options: readonly Option[]; readonly most: number }>
> = {
  list: { options: ['json'], most: 0 },
  run: { options: ['preset', 'seed', 'repeat', 'duration', 'out', 'against', 'json'], most: Number.POSITIVE_INFINITY },
  report: { options: ['summary'], most: 1 },
  judge: { options: ['json'], most: Number.POSITIVE_INFINITY },
  compare: { options: [], most: 2 },
  help: { options: [], most: 0 },
}
const commandNames = [...Object.keys(commands), 'probe', 'size'].join(', ')

/** Reads the command line; throws `UsageError`, in a line, for whatever in it is wrong or would be left out. */
export function readArguments(argv: readonly string[]): Command {
  if (argv[0] === 'probe' && !argv.includes('--help') && !argv.includes('-h')) return readProbe(argv.slice(1))
  if (argv[0] === 'size' && !argv.includes('--help') && !argv.includes('-h')) return readSize(argv.slice(1))
  const { values, words } = parsed(argv)
  if (values.help !== undefined) return { name: 'help' }
  const [name, ...rest] = words
  if (name === undefined && argv.length === 0) return { name: 'help' }
  if (name === undefined || !isCommand(name)) {
    throw new UsageError(
      `${name === undefined ? 'a command is missing' : `there is no command "${name}"`}: ${commandNames}`,
    )
  }
  refuseTheSuperfluous(name, rest, values)
  switch (name) {
    case 'help':
      return { name }
    case 'list':
      return { name, json: values.json !== undefined }
    case 'run':
      return { name, ids: rest.length ? rest : ['all'], json: values.json !== undefined, ...runArguments(values) }
    case 'report':
      return { name, from: rest[0], summary: values.summary }
    case 'judge':
      if (rest.length === 0) throw new UsageError('judge needs a history: raw/<id>.ndjson of a run')
      return { name, files: rest, json: values.json !== undefined }
    case 'compare': {
      const [left, right] = rest
      if (left === undefined || right === undefined)
        throw new UsageError('compare needs two folders, each with a report.json')
      return { name, reports: [left, right] }
    }
  }
}

/** Options by name, each with its value; `''` for one that takes none. */
function parsed(argv: readonly string[]): { values: Values; words: readonly string[] } {
  const known = Object.entries(options).map(([name, allowed]) => [
    name,
    { type: allowed ? 'string' : 'boolean' } as const,
  ])
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...Object.fromEntries(known), help: { type: 'boolean', short: 'h' } },
    strict: false, // What is wrong is said below, in our words.
    tokens: true,
  })
  const values: Record<string, string> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    if (!isOption(name)) throw new UsageError(`there is no option ${rawName}`)
    if (name in values) throw new UsageError(`${rawName} is given twice`)
    const allowed = options[name]
    if (allowed === undefined && value !== undefined) throw new UsageError(`${rawName} takes no value`)
    if (allowed !== undefined && value === undefined)
      throw new UsageError(`${rawName} needs a value: allowed is ${allowed}`)
    if (allowed === folder && /^(-|$)/.test(value ?? '')) throw refused(name, value ?? '')
    values[name] = value ?? ''
  }
  return { values, words: tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : [])) }
}

function refuseTheSuperfluous(name: keyof typeof commands, rest: readonly string[], values: Values): void {
  const { options: allowed, most } = commands[name]
  const foreign = Object.keys(values).find((option) => !allowed.includes(option as Option))
  const list = allowed.map((option) => `--${option}`).join(', ') || 'none'
  if (foreign !== undefined) throw new UsageError(`${name} has no option --${foreign}: allowed is ${list}`)
  if (rest.length > most) throw new UsageError(`${name} has no use for "${rest[most]}": it takes ${amounts[most]}`)
  const empty = name === 'run' ? undefined : rest.find((word) => word === '')
  if (empty !== undefined) throw new UsageError(`${name} was given "": allowed is a folder`)
}

const amounts = ['no arguments', 'one folder', 'two folders']

function runArguments(values: Values): RunArguments {
  const { preset = 'quick' } = values
  if (!isPreset(preset)) throw refused('preset', preset)
  if (values.against !== undefined && values.against !== 'broken') throw refused('against', values.against)
  const seconds = decimal('duration', values.duration, /^\d+(\.\d+)?$/, [0.1, 600])
  return {
    preset,
    seed: decimal('seed', values.seed, /^\d+$/, [0, Number.MAX_SAFE_INTEGER]) ?? 1,
    repeats: decimal('repeat', values.repeat, /^\d+$/, [1, 100]),
    durationMs: seconds === undefined ? undefined : seconds * 1000,
    out: values.out,
    against: values.against === undefined ? undefined : 'broken',
  }
}

const isPreset = (value: string): value is Preset => (presets as readonly string[]).includes(value)
const isCommand = (name: string): name is keyof typeof commands => Object.hasOwn(commands, name)
const isOption = (name: string): name is Option => Object.hasOwn(options, name)

const refused = (option: Option, value: string) =>
  new UsageError(`--${option} is "${value}": allowed is ${options[option]}`)

function decimal(
  option: Option,
  value: string | undefined,
  shape: RegExp,
  [least, most]: readonly [number, number],
): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (!shape.test(value) || number < least || number > most) throw refused(option, value)
  return number
}
