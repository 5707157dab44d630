import type { PickKey } from '../policies/policy.ts'
import type { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Step } from '../steps.ts'

/** What a request says about where its client was before. */
export interface Pin {
  /** The upstream that the client is pinned to, if the pool still knows it. */
  readonly upstream: Upstream | undefined
  /** How that was found out. */
  readonly step: Step
}

/** Remembers which upstream a client used before. It only says so: whether the client may go there is the pool's word. */
export interface Affinity {
  /** The cookie's name. */
  readonly name: string
  /** Where the client was before; `undefined` when the request says nothing at all. */
  pinOf(request: PickKey, pool: Pool): Pin | undefined
  /** The `Set-Cookie` value that pins the client to the upstream; `undefined` when that is not this affinity's way. */
  cookieFor(upstream: Upstream, secure: boolean): string | undefined
  /** The cookie that nodes must not see. */
  readonly hiddenCookie?: string | undefined
  /** When the pinned upstream cannot serve: pick another, or answer 503. */
  readonly whenUnavailable: 'redispatch' | 'strict'
}

/** @throws TypeError unless it is one of the two ways, or left out */
export function checkUnavailable(way: unknown): void {
  if (way === undefined || way === 'redispatch' || way === 'strict') return
  throw new TypeError(`affinity whenUnavailable: ${JSON.stringify(way)} is not redispatch or strict`)
}
