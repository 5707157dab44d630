import type { Histogram } from '../pool/histogram.ts'
import { counterEntries } from '../pool/stats.ts'
import type { Totals } from '../pool/totals.ts'
import type { UpstreamReport } from './report.ts'

/** What the metrics tell besides the upstreams' own numbers. */
export interface Measured {
  readonly totals: Pick<Totals, 'byTermination'>
  readonly load: { readonly active: number; readonly waiting: number; readonly connections: number }
  /** From sending to the answer's headers, by the upstream's name. */
  latency(name: string): Histogram
  /** Where the work is shared out. */
  readonly workers?: { readonly running: number; readonly lost: number }
}

type Gauge = readonly [name: string, help: string, of: (report: UpstreamReport) => number]

const GAUGES: readonly Gauge[] = [
  ['up', 'Whether new clients are sent to it.', (r) => (r.state === 'up' ? 1 : 0)],
  ['weight', 'Its weight.', (r) => r.weight],
  ['in_flight', 'Requests on it now.', (r) => r.inFlight],
]

/** Upper edges of the latency's buckets, seconds; counts are exact to the histogram's 6 %. */
const EDGES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

function buckets(upstream: string, latency: Histogram): string[] {
  const label = `upstream="${upstream}"`
  return [
    ...EDGES.map((edge) => `_bucket{${label},le="${edge}"} ${latency.countUpTo(edge * 1000)}`),
    `_bucket{${label},le="+Inf"} ${latency.count}`,
    `_sum{${label}} ${latency.sum / 1000}`,
    `_count{${label}} ${latency.count}`,
  ]
}

const labels = (upstream: string, statusClass?: string): string =>
  `upstream="${upstream}"${statusClass === undefined ? '' : `,class="${statusClass}"`}`

/** Everything as Prometheus reads it (text format 0.0.4). */
export function metricsOf(reports: readonly UpstreamReport[], measured: Measured): string {
  const { totals, load, workers } = measured
  const lines: string[] = []
  const family = (name: string, type: string, help: string, samples: readonly string[]): void => {
    lines.push(`# HELP balancer_${name} ${help}`, `# TYPE balancer_${name} ${type}`)
    for (const sample of samples) lines.push(`balancer_${name}${sample}`)
  }
  for (const [name, help, of] of GAUGES) {
    const samples = reports.map((report) => `{upstream="${report.name}"} ${of(report)}`)
    family(`upstream_${name}`, 'gauge', help, samples)
  }
  for (const [metric, of] of Map.groupBy(counterEntries, ([, { metric }]) => metric)) {
    const samples = reports.flatMap((report) =>
      of.map(([name, { statusClass }]) => `{${labels(report.name, statusClass)}} ${report[name]}`),
    )
    family(`upstream_${metric}_total`, 'counter', of[0]?.[1].help ?? '', samples)
  }
  const times = reports.flatMap(({ name }) => buckets(name, measured.latency(name)))
  family('upstream_latency_seconds', 'histogram', 'From sending to the headers of the answer.', times)
  const ends = [...totals.byTermination].map(([termination, count]) => `{termination="${termination}"} ${count}`)
  family('requests_total', 'counter', 'Requests by how they ended.', ends)
  family('active', 'gauge', 'Requests and tunnels in progress.', [` ${load.active}`])
  family('connections', 'gauge', 'Clients’ connections.', [` ${load.connections}`])
  family('queued', 'gauge', 'Requests that wait for a place.', [` ${load.waiting}`])
  if (workers) {
    family('workers', 'gauge', 'Workers that listen.', [` ${workers.running}`])
    family('workers_lost_total', 'counter', 'Workers that ended unasked and were replaced.', [` ${workers.lost}`])
  }
  return `${lines.join('\n')}\n`
}
