import { expect, test } from 'vitest'
import { bootstrapMedian, median, ratios } from './interval.ts'
import { seededRandom } from './random.ts'

/** A normal deviate from two uniform ones (Box–Muller). */
function noise(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

test('the median is the middle of an odd count and the mean of the two middles of an even one', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([7])).toBe(7)
})

test('the median of nothing is an error, not NaN', () => {
  expect(() => median([])).toThrow(RangeError)
})

test('the median sorts by value, not by text', () => {
  expect(median([100, 9, 20])).toBe(20)
})

test('one outlier moves the interval little', () => {
  const calm = bootstrapMedian([1, 1.01, 0.99, 1.02, 0.98, 1, 1.01, 0.99, 1, 1.02, 0.98, 1, 1, 1.01, 0.99])
  const hit = bootstrapMedian([1, 1.01, 0.99, 1.02, 0.98, 1, 1.01, 0.99, 1, 1.02, 0.98, 1, 1, 1.01, 9])
  expect(hit.median).toBeCloseTo(calm.median, 2)
  expect(hit.high).toBeLessThan(1.03)
})

test('the interval holds the median, is the same for the same seed, and narrows with more rounds', () => {
  const random = seededRandom(5)
  const few = Array.from({ length: 15 }, () => 2 + 0.1 * noise(random))
  const many = Array.from({ length: 240 }, () => 2 + 0.1 * noise(random))
  const first = bootstrapMedian(few, { seed: 11 })
  expect(bootstrapMedian(few, { seed: 11 })).toEqual(first)
  expect(first.low).toBeLessThanOrEqual(first.median)
  expect(first.high).toBeGreaterThanOrEqual(first.median)
  const second = bootstrapMedian(many, { seed: 11 })
  expect(second.high - second.low).toBeLessThan(first.high - first.low)
})

test('of the intervals of 20 rounds, 92 to 97 of 100 hold the true median', () => {
  const random = seededRandom(20)
  let held = 0
  for (let trial = 0; trial < 2000; trial++) {
    const { low, high } = bootstrapMedian(
      Array.from({ length: 20 }, () => 1 + 0.2 * noise(random)),
      { seed: trial, resamples: 400 },
    )
    if (low <= 1 && 1 <= high) held++
  }
  expect(held / 2000).toBeGreaterThan(0.92)
  expect(held / 2000).toBeLessThan(0.97)
})

test('ratios are taken round by round and refuse rounds of two runs', () => {
  expect(ratios([2, 9], [1, 3])).toEqual([2, 3])
  expect(() => ratios([1], [1, 2])).toThrow(RangeError)
})
