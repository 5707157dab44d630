import { parseArgs } from 'node:util'
import { type Preset, presets } from './preset.ts'

/** What was typed after `npm run lab --`. */
export type Command =
  | { readonly name: 'list'; readonly json: boolean }
  | ({ readonly name: 'run'; readonly ids: readonly string[]; readonly json: boolean } & RunArguments)
  | { readonly name: 'report'; readonly from: string | undefined; readonly summary: string | undefined }
  | { readonly name: 'compare'; readonly reports: readonly [string, string] }
  | { readonly name: 'help' }

export interface RunArguments {
  readonly preset: Preset
  readonly seed: number
  readonly repeats: number | undefined
  readonly durationMs: number | undefined
  readonly out: string | undefined
}

/** The command line is wrong: the message says which part and what is allowed. */
export class UsageError extends Error {
  readonly code = 'LAB_USAGE'
}

/** The text of `npm run lab -- help`, for a terminal of 80 columns. */
export const usage = `Usage: npm run lab -- <command>

  list [--json]            the experiments, a line each
  run [ids …|all]          run them (default: all)
      --preset quick|full  quick: at most ten minutes on two cores (default);
                           full: larger and longer, 20 minutes, 6 GB of memory
      --seed N             whole number; the same seed gives the same verdicts
                           and counts (default 1)
      --repeat N           how often a ratio is taken, up to four times as
                           often while it stays open (default: 5 quick, 15 full)
      --duration SECONDS   a stretch of load (default: 2 quick, 10 full)
      --out DIR            where the report goes (default: .cache/lab/<time>)
      --json               print the report as JSON instead of a table
  report [DIR]             draw a run's report again (default: the latest)
      --summary DIR        also write its summary: Markdown and SVG files
  compare DIR DIR          exit 0 when two runs agree on verdicts and counts

Exit codes: 0 every claim holds · 1 a claim failed · 2 inconclusive ·
3 an experiment could not run · 130 stopped by Ctrl-C`

/** Reads the command line; throws `UsageError` when it makes no sense. */
export function readArguments(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv)
  const [name = 'help', ...rest] = positionals
  if (values.help || name === 'help') return { name: 'help' }
  if (name === 'list') return { name, json: values.json }
  if (name === 'report') return { name, from: rest[0], summary: values.summary }
  if (name === 'compare') {
    const [left, right] = rest
    if (left === undefined || right === undefined)
      throw new UsageError('compare needs two folders, each with a report.json')
    return { name, reports: [left, right] }
  }
  if (name !== 'run') throw new UsageError(`there is no command "${name}": list, run, report, compare, help`)
  return { name, ids: rest.length ? rest : ['all'], json: values.json, ...runArguments(values) }
}

function parse(argv: readonly string[]) {
  const string = { type: 'string' } as const
  const options = {
    help: { type: 'boolean', short: 'h', default: false },
    json: { type: 'boolean', default: false },
    preset: string,
    seed: string,
    repeat: string,
    duration: string,
    out: string,
    summary: string,
  } as const
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    // Its first sentence says what is wrong; the others explain option parsing.
    const [what] = (error instanceof Error ? error.message : String(error)).split('. ')
    throw new UsageError(what)
  }
}

function runArguments(values: ReturnType<typeof parse>['values']): RunArguments {
  const { preset = 'quick' } = values
  if (!isPreset(preset)) throw new UsageError(`--preset is "${preset}": allowed are ${presets.join(', ')}`)
  const seconds = number('--duration', values.duration, 0.1)
  return {
    preset,
    seed: number('--seed', values.seed, 0, true) ?? 1,
    repeats: number('--repeat', values.repeat, 1, true),
    durationMs: seconds === undefined ? undefined : seconds * 1000,
    out: values.out,
  }
}

const isPreset = (value: string): value is Preset => (presets as readonly string[]).includes(value)

function number(option: string, value: string | undefined, least: number, whole = false): number | undefined {
  if (value === undefined) return undefined
  const parsed = value.trim() === '' ? Number.NaN : Number(value)
  if (Number.isFinite(parsed) && parsed >= least && (!whole || Number.isSafeInteger(parsed))) return parsed
  throw new UsageError(`${option} is "${value}": allowed is a ${whole ? 'whole ' : ''}number from ${least}`)
}
