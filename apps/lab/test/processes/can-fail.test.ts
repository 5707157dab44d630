import { expect, it } from 'vitest'
import { broken } from '../../src/broken/index.ts'
import { experiments } from '../../src/experiments/index.ts'
import { counts, runSmall } from './run-small.ts'

/** Experiments of which only a ratio comes out wrong: one round gives no verdict on it, so the whole form has to show it. */
const byRatio = new Set(['C0'])

it('has something that is wrong for every experiment', () => {
  expect(Object.keys(broken)).toEqual(experiments.map(({ id }) => id))
})

it.for(
  experiments.filter(({ id }) => !byRatio.has(id)).map((each) => [each.id, broken[each.id]?.when.en, each] as const),
)('%s fails when %s', async ([, , experiment], { signal }) => {
  const result = await runSmall(experiment, signal, { durationMs: 300, broken })
  // A finding, not an error.
  expect(result.error).toBeUndefined()
  expect(counts(result).wrong).not.toEqual([])
  expect(result.verdict).toBe('fails')
})
