import { describe, expect, it } from 'vitest'
import { latencies, percentilesFor } from './histogram.ts'

describe('latencies', () => {
  it('keeps three digits from microseconds to minutes', () => {
    for (const milliseconds of [0.123, 4.56, 789, 123_000]) {
      const histogram = latencies()
      histogram.record(milliseconds)
      expect(histogram.percentile(50) / milliseconds).toBeCloseTo(1, 2)
    }
  })

  it('tells the middle from the tail', () => {
    const histogram = latencies()
    for (let index = 1; index <= 1000; index++) histogram.record(index > 990 ? 500 : 1)
    expect(histogram.count).toBe(1000)
    expect(histogram.percentile(50)).toBeCloseTo(1, 2)
    expect(histogram.percentile(99.9)).toBeCloseTo(500, -1)
  })

  it('has no percentiles before anything was recorded', () => expect(latencies().percentile(99)).toBeNaN())
})

describe('percentilesFor', () => {
  it.each([
    [5, [50]],
    [100, [50, 90]],
    [200, [50, 90, 95]],
    [1000, [50, 90, 95, 99]],
    [9999, [50, 90, 95, 99]],
    [10_000, [50, 90, 95, 99, 99.9]],
  ])('of %i samples shows no more than they bear', (samples, percentiles) =>
    expect(percentilesFor(samples)).toEqual(percentiles),
  )
})
