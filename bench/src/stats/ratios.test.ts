import { expect, test } from 'vitest'
import { ratios } from './ratios.ts'

test('ratios are taken round by round and refuse rounds of two runs', () => {
  expect(ratios([2, 9], [1, 3])).toEqual([2, 3])
  expect(() => ratios([1], [1, 2])).toThrow(RangeError)
})
