import { integer, type Random, seededRandom } from './random.ts'

/** The middle value; the mean of the two middle ones when their number is even. `NaN` of nothing. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The value below which `share` (0 to 1) of the values lie, between neighbours in a straight line. `NaN` of nothing. */
export function quantile(values: readonly number[], share: number): number {
  return ofSorted(Float64Array.from(values).sort(), share)
}

function ofSorted(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1)
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}

/** The value at or below which `share` (0 to 1) of the values lie: one that was measured (nearest rank). `undefined` of nothing. */
export function percentile(values: readonly number[], share: number): number | undefined {
  return values.toSorted((one, other) => one - other)[Math.max(0, Math.ceil(values.length * share) - 1)]
}

/** A median with the range in which resampling finds it 95 times of 100. */
export interface Interval {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** How `bootstrapMedian` resamples. */
export interface BootstrapOptions {
  /** What the resampling draws from: the same stream gives the same interval. @default one of a fixed seed */
  readonly random?: Random
  /** How many resamples are drawn. @default 10000 */
  readonly resamples?: number
  /** Share of the resampled medians inside the interval. @default 0.95 */
  readonly confidence?: number
}

/**
 * The percentile bootstrap of the median (Efron 1979): draw as many values as there are, with replacement, many times,
 * and keep the middle 95 % of the medians. It assumes that the values are independent, and nothing about their distribution. With five
 * values it is their whole range, which is the honest answer. @throws RangeError of nothing
 */
export function bootstrapMedian(values: readonly number[], options: BootstrapOptions = {}): Interval {
  if (values.length === 0) throw new RangeError('The interval of no values is not defined.')
  const { random = seededRandom(1), resamples = 10_000, confidence = 0.95 } = options
  const sample = new Float64Array(values.length)
  const medians = new Float64Array(resamples)
  for (let draw = 0; draw < resamples; draw++) {
    for (let at = 0; at < sample.length; at++) sample[at] = values[integer(random, values.length)] as number
    medians[draw] = ofSorted(sample.sort(), 0.5)
  }
  medians.sort()
  const tail = (1 - confidence) / 2
  return { median: median(values), low: ofSorted(medians, tail), high: ofSorted(medians, 1 - tail) }
}

/** The straight line of least squares through the points: how much `y` grows when `x` grows by one. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

/** Each count's part of the whole, 0 to 1. All zero when there is nothing to share. */
export function shares(counts: readonly number[]): number[] {
  const total = sum(counts)
  return counts.map((count) => (total === 0 ? 0 : count / total))
}

/** The busiest over the mean: 1 is even, the number of nodes when one node does everything. `undefined` without traffic. */
export function maxOverMean(loads: readonly number[]): number | undefined {
  const total = sum(loads)
  return total === 0 ? undefined : (Math.max(...loads) * loads.length) / total
}

/** Jain's fairness index (Jain, Chiu, Hawe, 1984): 1 is even, 1/n when one of n has everything. `undefined` without traffic. */
export function jainIndex(loads: readonly number[]): number | undefined {
  const squares = sum(loads.map((load) => load ** 2))
  return squares === 0 ? undefined : sum(loads) ** 2 / (loads.length * squares)
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
