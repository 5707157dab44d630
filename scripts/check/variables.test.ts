import { expect, test } from 'vitest'
import { compare } from './variables.ts'

test('names a variable that is read but not listed, and one that is listed but not read', () => {
  const sides = { listed: new Set(['PORT', 'GONE']), read: new Set(['PORT', 'NEW']), composed: new Set(['PORT']) }
  expect(compare(sides)).toEqual(['.env.example does not list NEW', '.env.example lists GONE, which nothing reads'])
})

test('is content when both agree', () => {
  const all = new Set(['PORT'])
  expect(compare({ listed: all, read: all, composed: new Set() })).toEqual([])
})
