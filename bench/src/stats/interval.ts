import { seededRandom } from './random.ts'

/** A median with the range in which resampling the rounds finds it 95 times of 100. */
export interface Interval {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The middle value; the mean of the two middle ones when the count is even. Throws a `RangeError` on an empty list. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('The median of no values is not defined.')
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** How `bootstrapMedian` resamples. */
export interface BootstrapOptions {
  /** Seeds the resampling, so that one set of rounds always gives one interval. @default 1 */
  readonly seed?: number
  /** How many resamples are drawn. @default 10000 */
  readonly resamples?: number
  /** Share of the resampled medians inside the interval. @default 0.95 */
  readonly confidence?: number
}

/**
 * The percentile bootstrap of the median (Efron 1979): draw as many values as there are, with replacement, many times,
 * and keep the middle 95 % of the medians. It assumes that rounds are independent, and nothing about their distribution.
 */
export function bootstrapMedian(values: readonly number[], options: BootstrapOptions = {}): Interval {
  const { seed = 1, resamples = 10_000, confidence = 0.95 } = options
  const random = seededRandom(seed)
  const sample = new Float64Array(values.length)
  const medians = new Float64Array(resamples)
  for (let draw = 0; draw < resamples; draw++) {
    for (let at = 0; at < sample.length; at++) sample[at] = values[Math.floor(random() * values.length)] as number
    medians[draw] = median(sample as unknown as readonly number[])
  }
  medians.sort()
  const tail = (1 - confidence) / 2
  const at = (share: number) =>
    medians[Math.min(resamples - 1, Math.max(0, Math.round(share * (resamples - 1))))] as number
  return { median: median(values), low: at(tail), high: at(1 - tail) }
}

/** Round by round, `values` over `base`: what one round's machine did to both of them cancels out. */
export function ratios(values: readonly number[], base: readonly number[]): number[] {
  if (values.length !== base.length)
    throw new RangeError(`${values.length} rounds against ${base.length}: not one run.`)
  return values.map((value, round) => value / (base[round] as number))
}
