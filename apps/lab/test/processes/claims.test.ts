import { expect, it } from 'vitest'
import { experiments } from '../../src/experiments/index.ts'
import { counts, runSmall } from './run-small.ts'

it.for(experiments.map((experiment) => [experiment.id, experiment] as const))(
  'every count of %s holds',
  async ([, experiment], { signal }) => {
    const { error, wrong, asked } = counts(await runSmall(experiment, signal))
    expect(error).toBeUndefined()
    expect(wrong).toEqual([])
    expect(asked).toBeGreaterThan(0)
  },
)
