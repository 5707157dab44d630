import type { Affinity } from './affinity/affinity.ts'
import { type CookieAffinityOptions, cookieAffinity } from './affinity/cookie.ts'
import type { Clock, Random } from './clock.ts'
import type { AccessEntry } from './context.ts'
import type { Engine, EngineTimeouts } from './engine.ts'
import { type EngineName, engines, isEngineName } from './engines/index.ts'
import type { FrontOptions } from './front.ts'
import type { ActiveOptions } from './health/active.ts'
import type { PassiveOptions } from './health/passive.ts'
import { checkNames, type Names } from './names.ts'
import type { ConsistentHashOptions } from './policies/consistent-hash.ts'
import { isPolicyName, type PolicyName, policies } from './policies/index.ts'
import type { Policy } from './policy.ts'
import type { UpstreamOptions } from './upstream.ts'

/** How a balancer is made. Only `upstreams` is needed. */
export interface BalancerOptions {
  upstreams: readonly UpstreamOptions[]
  /** A policy's name, or one of your own. @default 'round-robin' */
  policy?: PolicyName | Policy | undefined
  /** Keeps a client on the upstream that it used before. @default none */
  affinity?: CookieAffinityOptions | Affinity | undefined
  /** For the policy `consistent-hash`. */
  hash?: ConsistentHashOptions | undefined
  /** @default 'direct' */
  engine?: EngineName | undefined
  /** Active checks; `false` for none. */
  health?: ActiveOptions | false | undefined
  passive?: PassiveOptions | undefined
  /** A node that comes back gets its full share only after this long. @default 0 */
  slowStartMs?: number | undefined
  /** See {@link Pool}. @default 0.5 */
  panicThreshold?: number | undefined
  /** Requests at once on one upstream. @default Infinity */
  maxInFlight?: number | undefined
  /** Requests that may wait for a place. @default 1000 */
  queueLimit?: number | undefined
  /** How long one waits. @default 5000 */
  queueTimeoutMs?: number | undefined
  /** Further upstreams tried when one fails before it answers. @default 2 */
  retries?: number | undefined
  timeouts?: Partial<EngineTimeouts> | undefined
  front?: FrontOptions | undefined
  /** Whom to believe about who the client is: addresses, `address/bits`, `*`. @default nobody */
  trustProxy?: readonly string[] | undefined
  /** Sent to nodes as `X-Balancer-Token`. */
  token?: string | undefined
  /** Pseudonym for `Via`. @default none is sent */
  via?: string | undefined
  accessLog?: ((entry: AccessEntry) => void) | undefined
  clock?: Clock | undefined
  random?: Random | undefined
}

const NAMES: Names<Required<BalancerOptions>> = {
  upstreams: true,
  policy: true,
  affinity: true,
  hash: true,
  engine: true,
  health: true,
  passive: true,
  slowStartMs: true,
  panicThreshold: true,
  maxInFlight: true,
  queueLimit: true,
  queueTimeoutMs: true,
  retries: true,
  timeouts: true,
  front: true,
  trustProxy: true,
  token: true,
  via: true,
  accessLog: true,
  clock: true,
  random: true,
}

/** Refuses misspelt and missing options, each by its name. @throws TypeError */
export function checkOptions(options: BalancerOptions): void {
  checkNames<BalancerOptions>('createBalancer', options, NAMES)
  if (!Array.isArray(options.upstreams)) {
    throw new TypeError('createBalancer: upstreams must be an array of { name, url, weight? }; it may be empty')
  }
  const { health, passive, timeouts, front, trustProxy } = options
  if (health) checkNames('createBalancer', health, HEALTH, 'health')
  if (passive) checkNames('createBalancer', passive, PASSIVE, 'passive')
  if (timeouts) checkNames('createBalancer', timeouts, TIMEOUTS, 'timeouts')
  if (front) checkNames('createBalancer', front, FRONT, 'front')
  if (trustProxy !== undefined && !Array.isArray(trustProxy)) {
    throw new TypeError("createBalancer: trustProxy must be an array of addresses, 'address/bits' or '*'")
  }
}

const HEALTH: Names<Required<ActiveOptions>> = {
  path: true,
  intervalMs: true,
  timeoutMs: true,
  rise: true,
  fall: true,
  jitter: true,
}
const PASSIVE: Names<Required<PassiveOptions>> = { failures: true, halfLifeMs: true, ejectMs: true, maxEjectMs: true }
const TIMEOUTS: Names<EngineTimeouts> = { connectTimeoutMs: true, headersTimeoutMs: true, idleTimeoutMs: true }
const FRONT: Names<Required<FrontOptions>> = {
  headersTimeoutMs: true,
  requestTimeoutMs: true,
  keepAliveMs: true,
  maxHeaderBytes: true,
  tls: true,
}

/** The waits of an engine, with their defaults. */
export function timeoutsOf(given: Partial<EngineTimeouts> = {}): EngineTimeouts {
  return {
    connectTimeoutMs: given.connectTimeoutMs ?? 1000,
    headersTimeoutMs: given.headersTimeoutMs ?? 30_000,
    idleTimeoutMs: given.idleTimeoutMs ?? 60_000,
  }
}

/** The affinity that was asked for, made from its options if need be. */
export function affinityOf(given: BalancerOptions['affinity']): Affinity | undefined {
  return given === undefined || 'pinOf' in given ? given : cookieAffinity(given)
}

/** The policy of that name, or the one given. @throws TypeError on an unknown name */
export function policyOf({ policy = 'round-robin', hash }: BalancerOptions, random: Random): Policy {
  if (typeof policy === 'function') return policy
  if (isPolicyName(policy)) return policies[policy]({ random, hash })
  throw new TypeError(`policy: ${JSON.stringify(policy)} is not one of ${Object.keys(policies).join(', ')}`)
}

/** The engine of that name. @throws TypeError on an unknown name */
export function engineOf(name: string, timeouts: EngineTimeouts): Engine {
  if (isEngineName(name)) return engines[name](timeouts)
  throw new TypeError(`engine: ${JSON.stringify(name)} is not one of ${Object.keys(engines).join(', ')}`)
}
