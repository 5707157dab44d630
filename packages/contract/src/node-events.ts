import type { CodecName } from './codec.ts'
import type { Mode } from './mode.ts'

/** What became of the session in one request, as the node's session manager reports it. Ids are masked. */
export interface NodeSession {
  readonly cookie: string
  readonly maskedCookie?: string | undefined
  readonly outcome: string
  readonly commit?: string | undefined
  readonly storeCommands: number
  readonly storeRoundTrips: number
  readonly storeMs: number
  /** The session came out of the node's own memory, from a near cache. */
  readonly fromMemory?: boolean | undefined
}

/** One answered request: the `request` event of a node's `GET /events`. Carries no query, no cookie and no id. */
export interface NodeEvent {
  /** The balancer's id when it vouched for it, else the node's own; the answer carries the same in `X-Request-Id`. */
  readonly requestId: string
  /** When the answer was complete; epoch ms. */
  readonly at: number
  readonly node: string
  readonly method: string
  readonly path: string
  /** 499 when the client left before the answer was complete. */
  readonly status: number
  readonly ms: number
  /** `null` when the request never got as far as the session manager. */
  readonly session: NodeSession | null
}

/** What a node says of itself: its `GET /inspect`, as much of it as others read. */
export interface NodeInspection {
  readonly node: string
  readonly mode: Mode
  readonly pid: number
  readonly uptimeMs: number
  readonly heapBytes: number
  readonly sessionsHeld: number
  readonly store: { readonly commands: number }
  /** The session cookie's name. */
  readonly cookieName: string
  /** What the node's keys in Redis begin with. */
  readonly namespace: string
  /** How the node writes values. */
  readonly codec: CodecName
  /** How long a session lives that is not used, ms. */
  readonly idleTimeoutMs: number
  /** How long a session lives at all, ms; absent: without a bound. */
  readonly absoluteTimeoutMs?: number | undefined
}
