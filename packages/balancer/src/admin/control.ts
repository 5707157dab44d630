import type { Balancer } from '../balancer.ts'
import type { BalancerEvents, EventName } from '../events.ts'
import { Histogram } from '../pool/histogram.ts'
import type { UpstreamMode, UpstreamOptions } from '../pool/upstream.ts'
import { type Measured, metricsOf } from './metrics.ts'
import { reportOf, reportsOf, type UpstreamReport } from './report.ts'

/** An event by name, as it goes over the wire. */
export type NamedEvent = { [N in EventName]: { name: N; event: BalancerEvents[N] } }[EventName]

/** What the admin API steers: one balancer, or the many of several workers as if they were one. */
export interface Control {
  list(): Promise<UpstreamReport[]>
  add(options: UpstreamOptions): Promise<UpstreamReport>
  remove(name: string, options: { force: boolean; timeoutMs?: number }): Promise<void>
  update(name: string, change: { mode?: UpstreamMode; weight?: number }): Promise<UpstreamReport>
  /** Tells every event from now on. @returns a function that stops it */
  subscribe(listener: (named: NamedEvent) => void): () => void
  /** Prometheus' text format, version 0.0.4. */
  metrics(): Promise<string>
  /** Whether a request would find somebody to take it. */
  isReady(): boolean
}

/** Steers a balancer of this process. */
export function controlOf(balancer: Balancer): Control {
  const queued = (): number => balancer.load.waiting
  return {
    list: async () => reportsOf(balancer.pool, queued()),
    add: async (options) => reportOf(await balancer.add(options), queued()),
    remove: (name, options) => balancer.remove(name, options),
    update: async (name, change) => reportOf(balancer.update(name, change), queued()),
    subscribe: (listener) => subscribe(balancer, listener),
    metrics: async () => metricsOf(reportsOf(balancer.pool, queued()), measuredOf(balancer)),
    isReady: () => !balancer.isClosing && hasSomebody(balancer),
  }
}

// Full is not away: whoever asks then waits for a place.
const hasSomebody = ({ pool }: Balancer): boolean => pool.available().length > 0 || pool.isSaturated()

function measuredOf({ pool, totals, load }: Balancer): Measured {
  return { totals, load, latency: (name) => pool.get(name)?.stats.latency ?? new Histogram() }
}

function subscribe(balancer: Balancer, listener: (named: NamedEvent) => void): () => void {
  const stops = [
    balancer.events.on('decision', (event) => listener({ name: 'decision', event })),
    balancer.events.on('done', (event) => listener({ name: 'done', event })),
    balancer.events.on('upstream', (event) => listener({ name: 'upstream', event })),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
