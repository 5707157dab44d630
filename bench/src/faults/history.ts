/** What a client can do. `dead` asks with a cookie that a login or logout has ended. */
export const operations = ['set', 'get', 'count', 'counter', 'add', 'cart', 'login', 'logout', 'dead'] as const
export type Operation = (typeof operations)[number]

/** One request and its answer; times in ms since the run began. */
export interface Visit {
  readonly client: string
  /** Clients of a group share one cookie jar, as the tabs of a browser do. */
  readonly isShared: boolean
  readonly operation: Operation
  /** What was written, or the name that logged in. */
  readonly argument: string
  /** Who was asked: a node, or a balancer. */
  readonly where: string
  readonly sentAt: number
  readonly doneAt: number
  /** `0`: no answer. */
  readonly status: number
  readonly body: string
  readonly hasRetryAfter: boolean
  /** Whether the answer made a new session for a client that had, or thought to have, none. */
  readonly isFresh: boolean
}

/** A fault, from its beginning to its end, ms since the run began. */
export interface Fault {
  readonly fault: string
  readonly from: number
  readonly to: number
}

/** All that happened, as it is kept and judged: nothing that is not in here counts. */
export interface History {
  readonly seed: number
  readonly visits: readonly Visit[]
  readonly faults: readonly Fault[]
}
