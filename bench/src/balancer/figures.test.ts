import { expect, test } from 'vitest'
import { fasterEngine, figuresFor } from './figures.ts'

const rounds = (httpProxy: number, undici: number) => ({
  'ours-http-proxy': { request: [httpProxy, httpProxy, 999] },
  'ours-undici': { request: [undici, 0, undici] },
})

test('the faster engine is the one with the smaller median', () => {
  expect(fasterEngine(rounds(200, 100))).toBe('ours-undici')
  expect(fasterEngine(rounds(100, 200))).toBe('ours-http-proxy')
})

test('the faster engine is held against nginx, Caddy and http-proxy; the http-proxy engine always against its library', () => {
  expect(figuresFor('ours-undici').map(({ contender, against }) => [contender, against])).toEqual([
    ['ours-undici', 'nginx'],
    ['ours-undici', 'caddy'],
    ['ours-undici', 'http-proxy'],
    ['ours-http-proxy', 'http-proxy'],
  ])
})
