import { describe, expect, it } from 'vitest'
import { type Random, seededRandom } from './random.ts'
import { bootstrapMedian, median, percentile, quantile, slope } from './statistics.ts'

describe('median', () => {
  it('sorts by value, not by text', () => expect(median([100, 9, 20])).toBe(20))
  it('is the middle value whatever the order', () => expect(median([9, 1, 5])).toBe(5))
  it('is the mean of the two middle values of an even number', () => expect(median([4, 1, 3, 2])).toBe(2.5))
  it('is not a number when there is nothing', () => expect(median([])).toBeNaN())
})

describe('quantile', () => {
  it('interpolates between neighbours', () => expect(quantile([0, 10], 0.25)).toBe(2.5))
  it('reaches both ends', () => expect([quantile([3, 1, 2], 0), quantile([3, 1, 2], 1)]).toEqual([1, 3]))
})

describe('slope', () => {
  it('is what one more x adds to y', () =>
    expect(
      slope([
        [0, 1],
        [5, 11],
        [20, 41],
      ]),
    ).toBe(2))
  it('is zero when y does not care', () =>
    expect(
      slope([
        [0, 3],
        [1, 3],
        [9, 3],
      ]),
    ).toBe(0))
})

/** A normal deviate from two uniform ones (Box–Muller). */
function noise(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

describe('bootstrapMedian', () => {
  const samples = [1, 1.1, 0.9, 1.05, 0.95]

  it('holds the median and stays within the samples', () => {
    const { low, high } = bootstrapMedian(samples)
    expect(low).toBeLessThanOrEqual(median(samples))
    expect(high).toBeGreaterThanOrEqual(median(samples))
    expect(low).toBeGreaterThanOrEqual(0.9)
    expect(high).toBeLessThanOrEqual(1.1)
  })

  it('is wider when it has to be surer, and narrows with more values', () => {
    const width = (values: readonly number[], confidence = 0.95) => {
      const { low, high } = bootstrapMedian(values, { confidence })
      return high - low
    }
    const random = seededRandom(5)
    const many = Array.from({ length: 240 }, () => 2 + 0.1 * noise(random))
    expect(width(many, 0.99)).toBeGreaterThan(width(many))
    expect(width(many)).toBeLessThan(width(many.slice(0, 15)))
  })

  it('is the same for the same stream of random numbers', () => {
    const once = bootstrapMedian(samples, { random: seededRandom(7) })
    expect(bootstrapMedian(samples, { random: seededRandom(7) })).toEqual(once)
  })

  it('is a point when all samples agree, and an error of none', () => {
    expect(bootstrapMedian([2, 2, 2])).toEqual({ median: 2, low: 2, high: 2 })
    expect(() => bootstrapMedian([])).toThrow(RangeError)
  })

  it('is moved little by one outlier', () => {
    const calm = [1, 1.01, 0.99, 1.02, 0.98, 1, 1.01, 0.99, 1, 1.02, 0.98, 1, 1, 1.01]
    const hit = bootstrapMedian([...calm, 9])
    expect(hit.median).toBeCloseTo(bootstrapMedian([...calm, 0.99]).median, 2)
    expect(hit.high).toBeLessThan(1.03)
  })

  it('holds the true median in 92 to 97 of 100 runs of 20 values', () => {
    const random = seededRandom(20)
    let held = 0
    for (let trial = 0; trial < 2000; trial++) {
      const { low, high } = bootstrapMedian(
        Array.from({ length: 20 }, () => 1 + 0.2 * noise(random)),
        { random: seededRandom(trial), resamples: 400 },
      )
      if (low <= 1 && 1 <= high) held++
    }
    expect(held / 2000).toBeGreaterThan(0.92)
    expect(held / 2000).toBeLessThan(0.97)
  })
})

describe('percentile', () => {
  it('is the nearest rank, and nothing of nothing', () => {
    expect(percentile([5, 1, 3], 0.5)).toBe(3)
    expect(percentile([5, 1, 3], 0.99)).toBe(5)
    expect(percentile([], 0.5)).toBeUndefined()
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect([0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 95, 99, 100])
  })
})
