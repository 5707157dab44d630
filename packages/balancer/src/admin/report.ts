import type { Pool } from '../pool/pool.ts'
import { type Counters, countersBy } from '../pool/stats.ts'
import type { Upstream, UpstreamState } from '../pool/upstream.ts'

/** One upstream as the admin API shows it: the columns of HAProxy's stats page. Durations are ms, times epoch ms. */
export interface UpstreamReport extends Counters {
  name: string
  url: string
  state: UpstreamState
  weight: number
  inFlight: number
  maxInFlight: number
  /** Requests that wait for a place on it or on any. */
  queued: number
  p50: number
  p95: number
  p99: number
  lastReason: string
  lastCheck: { at: number; ok: boolean; ms: number; detail: string } | null
}

/** Reports the upstream as it is now. */
export function reportOf(upstream: Upstream, queued: number): UpstreamReport {
  const { name, url, state, weight, inFlight, stats, lastReason, lastCheck = null } = upstream
  const { maxInFlight, latency } = stats
  return {
    ...{ name, url: url.origin, state, weight, inFlight, maxInFlight, queued },
    ...countersBy((counter) => stats[counter]),
    ...{ p50: latency.quantile(0.5), p95: latency.quantile(0.95), p99: latency.quantile(0.99) },
    ...{ lastReason, lastCheck },
  }
}

/** Reports every upstream of the pool. */
export const reportsOf = (pool: Pool, queued: number): UpstreamReport[] =>
  pool.all.map((upstream) => reportOf(upstream, queued))
