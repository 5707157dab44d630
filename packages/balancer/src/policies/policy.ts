import type { Upstream } from '../pool/upstream.ts'

/** What of a request a policy may go by. */
export interface PickKey {
  readonly method: string
  /** The request target as it came, query included. */
  readonly path: string
  /** The client's address: the peer's, or what trusted proxies say it is. */
  readonly address: string
  /** The value of one request header, by its lower-case name; several are joined as HTTP joins them. */
  header(name: string): string | undefined
}

/**
 * Picks one of the upstreams that may take a request now; `undefined` when there is none. It neither checks health nor
 * counts: the pool has filtered, and the engine acts.
 */
export type Policy = (available: readonly Upstream[], request: PickKey) => Upstream | undefined
