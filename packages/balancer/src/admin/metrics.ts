import type { Histogram } from '../pool/histogram.ts'
import { counterEntries } from '../pool/stats.ts'
import type { Totals } from '../pool/totals.ts'
import { type Buckets, family, histograms, labelled, type Sample } from './prometheus.ts'
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

/** Everything as Prometheus reads it (text format 0.0.4). */
export function metricsOf(reports: readonly UpstreamReport[], measured: Measured): string {
  const { totals, load, workers } = measured
  const lines: string[] = []
  const tell = (name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): void => {
    lines.push(...family(`balancer_${name}`, type, help, samples))
  }
  for (const [name, help, of] of GAUGES) {
    tell(
      `upstream_${name}`,
      'gauge',
      help,
      reports.map((report) => [labelled({ upstream: report.name }), of(report)]),
    )
  }
  for (const [metric, of] of Map.groupBy(counterEntries, ([, { metric }]) => metric)) {
    const samples = reports.flatMap((report) =>
      of.map(([name, { statusClass }]): Sample => {
        const labels = { upstream: report.name, ...(statusClass !== undefined && { class: statusClass }) }
        return [labelled(labels), report[name]]
      }),
    )
    tell(`upstream_${metric}_total`, 'counter', of[0]?.[1].help ?? '', samples)
  }
  const times = reports.map(({ name }) => [labelled({ upstream: name }), buckets(measured.latency(name))] as const)
  lines.push(...histograms('balancer_upstream_latency_seconds', 'From sending to the headers of the answer.', times))
  const ends = [...totals.byTermination].map(([termination, count]): Sample => [labelled({ termination }), count])
  tell('requests_total', 'counter', 'Requests by how they ended.', ends)
  tell('active', 'gauge', 'Requests and tunnels in progress.', [['', load.active]])
  tell('connections', 'gauge', 'Clients’ connections.', [['', load.connections]])
  tell('queued', 'gauge', 'Requests that wait for a place.', [['', load.waiting]])
  if (workers) {
    tell('workers', 'gauge', 'Workers that listen.', [['', workers.running]])
    tell('workers_lost_total', 'counter', 'Workers that ended unasked and were replaced.', [['', workers.lost]])
  }
  return `${lines.join('\n')}\n`
}

function buckets(latency: Histogram): Buckets {
  const upTo = EDGES.map((edge) => [edge, latency.countUpTo(edge * 1000)] as const)
  return { upTo, count: latency.count, sum: latency.sum / 1000 }
}
