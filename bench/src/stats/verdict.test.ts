import { expect, test } from 'vitest'
import { boundText, judge } from './verdict.ts'

const interval = (low: number, high: number) => ({ median: (low + high) / 2, low, high })

test('a figure is met when the whole interval lies within the bound, the bound included', () => {
  expect(judge(interval(1, 1.1), { atMost: 1.15 })).toBe('met')
  expect(judge(interval(1, 1.15), { atMost: 1.15 })).toBe('met')
})

test('a figure is missed only when the whole interval lies above the bound', () => {
  expect(judge(interval(1.16, 1.3), { atMost: 1.15 })).toBe('missed')
  expect(judge(interval(1.15, 1.3), { atMost: 1.15 })).toBe('inconclusive')
})

test('an interval across the bound is inconclusive, wherever its median lies', () => {
  expect(judge(interval(1.1, 1.2), { atMost: 1.15 })).toBe('inconclusive')
  expect(judge(interval(1.0, 1.16), { atMost: 1.15 })).toBe('inconclusive')
})

test('"below" does not allow the bound itself', () => {
  expect(judge(interval(0.8, 1), { below: 1 })).toBe('inconclusive')
  expect(judge(interval(0.8, 0.99), { below: 1 })).toBe('met')
  expect(judge(interval(1, 1.2), { below: 1 })).toBe('missed')
})

test('bounds read as they are meant', () => {
  expect([boundText({ atMost: 1.9 }), boundText({ below: 1 })]).toEqual(['≤ 1.9', '< 1'])
})
