import { expect, test } from 'vitest'
import { announced, passedTrailers } from './trailers.ts'

test('trailers that frame, route, authenticate or that nobody could write are left out, the others stay as they are', () => {
  const raw = [
    'X-Sum',
    '1',
    'HOST',
    'x',
    'X-Sum',
    '2',
    'X-Del',
    'a\x7fb',
    'Set-Cookie',
    'a=1',
    'ETag',
    '"x"',
    'X-Hop',
    '1',
  ]
  expect(passedTrailers(raw, 'close, X-Hop')).toEqual(['X-Sum', '1', 'X-Sum', '2', 'ETag', '"x"'])
})

test('only what may follow is announced; nothing when nothing is left', () => {
  expect(announced('X-Sum,Host , ,Server-Timing', undefined)).toBe('X-Sum, Server-Timing')
  expect(announced('X-Sum', 'x-sum')).toBeUndefined()
})
