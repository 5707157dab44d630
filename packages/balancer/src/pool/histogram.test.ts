import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from './histogram.ts'

test('a quantile is above the true one by at most a sixteenth', () => {
  const ms = fc.double({ min: 0.001, max: 10_000, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(ms, { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (all, q) => {
        const histogram = new Histogram()
        for (const value of all) histogram.record(value)
        const sorted = all.toSorted((one, other) => one - other)
        const exact = sorted[Math.ceil(q * sorted.length) - 1] ?? 0
        expect(histogram.quantile(q)).toBeGreaterThanOrEqual(exact - 0.001)
        expect(histogram.quantile(q)).toBeLessThanOrEqual(exact * (1 + 1 / 16) + 0.002)
      },
    ),
  )
})

test('added histograms count what both counted', () => {
  const [one, other] = [new Histogram(), new Histogram()]
  for (let i = 1; i <= 100; i++) (i % 2 ? one : other).record(i)
  one.merge(other)
  expect(one.count).toBe(100)
  expect(one.sum).toBe(5050)
  expect(Math.abs(one.quantile(0.5) - 50)).toBeLessThan(4)
})

test('nothing recorded is 0, and hours are no overflow', () => {
  const histogram = new Histogram()
  expect(histogram.quantile(0.99)).toBe(0)
  histogram.record(3 * 3_600_000)
  expect(histogram.quantile(0.99)).toBeGreaterThan(3_600_000)
})
