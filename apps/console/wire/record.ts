import type { Mode, Outcome } from '@session-cluster/contract'
import type { UserAction } from '@session-cluster/visitor'

/** A lane is named by its mode: there is at most one of each. */
export type LaneId = Mode

/** One sentence of a why line: an i18n key without its `why.` and what to fill in. */
export interface WhyStep {
  readonly key: string
  readonly values?: Readonly<Record<string, string | number>>
  /** The step at which things went wrong. */
  readonly bad?: boolean
  /** The balancer's own words, in English, shown as they came. */
  readonly raw?: string
}

/** One of the balancer's decisions for a request. */
export interface Hop {
  readonly upstream: string
  readonly attempt: number
  readonly reason: string
}

/** What the node's session report said, ids masked. */
export interface SessionNote {
  readonly cookie: string
  readonly outcome: string
  readonly commit?: string
  readonly storeCommands: number
  readonly storeRoundTrips: number
  readonly storeMs: number
  /** Answered from the server's own memory, by a near cache: Redis was not asked. */
  readonly fromMemory?: boolean
}

/** One request as the console saw it from both ends: the user's answer, the balancer's events and the node's event. */
export interface RequestRecord {
  /** Counts up over all lanes; the number that the page calls "request 212". */
  readonly seq: number
  readonly lane: LaneId
  /** Absent for a request that someone else sent through the balancer. */
  readonly user?: string
  readonly action: UserAction
  /** The request line: method and target. Absent for a stranger's. */
  readonly line?: string
  /** The first line of an answer that brought something. */
  readonly said?: string
  /** Epoch ms at which it was sent. */
  readonly at: number
  readonly ms: number
  /** 0 when no answer came. */
  readonly status: number
  readonly node?: string
  /** It went to the node's own port, past the balancer. */
  readonly direct: boolean
  readonly hops: readonly Hop[]
  readonly outcome: Outcome
  readonly session?: SessionNote
  readonly why: readonly WhyStep[]
}

/** Something that happened to a part of a lane rather than to a request. */
export interface Notice {
  readonly seq: number
  readonly at: number
  readonly lane: LaneId
  /** An i18n key without its `notice.`. */
  readonly key: string
  readonly values?: Readonly<Record<string, string | number>>
  /** Worth a mark in the strip of the last requests. */
  readonly mark?: boolean
  readonly tone: 'good' | 'bad' | 'plain'
}
