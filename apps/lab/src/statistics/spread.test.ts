import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { bootstrapInterval, median, quantile, slope } from './spread.ts'

describe('median', () => {
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

describe('bootstrapInterval', () => {
  const samples = [1, 1.1, 0.9, 1.05, 0.95]

  it('holds the median and stays within the samples', () => {
    const [low, high] = bootstrapInterval(samples, seededRandom(1, 'interval'))
    expect(low).toBeLessThanOrEqual(median(samples))
    expect(high).toBeGreaterThanOrEqual(median(samples))
    expect(low).toBeGreaterThanOrEqual(0.9)
    expect(high).toBeLessThanOrEqual(1.1)
  })

  it('is wider when it has to be surer', () => {
    const many = Array.from({ length: 40 }, (_, index) => index)
    const width = (confidence: number) => {
      const [low, high] = bootstrapInterval(many, seededRandom(1, 'interval'), confidence)
      return high - low
    }
    expect(width(0.99)).toBeGreaterThan(width(0.95))
  })

  it('is the same for the same stream of random numbers', () => {
    const once = bootstrapInterval(samples, seededRandom(7, 'interval'))
    expect(bootstrapInterval(samples, seededRandom(7, 'interval'))).toEqual(once)
  })

  it('is a point when all samples agree', () => {
    expect(bootstrapInterval([2, 2, 2], seededRandom(1, 'point'))).toEqual([2, 2])
  })
})
