import { createHistogram } from 'node:perf_hooks'

/** Latencies in milliseconds, kept at three significant digits from 1 µs to 10 min. */
export interface Latencies {
  readonly count: number
  record(milliseconds: number): void
  /** The latency in milliseconds that `percent` (0 to 100) of the requests did not exceed. */
  percentile(percent: number): number
}

const percentiles = [50, 90, 95, 99, 99.9] as const

/** How many samples have to lie beyond a percentile for it to be more than the slowest few: 10,000 samples for a p99.9. */
const leastBeyond = 10

/** The percentiles that so many samples bear; the middle always. */
export const percentilesFor = (samples: number): readonly number[] =>
  percentiles.filter((percent) => percent === 50 || samples * (100 - percent) >= leastBeyond * 100 - 1e-6)

/** An HDR histogram of these latencies, in milliseconds: HdrHistogram_c, as it is built into Node (`perf_hooks.createHistogram`). */
export function latencies(all: readonly number[] = []): Latencies {
  const histogram = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })
  const recorded: Latencies = {
    get count() {
      return Number(histogram.count)
    },
    record: (milliseconds) => histogram.record(Math.max(1, Math.round(milliseconds * 1000))),
    percentile: (percent) => (histogram.count === 0 ? Number.NaN : histogram.percentile(percent) / 1000),
  }
  for (const milliseconds of all) recorded.record(milliseconds)
  return recorded
}
