import { expect, test } from 'vitest'
import { cheapestEngine, figuresFor } from './figures.ts'
import { USUAL } from './scenarios.ts'

const rounds = (direct: number, httpProxy: number) => ({
  'ours-direct': { [USUAL]: [direct, direct, 999] },
  'ours-http-proxy': { [USUAL]: [httpProxy, httpProxy, 999] },
})

test('the cheapest engine is the one with the smallest median', () => {
  expect(cheapestEngine(rounds(50, 100))).toBe('ours-direct')
  expect(cheapestEngine(rounds(300, 250))).toBe('ours-http-proxy')
})

test('the cheapest engine is held against all peers as browsers ask, and the http-proxy engine against its library', () => {
  const figures = figuresFor('ours-direct').map(({ scenario, contender, against, bound }) => [
    scenario,
    contender,
    against,
    bound,
  ])
  expect(figures.slice(0, 3)).toEqual([
    [USUAL, 'ours-direct', 'nginx', { atMost: 2.2 }],
    [USUAL, 'ours-direct', 'haproxy', { atMost: 2.2 }],
    [USUAL, 'ours-direct', 'caddy', { atMost: 0.6 }],
  ])
  expect(figures).toContainEqual(['tiny × 32', 'ours-http-proxy', 'http-proxy', { atMost: 1.05 }])
})
