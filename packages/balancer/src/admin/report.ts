import type { Pool } from '../pool/pool.ts'
import type { Upstream, UpstreamState } from '../pool/upstream.ts'

/** One upstream as the admin API shows it: the columns of HAProxy's stats page. Durations are ms, times epoch ms. */
export interface UpstreamReport {
  name: string
  url: string
  state: UpstreamState
  weight: number
  inFlight: number
  maxInFlight: number
  /** Requests that wait for a place on it or on any. */
  queued: number
  requests: number
  bytesIn: number
  bytesOut: number
  status2xx: number
  status3xx: number
  status4xx: number
  status5xx: number
  connectErrors: number
  responseErrors: number
  retries: number
  redispatches: number
  clientAborts: number
  p50: number
  p95: number
  p99: number
  checkFailures: number
  downs: number
  ejections: number
  lastReason: string
  lastCheck: { at: number; ok: boolean; ms: number; detail: string } | null
}

/** Reports the upstream as it is now. */
export function reportOf(upstream: Upstream, queued: number): UpstreamReport {
  const { stats } = upstream
  return {
    ...{ name: upstream.name, url: upstream.url.origin, state: upstream.state, weight: upstream.weight },
    ...{ inFlight: upstream.inFlight, maxInFlight: stats.maxInFlight, queued, requests: stats.requests },
    ...{ bytesIn: stats.bytesIn, bytesOut: stats.bytesOut },
    ...{ status2xx: stats.status2xx, status3xx: stats.status3xx },
    ...{ status4xx: stats.status4xx, status5xx: stats.status5xx },
    ...{ connectErrors: stats.connectErrors, responseErrors: stats.responseErrors },
    ...{ retries: stats.retries, redispatches: stats.redispatches, clientAborts: stats.clientAborts },
    ...{ p50: stats.latency.quantile(0.5), p95: stats.latency.quantile(0.95), p99: stats.latency.quantile(0.99) },
    ...{ checkFailures: stats.checkFailures, downs: stats.downs, ejections: stats.ejections },
    ...{ lastReason: upstream.lastReason, lastCheck: upstream.lastCheck ?? null },
  }
}

/** Reports every upstream of the pool. */
export const reportsOf = (pool: Pool, queued: number): UpstreamReport[] =>
  pool.all.map((upstream) => reportOf(upstream, queued))
