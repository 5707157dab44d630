import { EventEmitter } from 'node:events'
import type { NodeEvent } from '@session-cluster/contract'

/** Sums over every request since the node started. */
export interface Totals {
  requests: number
  /** By first digit of the status: `2xx` … `5xx`. */
  statuses: Record<string, number>
  /** By what became of the session: `untouched`, `found`, `unknown` … */
  outcomes: Record<string, number>
  store: { commands: number; roundTrips: number; ms: number }
}

/** What a node has done and is doing. Emits `request` for each answered request but the probes. */
export class Activity extends EventEmitter<{ request: [NodeEvent] }> {
  /** Requests that were received and not yet answered, probes excluded. */
  inFlight = 0
  readonly startedAt: number
  readonly durations = new Histogram([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
  readonly totals: Totals = { requests: 0, statuses: {}, outcomes: {}, store: { commands: 0, roundTrips: 0, ms: 0 } }

  constructor(now: number = Date.now()) {
    super()
    this.startedAt = now
  }

  /** Counts a finished request and tells the listeners. */
  record(event: NodeEvent): void {
    const { totals } = this
    totals.requests += 1
    const digit = `${Math.floor(event.status / 100)}xx`
    totals.statuses[digit] = (totals.statuses[digit] ?? 0) + 1
    this.durations.observe(event.ms / 1000)
    if (event.session) {
      const { outcome, storeCommands, storeRoundTrips, storeMs } = event.session
      totals.outcomes[outcome] = (totals.outcomes[outcome] ?? 0) + 1
      totals.store.commands += storeCommands
      totals.store.roundTrips += storeRoundTrips
      totals.store.ms += storeMs
    }
    this.emit('request', event)
  }
}

/** Counts observations at or below each bound, as Prometheus' histograms do. */
export class Histogram {
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = bounds.map(() => 0)
  }

  observe(value: number): void {
    this.sum += value
    this.count += 1
    for (const [index, bound] of this.bounds.entries())
      if (value <= bound) this.counts[index] = (this.counts[index] ?? 0) + 1
  }
}
