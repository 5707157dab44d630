import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { stickyKeeps } from '../../src/experiments/c2-sticky-keeps.ts'
import { clusteredSurvives } from '../../src/experiments/c5-clustered-survives.ts'
import { counts, runSmall } from './run-small.ts'

it('C2 fails when affinity is switched off', async ({ signal }) => {
  const result = await runSmall(stickyKeeps({ mode: 'local' }), signal)
  expect(result.error).toBeUndefined()
  expect(result.verdict).toBe('fails')
  const { wrong } = counts(result)
  expect(wrong.map((line) => line.split(':')[0])).toEqual([
    'users who saw no other node than the one that saved',
    'reads',
  ])
})

it('C5 fails when commits are dropped on their way to Redis', async ({ signal }) => {
  const dropCommits = fileURLToPath(new URL('drop-commits.ts', import.meta.url))
  const result = await runSmall(
    clusteredSurvives({ cluster: { nodeEnv: { NODE_OPTIONS: `--import=${dropCommits}` } } }),
    signal,
  )
  expect(result.error).toBeUndefined()
  expect(result.verdict).toBe('fails')
  expect(counts(result).wrong).toContain(
    'sessions lost after the crash, the arrival, the departure: 90 / 90 / 90, expected 0 / 0 / 0',
  )
})
