import type { UpstreamReport } from '../admin/report.ts'
import { Histogram } from '../histogram.ts'
import type { Termination } from '../termination.ts'
import type { Upstream } from '../upstream.ts'
import type { Measures } from './messages.ts'

const SUMMED = [
  ...(['inFlight', 'queued', 'requests', 'bytesIn', 'bytesOut', 'status2xx', 'status3xx', 'status4xx'] as const),
  ...([
    'status5xx',
    'connectErrors',
    'responseErrors',
    'retries',
    'redispatches',
    'clientAborts',
    'ejections',
  ] as const),
] as const

/**
 * One upstream over all workers: counts are added, quantiles taken from the added histograms. Its state is the primary's,
 * but `ejected` when any worker's passive health has it so.
 */
export function mergeReports(upstream: Upstream, measures: readonly Measures[]): UpstreamReport {
  const reports = measures.flatMap((measured) => measured.reports.filter((report) => report.name === upstream.name))
  const merged = blank(upstream)
  for (const report of reports) for (const column of SUMMED) merged[column] += report[column]
  merged.maxInFlight = reports.reduce((most, report) => most + report.maxInFlight, 0)
  if (merged.state === 'up' && reports.some((report) => report.state === 'ejected')) merged.state = 'ejected'
  const latency = new Histogram()
  for (const { latencies } of measures) addTo(latency, latencies[upstream.name])
  return { ...merged, p50: latency.quantile(0.5), p95: latency.quantile(0.95), p99: latency.quantile(0.99) }
}

/** How requests ended, over all workers. */
export function mergeTerminations(measures: readonly Measures[]): Map<Termination, number> {
  const sum = new Map<Termination, number>()
  for (const { terminations } of measures) {
    for (const [name, count] of terminations) sum.set(name, (sum.get(name) ?? 0) + count)
  }
  return sum
}

function addTo(histogram: Histogram, latency: Measures['latencies'][string] | undefined): void {
  if (!latency) return
  for (let i = 0; i < latency.buckets.length; i += 2) {
    const index = latency.buckets[i] as number
    histogram.counts[index] = (histogram.counts[index] as number) + (latency.buckets[i + 1] as number)
  }
  histogram.count += latency.count
  histogram.sum += latency.sum
}

// What the primary knows itself: membership, state and checks.
function blank(upstream: Upstream): UpstreamReport {
  const { name, url, state, weight, stats, lastReason, lastCheck } = upstream
  return {
    ...{ name, url: url.origin, state, weight, inFlight: 0, maxInFlight: 0, queued: 0, requests: 0 },
    ...{ bytesIn: 0, bytesOut: 0, status2xx: 0, status3xx: 0, status4xx: 0, status5xx: 0 },
    ...{ connectErrors: 0, responseErrors: 0, retries: 0, redispatches: 0, clientAborts: 0, p50: 0, p95: 0, p99: 0 },
    ...{
      checkFailures: stats.checkFailures,
      downs: stats.downs,
      ejections: 0,
      lastReason,
      lastCheck: lastCheck ?? null,
    },
  }
}
