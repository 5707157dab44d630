import { Histogram } from './histogram.ts'

/** What is told of a counter. */
interface CounterInfo {
  /** Its metric is `balancer_upstream_<metric>_total`. */
  readonly metric: string
  /** The status class, where one metric has several counters. */
  readonly statusClass?: string
  readonly help: string
  /** Counted by the primary for all workers; the others are added up. */
  readonly isPrimarys?: true
}

const ANSWERS = { metric: 'responses', help: 'Answers by status class.' }

/** Every counter of an upstream: report, metrics and the sum over workers are made from this list. */
export const counters = {
  requests: { metric: 'requests', help: 'Attempts sent to it.' },
  bytesIn: { metric: 'received_bytes', help: 'Bytes of bodies sent to it by clients.' },
  bytesOut: { metric: 'sent_bytes', help: 'Bytes of bodies sent to clients from it.' },
  status2xx: { ...ANSWERS, statusClass: '2xx' },
  status3xx: { ...ANSWERS, statusClass: '3xx' },
  status4xx: { ...ANSWERS, statusClass: '4xx' },
  status5xx: { ...ANSWERS, statusClass: '5xx' },
  connectErrors: { metric: 'connect_errors', help: 'Connections that could not be made.' },
  responseErrors: { metric: 'response_errors', help: 'Answers that failed: died, timed out, or broke off.' },
  retries: { metric: 'retries', help: 'Requests sent to it again, since a kept-alive connection was stale.' },
  redispatches: { metric: 'redispatches', help: 'Requests that went elsewhere although sent or pinned here.' },
  passedOver: {
    metric: 'answers_passed_over',
    help: 'Its answers (502, 503, 504) given up for those of another upstream.',
  },
  expired: { metric: 'expired_connections', help: 'Kept connections to it that were closed for their age.' },
  clientAborts: { metric: 'client_aborts', help: 'Clients that left while it worked.' },
  checkFailures: { metric: 'check_failures', help: 'Failed active checks.', isPrimarys: true },
  downs: { metric: 'downs', help: 'How often active checks took it out.', isPrimarys: true },
  ejections: { metric: 'ejections', help: 'Passive ejections.' },
} as const satisfies Record<string, CounterInfo>

/** A counter's name. */
export type CounterName = keyof typeof counters

/** The counters' values. */
export type Counters = Record<CounterName, number>

/** All counters with what is told of them. */
export const counterEntries = Object.entries(counters) as [CounterName, CounterInfo][]

/** All counters, by `value`. */
export const countersBy = (value: (name: CounterName) => number): Counters =>
  Object.fromEntries(counterEntries.map(([name]) => [name, value(name)])) as Counters

/** Counts of one upstream, in the sense of HAProxy's stats page. Plain numbers: read them whenever you like. */
export interface UpstreamStats extends Counters {
  maxInFlight: number
  /** Time from sending to the response's headers, ms. */
  readonly latency: Histogram
}

/** Counts that begin at 0. */
export const upstreamStats = (): UpstreamStats => ({
  ...countersBy(() => 0),
  maxInFlight: 0,
  latency: new Histogram(),
})

/** Counts an answer by its class. */
export function countStatus(stats: UpstreamStats, status: number): void {
  if (status < 300) stats.status2xx++
  else if (status < 400) stats.status3xx++
  else if (status < 500) stats.status4xx++
  else stats.status5xx++
}
