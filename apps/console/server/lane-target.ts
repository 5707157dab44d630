import type { Attempt, Connections } from '@session-cluster/visitor'

/** The lane as one of its users meets it. */
export interface LaneTarget {
  readonly balancerUrl: string
  readonly host: string
  readonly agent: Connections
  /** The session cookie's name, as the nodes say it. */
  readonly cookieName: string
  /** All nodes share the sessions: each may hold any. */
  readonly shared: boolean
  /** How long a session lives that is not used, and at all, ms; as the nodes say it. */
  readonly lifetime: { readonly idleMs: number; readonly absoluteMs: number }
  nodeUrl(name: string): string | undefined
  /** Hears of each answer to a user as soon as it has come: what is made of it may take a while. */
  answered?(attempt: Attempt): void
  /** Every node that may hold a session, with the number of times that its process was begun. */
  processes(): readonly { readonly name: string; readonly incarnation: number }[]
}
