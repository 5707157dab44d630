import type { NamedEvent } from '../admin/control.ts'
import type { UpstreamReport } from '../admin/report.ts'
import type { Termination } from '../front/termination.ts'
import type { UpstreamMode, UpstreamOptions } from '../pool/upstream.ts'

/** What a worker is told; `list` comes once, before it listens. */
export type Order =
  | { do: 'list'; upstreams: Listed[] }
  | { do: 'add'; upstream: Listed }
  | { do: 'remove'; name: string; options: { force: boolean; timeoutMs?: number } }
  | { do: 'update'; name: string; change: { mode?: UpstreamMode; weight?: number } }
  | { do: 'health'; name: string; healthy: boolean; reason: string }
  | { do: 'measure' }
  | { do: 'tell'; events: boolean }
  | { do: 'tls' }
  | { do: 'close'; drainMs: number }

/** An upstream as a worker is told of it: as it is by then. */
export interface Listed {
  options: UpstreamOptions
  mode: UpstreamMode
  healthy: boolean
}

/** One worker's counts, fit to be added up. */
export interface Measures {
  reports: UpstreamReport[]
  /** By upstream: the histogram's filled buckets, index and count in turn, and its sum. */
  latencies: Record<string, { buckets: number[]; count: number; sum: number }>
  terminations: [Termination, number][]
  load: { readonly active: number; readonly waiting: number; readonly connections: number }
}

/** Primary to worker. */
export interface OrderMessage {
  balancer: 'order'
  id: number
  order: Order
}

/** Worker to primary. */
export type WorkerMessage =
  | { balancer: 'done'; id: number; result?: Measures; error?: string }
  | { balancer: 'event'; named: NamedEvent }
  | { balancer: 'listening'; url: string }
