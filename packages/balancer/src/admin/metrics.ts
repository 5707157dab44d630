import type { Histogram } from '../pool/histogram.ts'
import type { Totals } from '../pool/totals.ts'
import type { UpstreamReport } from './report.ts'

/** What the metrics tell besides the upstreams' own numbers. */
export interface Measured {
  readonly totals: Pick<Totals, 'byTermination'>
  readonly load: { readonly active: number; readonly waiting: number }
  /** From sending to the answer's headers, by the upstream's name. */
  latency(name: string): Histogram
  /** Where the work is shared out. */
  readonly workers?: { readonly running: number; readonly lost: number }
}

type Column = readonly [name: string, type: 'counter' | 'gauge', help: string, of: (report: UpstreamReport) => number]

const COLUMNS: readonly Column[] = [
  ['upstream_up', 'gauge', 'Whether new clients are sent to it.', (r) => (r.state === 'up' ? 1 : 0)],
  ['upstream_weight', 'gauge', 'Its weight.', (r) => r.weight],
  ['upstream_in_flight', 'gauge', 'Requests on it now.', (r) => r.inFlight],
  ['upstream_requests_total', 'counter', 'Attempts sent to it.', (r) => r.requests],
  ['upstream_received_bytes_total', 'counter', 'Bytes of bodies sent to it by clients.', (r) => r.bytesIn],
  ['upstream_sent_bytes_total', 'counter', 'Bytes of bodies sent to clients from it.', (r) => r.bytesOut],
  ['upstream_connect_errors_total', 'counter', 'Connections that could not be made.', (r) => r.connectErrors],
  ['upstream_response_errors_total', 'counter', 'Answers that failed.', (r) => r.responseErrors],
  ['upstream_retries_total', 'counter', 'Requests sent to it again, since a connection was stale.', (r) => r.retries],
  ['upstream_redispatches_total', 'counter', 'Requests sent elsewhere after it failed them.', (r) => r.redispatches],
  ['upstream_client_aborts_total', 'counter', 'Clients that left while it worked.', (r) => r.clientAborts],
  ['upstream_check_failures_total', 'counter', 'Failed active checks.', (r) => r.checkFailures],
  ['upstream_downs_total', 'counter', 'How often active checks took it out.', (r) => r.downs],
  ['upstream_ejections_total', 'counter', 'Passive ejections.', (r) => r.ejections],
]

const CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const
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

/** Everything as Prometheus reads it (text format 0.0.4). */
export function metricsOf(reports: readonly UpstreamReport[], measured: Measured): string {
  const { totals, load, workers } = measured
  const lines: string[] = []
  const family = (name: string, type: string, help: string, samples: readonly string[]): void => {
    lines.push(`# HELP balancer_${name} ${help}`, `# TYPE balancer_${name} ${type}`)
    for (const sample of samples) lines.push(`balancer_${name}${sample}`)
  }
  for (const [name, type, help, of] of COLUMNS) {
    family(
      name,
      type,
      help,
      reports.map((report) => `{upstream="${report.name}"} ${of(report)}`),
    )
  }
  const answers = reports.flatMap((r) => CLASSES.map((c) => `{upstream="${r.name}",class="${c}"} ${r[`status${c}`]}`))
  family('upstream_responses_total', 'counter', 'Answers by status class.', answers)
  const times = reports.flatMap(({ name }) => buckets(name, measured.latency(name)))
  family('upstream_latency_seconds', 'histogram', 'From sending to the headers of the answer.', times)
  const ends = [...totals.byTermination].map(([termination, count]) => `{termination="${termination}"} ${count}`)
  family('requests_total', 'counter', 'Requests by how they ended.', ends)
  family('active', 'gauge', 'Requests and tunnels in progress.', [` ${load.active}`])
  family('queued', 'gauge', 'Requests that wait for a place.', [` ${load.waiting}`])
  if (workers) {
    family('workers', 'gauge', 'Workers that listen.', [` ${workers.running}`])
    family('workers_lost_total', 'counter', 'Workers that ended unasked and were replaced.', [` ${workers.lost}`])
  }
  return `${lines.join('\n')}\n`
}
