import type { Nodes, TlsToNode } from './nodes.ts'
import { upstreamStats } from './stats.ts'

/** What an operator wants of an upstream: take part, finish what is pinned there, or take nothing at all. */
export type UpstreamMode = 'ready' | 'drain' | 'maintenance'

/**
 * How an upstream stands, the strongest fact first: `leaving` (being removed), `maintenance`, `down` (active checks),
 * `ejected` (passive failures), `draining`, `up`.
 */
export type UpstreamState = 'up' | 'down' | 'ejected' | 'draining' | 'maintenance' | 'leaving'

/** How an upstream is given to the balancer. */
export interface UpstreamOptions {
  /** Unique within the pool: 1–64 of `A–Z a–z 0–9 _ . -`. */
  name: string
  /** `http://host:port` or `https://host:port`, without a path. */
  url: string | URL
  /** Share of new clients relative to the others, 0–1000; 0 takes none. @default 1 */
  weight?: number | undefined
}

/** Passive health: `in` service, `out` after too many failures, `trial` when one request may try it again. */
export type PassiveState = 'in' | 'out' | 'trial'

/** One node as the balancer sees it. The pool alone changes what decides whether it may take a request. */
export class Upstream {
  readonly name: string
  readonly url: URL
  /** Position in the order of adding; round robin goes by it. */
  readonly order: number
  readonly stats = upstreamStats()
  /** The `Host` that it is sent; `undefined` for the client's. */
  readonly host: string | undefined
  /** For TLS to it; `undefined` without. */
  readonly tls: TlsToNode | undefined
  weight: number
  mode: UpstreamMode = 'ready'
  /** The active checks' verdict; `undefined` while the first of one that was added is under way, true where nobody checks. */
  healthy: boolean | undefined = true
  passive: PassiveState = 'in'
  leaving = false
  /** Requests and tunnels that are on it now. */
  inFlight = 0
  /** Since when it ramps up, epoch ms; `undefined` when it does not. */
  warmingSince: number | undefined
  /** What the last change of state was for. */
  lastReason = ''
  lastCheck: { at: number; ok: boolean; ms: number; detail: string } | undefined

  constructor(options: UpstreamOptions, order: number, nodes?: Nodes) {
    this.name = options.name
    this.url = new URL(options.url)
    this.weight = options.weight ?? 1
    this.order = order
    this.host = nodes?.hostFor(this.url)
    this.tls = nodes?.tlsFor(this.url)
  }

  get state(): UpstreamState {
    if (this.leaving) return 'leaving'
    if (this.mode === 'maintenance') return 'maintenance'
    if (!this.healthy) return 'down'
    if (this.passive === 'out') return 'ejected'
    return this.mode === 'drain' ? 'draining' : 'up'
  }
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** Checks what came from outside. @throws TypeError that names the field, its value and what is allowed */
export function checkUpstream(options: UpstreamOptions): UpstreamOptions & { url: URL } {
  if (!NAME.test(String(options.name))) {
    throw new TypeError(`name: ${JSON.stringify(options.name)} is not 1–64 of A–Z a–z 0–9 _ . -`)
  }
  const url = URL.parse(String(options.url))
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`url: ${JSON.stringify(String(options.url))} is not http://host:port or https://host:port`)
  }
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    throw new TypeError(`url: ${JSON.stringify(String(options.url))} must have no path, query, fragment or credentials`)
  }
  if (options.weight !== undefined) checkWeight(options.weight)
  return { ...options, url }
}

/** @throws TypeError unless the weight is a whole number from 0 to 1000 */
export function checkWeight(weight: unknown): asserts weight is number {
  if (!Number.isInteger(weight) || (weight as number) < 0 || (weight as number) > 1000) {
    throw new TypeError(`weight: ${JSON.stringify(weight)} is not a whole number from 0 to 1000`)
  }
}
