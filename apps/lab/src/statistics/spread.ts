import { formatNumber } from '../language.ts'
import type { Random } from '../random.ts'

/** The middle value; the mean of the two middle ones when their number is even. `NaN` of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  const upper = sorted[middle] as number
  return sorted.length % 2 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** The value below which `share` (0 to 1) of the values lie, between neighbours in a straight line. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  const position = share * (sorted.length - 1)
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}

/** A number that was taken several times, for the reader: `12.3 (n = 5: 11.9 … 14)`, the median and the range of all. */
export function withSpread(values: readonly number[]): string {
  const range = [Math.min(...values), Math.max(...values)].map(formatNumber).join(' … ')
  return `${formatNumber(median(values))} (n = ${values.length}${values.length > 1 ? `: ${range}` : ''})`
}

/** Two ends of a range, low first. */
export type Interval = readonly [low: number, high: number]

const draws = 4000

/**
 * The percentile-bootstrap interval of the median (Efron & Tibshirani, 1993). With the same stream of random numbers it
 * is the same. With five samples it is their whole range, which is the honest answer.
 */
export function bootstrapInterval(samples: readonly number[], random: Random, confidence = 0.95): Interval {
  const medians = Array.from({ length: draws }, () =>
    median(samples.map(() => samples[Math.floor(random() * samples.length)] as number)),
  )
  const tail = (1 - confidence) / 2
  return [quantile(medians, tail), quantile(medians, 1 - tail)]
}

/** The straight line of least squares through the points: how much `y` grows when `x` grows by one. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
