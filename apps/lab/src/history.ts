import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type Random, seededRandom } from '@session-cluster/visitor'
import type { Preset } from './preset.ts'
import { UsageError } from './usage-error.ts'

/** One line of a history: what was asked and answered, what a fault did, what was counted. `step` says which of them. */
export interface Row {
  readonly step: string
}

/** With what an experiment was run: all that its checker needs besides the rows. */
export interface Settings {
  readonly experiment: string
  readonly seed: number
  readonly preset: Preset
  readonly repeats: number
  readonly durationMs: number
  readonly patienceMs: number
}

/** What an experiment saw, complete: its verdict is a function of this and of nothing else. */
export interface History<Rows extends Row = Row> {
  readonly settings: Settings
  readonly rows: readonly Rows[]
  /** The rows of one step, in the order in which they were written. */
  of<Step extends Rows['step']>(step: Step): readonly Extract<Rows, { readonly step: Step }>[]
  /** The same stream of random numbers for the same seed and name. */
  random(name: string): Random
}

/** The rows of one step, whatever else a history holds: what the rig's readers ask for. */
export const rowsOf = <Of extends Row>({ rows }: Pick<History, 'rows'>, step: Of['step']): readonly Of[] =>
  rows.filter((row): row is Of => row.step === step)

/** A history of these rows. */
export function historyOf<Rows extends Row>(settings: Settings, rows: readonly Rows[]): History<Rows> {
  return {
    settings,
    rows,
    of: <Step extends Rows['step']>(step: Step) =>
      rows.filter((row): row is Extract<Rows, { readonly step: Step }> => row.step === step),
    random: (name) => seededRandom(settings.seed, `${settings.experiment}:${name}`),
  }
}

/** The first line of a stored history. */
export const header = (settings: Settings) => ({ history: 2, ...settings })

/** The last line of a history that came to its end: one without it was cut off. */
export const footer = { step: 'end' } as const

/** Reads a stored history, packed (`.gz`) or not; throws `UsageError`, in a line, for what is none or has no end. */
export function readHistory(path: string): History {
  let source: string
  try {
    const bytes = readFileSync(path)
    source = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  } catch (error) {
    throw new UsageError(`the history cannot be read: ${(error as Error).message}`)
  }
  return parseHistory(source, path)
}

/** As {@link readHistory}, of what was read already. */
export function parseHistory(source: string, path: string): History {
  let lines: Record<string, unknown>[]
  try {
    lines = source
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  } catch {
    throw new UsageError(`${path} is no history: a line of it is not JSON`)
  }
  const [first, ...rest] = lines
  if (first?.history !== 2) throw new UsageError(`${path} is no history of this lab`)
  if (rest.at(-1)?.step !== footer.step) throw new UsageError(`${path} has no end: the experiment did not finish`)
  const { history: _, ...settings } = first
  return historyOf(settings as unknown as Settings, rest.slice(0, -1) as unknown as Row[])
}
