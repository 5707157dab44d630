import { reportOf, type UpstreamReport } from '../admin/report.ts'
import type { Termination } from '../front/termination.ts'
import { Histogram } from '../pool/histogram.ts'
import { counterEntries } from '../pool/stats.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Measures } from './messages.ts'

const GAUGES = ['inFlight', 'maxInFlight', 'queued'] as const
const ADDED = counterEntries.flatMap(([name, { isPrimarys }]) => (isPrimarys ? [] : [name]))

/**
 * One upstream over all workers: counts are added, quantiles taken from the added histograms. Its state is the primary's,
 * but `ejected` when any worker's passive health has it so.
 */
export function mergeReports(upstream: Upstream, measures: readonly Measures[]): UpstreamReport {
  const reports = measures.flatMap((measured) => measured.reports.filter((report) => report.name === upstream.name))
  // What the primary knows itself: membership, state and checks.
  const merged = reportOf(upstream, 0)
  for (const column of [...GAUGES, ...ADDED]) merged[column] = 0
  for (const report of reports) for (const column of [...GAUGES, ...ADDED]) merged[column] += report[column]
  const ejected = reports.find((report) => report.state === 'ejected')
  if (merged.state === 'up' && ejected) {
    merged.state = 'ejected'
    merged.lastReason = ejected.lastReason
  }
  const latency = mergeLatency(upstream.name, measures)
  return { ...merged, p50: latency.quantile(0.5), p95: latency.quantile(0.95), p99: latency.quantile(0.99) }
}

/** An upstream's latencies over all workers. */
export function mergeLatency(name: string, measures: readonly Measures[]): Histogram {
  const histogram = new Histogram()
  for (const { latencies } of measures) addTo(histogram, latencies[name])
  return histogram
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

const IDLE = { active: 0, waiting: 0, connections: 0 }

/** What workers have to do now, all together. */
export const mergeLoad = (measures: readonly Measures[]): Measures['load'] =>
  measures.reduce(
    (sum, { load }) => ({
      active: sum.active + load.active,
      waiting: sum.waiting + load.waiting,
      connections: sum.connections + load.connections,
    }),
    IDLE,
  )

/** What workers that have ended counted: sums go on from there, so that no counter ever falls. */
export class Retired {
  #sum: Measures = { reports: [], latencies: {}, terminations: [], load: IDLE }

  get measures(): Measures {
    return this.#sum
  }

  add(last: Measures): void {
    const both = [this.#sum, last]
    const names = new Set(both.flatMap(({ reports }) => reports.map(({ name }) => name)))
    this.#sum = {
      reports: [...names].map((name) =>
        countersOf(both.flatMap(({ reports }) => reports.filter((r) => r.name === name))),
      ),
      latencies: Object.fromEntries([...names].map((name) => [name, packed(mergeLatency(name, both))])),
      terminations: [...mergeTerminations(both)],
      load: IDLE,
    }
  }

  /** Another upstream of that name begins at 0. */
  forget(name: string): void {
    const { [name]: _, ...latencies } = this.#sum.latencies
    this.#sum = { ...this.#sum, reports: this.#sum.reports.filter((report) => report.name !== name), latencies }
  }
}

// Nothing is in flight on a worker that has ended, and it ejects nobody.
function countersOf(reports: readonly UpstreamReport[]): UpstreamReport {
  const sum: UpstreamReport = { ...(reports[0] as UpstreamReport), state: 'up', inFlight: 0, maxInFlight: 0, queued: 0 }
  for (const column of ADDED) sum[column] = reports.reduce((total, report) => total + report[column], 0)
  return sum
}

/** A histogram fit to be sent: its filled buckets, index and count in turn. */
export function packed({ counts, count, sum }: Histogram): Measures['latencies'][string] {
  const buckets: number[] = []
  counts.forEach((filled, i) => {
    if (filled > 0) buckets.push(i, filled)
  })
  return { buckets, count, sum }
}
