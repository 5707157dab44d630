import type { Affinity } from './affinity/affinity.ts'
import { type CookieAffinityOptions, cookieAffinity } from './affinity/cookie.ts'
import type { Clock, Random } from './clock.ts'
import type { AccessEntry } from './context.ts'
import type { Engine, EngineTimeouts } from './engine.ts'
import { type EngineName, engines, isEngineName } from './engines/index.ts'
import type { FrontOptions } from './front.ts'
import type { ActiveOptions } from './health/active.ts'
import type { PassiveOptions } from './health/passive.ts'
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
  /** @default 'undici' */
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
