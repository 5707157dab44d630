import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cookieValue, cookieValues, withoutCookie } from './cookies.ts'

test.each([
  ['A=1', '1'],
  ['B=2; A=1', '1'],
  ['BA=2;A=1', '1'],
  ['A=1; A=2', '1'],
  [' A=x=y ;B=1', 'x=y'],
  ['XA=1; AX=2', undefined],
  ['A', undefined],
  ['B="A=1"', undefined],
])('%j holds A as %j', (header, value) => {
  expect(cookieValue(header, 'A')).toBe(value)
})

test('all cookies of one name are found, in their order', () => {
  expect(cookieValues('A=1; BA=3; A=2 ;AA=4;A=', 'A')).toEqual(['1', '2', ''])
  expect(cookieValues('B=1', 'A')).toEqual([])
})

test.each([
  ['A=1', undefined],
  ['B=2; A=1; C=3', 'B=2; C=3'],
  ['A=1; A=2', undefined],
  ['AA=1; BA=2', 'AA=1; BA=2'],
  ['B=2', 'B=2'],
])('%j without A is %j', (header, rest) => {
  expect(withoutCookie(header, 'A')).toBe(rest)
})

test('what was taken out is not found any more, and nothing else is lost', () => {
  const name = fc.constantFrom('A', 'AA', 'B', 'XA', 'A_')
  const pair = fc.tuple(name, fc.stringMatching(/^[\w=%.-]{0,6}$/))
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 6 }), (pairs) => {
      const header = pairs.map(([name, value]) => `${name}=${value}`).join('; ')
      const rest = withoutCookie(header, 'A') ?? ''
      expect(cookieValue(rest, 'A')).toBeUndefined()
      for (const [name] of pairs) if (name !== 'A') expect(cookieValue(rest, name)).toBe(cookieValue(header, name))
    }),
  )
})
