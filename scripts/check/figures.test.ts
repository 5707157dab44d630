import { expect, test } from 'vitest'
import { rowFaults, rowsOf } from './figures.ts'

const figure = (scenario: string, contender: string, against: string, median: number) => ({
  ...{ scenario, contender, against, ratio: { median, low: median - 0.1, high: median + 0.1 } },
})
const results = {
  session: [
    figure('read', 'ours-memory', 'fs-redis', 9),
    figure('read', 'ours-redis', 'fs-redis', 0.5),
    figure('write', 'ours-redis', 'fs-redis', 0.8),
    figure('untouched', 'ours-redis', 'bare', 1),
  ],
  balancer: ['nginx', 'caddy', 'http-proxy'].map((against) => figure('request', 'ours-direct', against, 2)),
}
const readme = (rows: string[]) => `<!-- bench -->\n| a | b | c |\n|---|---|---|\n${rows.join('\n')}\n<!-- /bench -->`

test('rows are made from the figures of the Redis store and the cheapest engine', () => {
  expect(rowsOf(results, 0)[0]).toBe(
    '| session library, read | **0.50** [0.40–0.60] | @fastify/session + connect-redis |',
  )
  expect(rowsOf(results, 1)).toHaveLength(6)
})

test('accepts the rows that were measured, and names one that was not, or is missing', () => {
  const rows = rowsOf(results, 0)
  expect(rowFaults('README.md', readme(rows), rows)).toEqual([])
  expect(
    rowFaults('README.md', readme(rows.with(3, '| load balancer | **1.00** [0.90–1.10] | nginx |')), rows),
  ).toHaveLength(1)
  expect(rowFaults('README.md', readme(rows.slice(0, -1)), rows)).toHaveLength(1)
})
