import { expect, test } from 'vitest'
import { ofRuns, type Results, rowFaults, rowsOf } from './figures.ts'

const figure = (scenario: string, contender: string, against: string, verdict = 'met') => ({
  ...{ scenario, contender, against, ratio: { median: 0.5, low: 0.4, high: 0.6 }, verdict },
})
const results: Results = {
  figures: [
    figure('read', 'ours-redis', 'fs-redis'),
    figure('write', 'ours-redis', 'fs-redis'),
    figure('untouched', 'ours-redis', 'bare'),
    figure('read', 'ours-memory', 'bare', 'inconclusive'),
    figure('read', 'ours-redis', 'bare'),
    figure('write', 'ours-redis', 'bare'),
  ],
  rounds: { 'ours-redis': { read: [3, 3, 3] }, 'fs-redis-still': { read: [4, 4, 4] } },
}
const readme = (rows: string[]) => `<!-- bench -->\n| a | b | c |\n|---|---|---|\n${rows.join('\n')}\n<!-- /bench -->`

test('a row is made from the bench’s figure, or from its rounds where it judged none', () => {
  const rows = rowsOf('session', results)
  expect(rows[0]).toBe('| read from Redis | **0.50** [0.40–0.60] | @fastify/session + connect-redis, as they come |')
  expect(rows[1]).toContain('**0.75** [0.75–0.75]')
})

test('a row on which the bench came to no verdict says so', () => {
  expect(rowsOf('session', results)[4]).toContain('(inconclusive)')
})

test('accepts the rows that were measured, and names one that was not, is missing, or is one too many', () => {
  const rows = rowsOf('session', results)
  const wrong = '| read from Redis | **0.10** [0.05–0.15] | @fastify/session + connect-redis, as they come |'
  expect(rowFaults('README.md', readme(rows), rows)).toEqual([])
  expect(rowFaults('README.md', readme(rows.with(0, wrong)), rows)).toHaveLength(1)
  expect(rowFaults('README.md', readme(rows.slice(0, -1)), rows)).toHaveLength(1)
  expect(rowFaults('README.md', readme([...rows, wrong]), rows)).toHaveLength(1)
})

test('several runs are one: the median of the medians, the widest interval, a verdict where they agree', () => {
  const run = (median: number, verdict: string): Results => ({
    figures: [
      { ...figure('tiny × 32', 'ours-direct', 'nginx', verdict), ratio: { median, low: median - 1, high: median + 1 } },
    ],
    rounds: {},
  })
  const [one] = ofRuns([run(2, 'met'), run(5, 'met'), run(3, 'met')]).figures
  expect(one).toMatchObject({ ratio: { median: 3, low: 1, high: 6 }, verdict: 'met' })
  const [two] = ofRuns([run(2, 'met'), run(3, 'missed')]).figures
  expect(two).toMatchObject({ ratio: { median: 2.5 }, verdict: 'inconclusive' })
  expect(() => ofRuns([])).toThrow(/no saved run/)
})
