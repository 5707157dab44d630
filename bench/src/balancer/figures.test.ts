import { expect, test } from 'vitest'
import { cheapestEngine, figuresFor } from './figures.ts'

const rounds = (direct: number, httpProxy: number) => ({
  'ours-direct': { request: [direct, direct, 999] },
  'ours-http-proxy': { request: [httpProxy, httpProxy, 999] },
})

test('the cheapest engine is the one with the smallest median', () => {
  expect(cheapestEngine(rounds(50, 100))).toBe('ours-direct')
  expect(cheapestEngine(rounds(300, 250))).toBe('ours-http-proxy')
})

test('the cheapest engine is held against nginx, Caddy and http-proxy; the http-proxy engine always against its library', () => {
  expect(figuresFor('ours-direct').map(({ contender, against }) => [contender, against])).toEqual([
    ['ours-direct', 'nginx'],
    ['ours-direct', 'caddy'],
    ['ours-direct', 'http-proxy'],
    ['ours-http-proxy', 'http-proxy'],
  ])
})
