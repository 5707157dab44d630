import type { Clock } from '../clock.ts'
import type { Engine } from '../engines/engine.ts'
import type { Events } from '../events.ts'
import type { Termination } from '../front/termination.ts'
import type { OutgoingOptions } from '../headers/outgoing.ts'
import type { TrustedProxies } from '../headers/peer.ts'
import type { PassiveHealth } from '../health/passive.ts'
import type { IntrusiveList, Member } from '../pool/intrusive-list.ts'
import type { RequestQueue } from '../pool/queue.ts'
import type { Totals } from '../pool/totals.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { RetryRules } from './retry.ts'
import type { Selection } from './select.ts'
import type { Stalls } from './stall.ts'
import type { UploadWatch } from './upload.ts'

/** One line of the access log. Durations are ms. Method and path are `-` for what never became a request. */
export interface AccessEntry {
  requestId: string
  at: number
  client: string
  method: string
  path: string
  httpVersion: string
  host: string | undefined
  upstream: string | undefined
  status: number
  termination: Termination
  /** The two letters of HAProxy's log for it. */
  flags: string
  attempts: number
  /** The upstreams that it was sent to in vain, each with what it met with there: `a connect`, `b died`, `c 503`. */
  tried: readonly string[]
  ms: number
  bytesIn: number
  bytesOut: number
  userAgent: string | undefined
}

/** A request or a tunnel that is not over. */
export interface InProgress extends Member {
  /** Whether the upstream is at work for it. */
  isOn(upstream: Upstream): boolean
  /** Ends it at once. */
  cut(): void
}

/** What every request and tunnel of one balancer works with. */
export interface Context extends Selection {
  readonly engine: Engine
  readonly clock: Clock
  readonly events: Events
  readonly trusted: TrustedProxies
  readonly outgoing: OutgoingOptions
  readonly passive: PassiveHealth
  readonly queue: RequestQueue
  readonly totals: Totals
  /** Watches those who do not take what is written for them. */
  readonly stalls: Stalls
  /** Watches those who do not send what they announced. */
  readonly uploads: UploadWatch
  readonly retry: RetryRules
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  /** The head of one answer. */
  readonly maxHeaderBytes: number
  /** Further upstreams tried when one cannot be reached or dies before it answers. */
  readonly retries: number
  readonly accessLog: ((entry: AccessEntry) => void) | undefined
  nextRequestId(): string
  /** Whether the balancer is on its way out and keeps no connection. */
  isClosing(): boolean
  /** The requests and tunnels in progress. */
  readonly active: IntrusiveList<InProgress>
}
