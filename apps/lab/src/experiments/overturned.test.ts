import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Experiment } from '../experiment.ts'
import { type History, historyOf, type Row, readHistory } from '../history.ts'
import { resultOf } from '../results.ts'
import { experiments } from './index.ts'

/** The histories and the verdicts of the committed run: `npm run lab -- report DIR --summary docs/report` writes them. */
const stored = (id: string) => fileURLToPath(new URL(`../../../../docs/report/raw/${id}.ndjson.gz`, import.meta.url))
const committedResults = JSON.parse(
  readFileSync(new URL('../../../../docs/report/results.json', import.meta.url), 'utf8'),
) as readonly { readonly id: string; readonly verdict: string; readonly headline: unknown }[]

type Fields = Row & Record<string, unknown>

/** What a cluster that does not keep its promise could have left in the place of a value; `at` is the row's place. */
function otherwise(value: unknown, at: number): unknown[] {
  if (typeof value === 'number') return [value * 10 + 1, 0, 503, 1_000_000, value * 1.5 ** at]
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'string') return ['', 'miss', 'found', 'error', 'no', 'changed', value.slice(1)]
  if (Array.isArray(value)) return [[], ['a'], value.map(() => 503), value.map(() => 200), value.map(() => 0)]
  if (typeof value !== 'object' || value === null) return []
  return [[], ['a']].map((each) => Object.fromEntries(Object.keys(value).map((key) => [key, each])))
}

/** The fields by which rows fall into a few parts (a side, a mode, a place), and what those are called. */
function partings(rows: readonly Fields[]): { readonly name: string; readonly values: readonly unknown[] }[] {
  return [...new Set(rows.flatMap(Object.keys))].flatMap((name) => {
    const values = [...new Set(rows.map((row) => row[name]))]
    const most = typeof values[0] === 'string' ? 8 : 4
    const isFew = values.length > 1 && values.length <= most && values.every((value) => typeof value !== 'object')
    return isFew && name !== 'step' ? [{ name, values }] : []
  })
}

/** The same rows with those that are in a part gone, or one field of theirs changed, one way after another. */
function* partChanged(rows: readonly Fields[], isIn: (row: Fields) => boolean): Generator<readonly Fields[]> {
  const those = rows.filter(isIn)
  yield rows.filter((row) => !isIn(row))
  for (const name of new Set(those.flatMap(Object.keys))) {
    if (name === 'step') continue
    const example = those.find((row) => row[name] !== undefined)?.[name]
    for (let which = 0; which < otherwise(example, 0).length; which++)
      yield rows.map((row, at) => (isIn(row) ? { ...row, [name]: otherwise(row[name], at)[which] ?? row[name] } : row))
  }
}

/** Histories that the experiment might have left on another cluster: first whole steps changed, then parts of them. */
function* changed(rows: readonly Fields[]): Generator<readonly Fields[]> {
  const steps = [...new Set(rows.map((row) => row.step))]
  for (const step of steps) yield* partChanged(rows, (row) => row.step === step)
  for (const step of steps) {
    const those = rows.filter((row) => row.step === step)
    for (const { name, values } of partings(those))
      for (const [index, value] of values.entries()) {
        const isIn = (row: Fields) => row.step === step && row[name] === value
        // As the other part was.
        const like = those.filter((row) => row[name] === values[(index + 1) % values.length])
        yield [...rows.filter((row) => !isIn(row)), ...like.map((row) => ({ ...row, [name]: value }))]
        yield* partChanged(rows, isIn)
      }
  }
}

/** The checks that hold, and that no change of the history turns: such a check says nothing. */
function neverOverturned(experiment: Experiment, { settings, rows }: History): string[] {
  const { checks } = experiment.judge(historyOf(settings, rows))
  const open = new Set(checks.filter(({ verdict }) => verdict === 'holds').map(({ question }) => question.en))
  for (const other of changed(rows as readonly Fields[])) {
    if (open.size === 0) break
    try {
      for (const { question, verdict } of experiment.judge(historyOf(settings, other)).checks)
        if (verdict === 'fails') open.delete(question.en)
    } catch {
      // No experiment could have written that.
    }
  }
  return [...open]
}

describe.each(experiments.map((experiment) => [experiment.id, experiment] as const))('%s', (id, experiment) => {
  it('is judged from its stored history as in the committed report', () => {
    expect(existsSync(stored(id))).toBe(true)
    const committed = committedResults.find((each) => each.id === id)
    const { verdict, headline } = resultOf(experiment, experiment.judge(readHistory(stored(id))), 0)
    expect({ verdict, headline }).toEqual({ verdict: committed?.verdict, headline: committed?.headline })
  })

  it('has no check that no other history overturns', () => {
    expect(neverOverturned(experiment, readHistory(stored(id)))).toEqual([])
  })
})
