import type { Totals } from '../totals.ts'
import type { UpstreamReport } from './report.ts'

/** What the metrics tell besides the upstreams' own numbers. */
export interface Measured {
  readonly totals: Pick<Totals, 'byTermination'>
  readonly load: { readonly active: number; readonly waiting: number }
}

type Column = readonly [name: string, type: 'counter' | 'gauge', help: string, of: (report: UpstreamReport) => number]

const COLUMNS: readonly Column[] = [
  ['upstream_up', 'gauge', 'Whether new clients are sent to it.', (r) => (r.state === 'up' ? 1 : 0)],
  ['upstream_weight', 'gauge', 'Its weight.', (r) => r.weight],
  ['upstream_in_flight', 'gauge', 'Requests on it now.', (r) => r.inFlight],
  ['upstream_requests_total', 'counter', 'Attempts sent to it.', (r) => r.requests],
  ['upstream_sent_bytes_total', 'counter', 'Bytes of bodies sent to clients from it.', (r) => r.bytesOut],
  ['upstream_connect_errors_total', 'counter', 'Connections that could not be made.', (r) => r.connectErrors],
  ['upstream_response_errors_total', 'counter', 'Answers that failed.', (r) => r.responseErrors],
  ['upstream_redispatches_total', 'counter', 'Requests sent elsewhere after it failed them.', (r) => r.redispatches],
  ['upstream_client_aborts_total', 'counter', 'Clients that left while it worked.', (r) => r.clientAborts],
  ['upstream_check_failures_total', 'counter', 'Failed active checks.', (r) => r.checkFailures],
  ['upstream_ejections_total', 'counter', 'Passive ejections.', (r) => r.ejections],
]

const CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const
const QUANTILES = [
  ['0.5', 'p50'],
  ['0.95', 'p95'],
  ['0.99', 'p99'],
] as const

/** Everything as Prometheus reads it (text format 0.0.4). */
export function metricsOf(reports: readonly UpstreamReport[], { totals, load }: Measured): string {
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
  const times = reports.flatMap((r) =>
    QUANTILES.map(([q, p]) => `{upstream="${r.name}",quantile="${q}"} ${r[p] / 1000}`),
  )
  const counts = reports.map(
    (r) => `_count{upstream="${r.name}"} ${r.status2xx + r.status3xx + r.status4xx + r.status5xx}`,
  )
  family('upstream_latency_seconds', 'summary', 'From sending to the headers of the answer.', [...times, ...counts])
  const ends = [...totals.byTermination].map(([termination, count]) => `{termination="${termination}"} ${count}`)
  family('requests_total', 'counter', 'Requests by how they ended.', ends)
  family('active', 'gauge', 'Requests and tunnels in progress.', [` ${load.active}`])
  family('queued', 'gauge', 'Requests that wait for a place.', [` ${load.waiting}`])
  return `${lines.join('\n')}\n`
}
