import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Affinity } from './affinity/affinity.ts'
import { type CookieAffinityOptions, cookieAffinity } from './affinity/cookie.ts'
import type { Clock, Random } from './clock.ts'
import type { Engine, EngineTimeouts } from './engines/engine.ts'
import { type EngineName, engines, isEngineName } from './engines/index.ts'
import type { FrontOptions } from './front/front.ts'
import { ODD_VALUE } from './headers/syntax.ts'
import type { ActiveOptions } from './health/active.ts'
import { expectedStatus } from './health/expect.ts'
import type { PassiveOptions } from './health/passive.ts'
import { checkNames, MAX_MS, type Names, type Range } from './names.ts'
import type { ConsistentHashOptions } from './policies/consistent-hash.ts'
import { isPolicyName, type PolicyName, policies } from './policies/index.ts'
import type { Policy } from './policies/policy.ts'
import { checkNodes, type NodeOptions } from './pool/nodes.ts'
import type { UpstreamOptions } from './pool/upstream.ts'
import type { AccessEntry } from './proxy/context.ts'
import type { RetryOptions } from './proxy/retry.ts'

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
  /** Which requests may be sent a second time. */
  retry?: RetryOptions | undefined
  timeouts?: Partial<EngineTimeouts> | undefined
  /** How nodes are talked to: Host, TLS, connections. */
  nodes?: NodeOptions | undefined
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

const ANY = Number.POSITIVE_INFINITY
const MS: Range = [0, MAX_MS]
const SOME_MS: Range = [1, MAX_MS]

const NAMES: Names<Required<BalancerOptions>> = {
  upstreams: true,
  policy: true,
  affinity: true,
  hash: true,
  engine: true,
  health: true,
  passive: true,
  slowStartMs: MS,
  panicThreshold: [0, 1],
  maxInFlight: [1, ANY, 'whole'],
  queueLimit: [0, ANY, 'whole'],
  queueTimeoutMs: MS,
  retries: [0, ANY, 'whole'],
  retry: true,
  timeouts: true,
  nodes: true,
  front: true,
  trustProxy: true,
  token: true,
  via: true,
  accessLog: true,
  clock: true,
  random: true,
}

/** Refuses misspelt, missing and impossible options, each by its name. @throws TypeError */
export function checkOptions(options: BalancerOptions): void {
  checkNames<BalancerOptions>('createBalancer', options, NAMES)
  checkUpstreams('createBalancer', options.upstreams)
  const { affinity, hash, health, passive, timeouts, nodes, retry, front, trustProxy, accessLog } = options
  if (affinity && !('pinOf' in affinity)) checkNames('createBalancer', affinity, AFFINITY, 'affinity')
  if (hash) checkNames('createBalancer', hash, HASH, 'hash')
  if (health) checkHealth('createBalancer', health)
  if (passive) checkNames('createBalancer', passive, PASSIVE, 'passive')
  if (timeouts) checkNames('createBalancer', timeouts, TIMEOUTS, 'timeouts')
  if (retry) checkRetry(retry)
  if (nodes) checkNodes('createBalancer', nodes)
  if (front) checkNames('createBalancer', front, FRONT, 'front')
  if (trustProxy !== undefined && !Array.isArray(trustProxy)) {
    throw new TypeError("createBalancer: trustProxy must be an array of addresses, 'address/bits' or '*'")
  }
  for (const name of ['token', 'via'] as const) checkText(name, options[name])
  if (accessLog !== undefined && typeof accessLog !== 'function') {
    throw new TypeError('createBalancer: accessLog must be a function')
  }
}

/** Refuses what is no list of upstreams; their values are the pool's to check. @throws TypeError */
export function checkUpstreams(where: string, upstreams: readonly UpstreamOptions[]): void {
  if (!Array.isArray(upstreams)) {
    throw new TypeError(`${where}: upstreams must be an array of { name, url, weight? }; it may be empty`)
  }
  for (const [i, upstream] of upstreams.entries()) checkNames(where, upstream, UPSTREAM, `upstreams[${i}]`)
}

/** Refuses options of active checks that make no sense. @throws TypeError that names the option */
export function checkHealth(where: string, health: ActiveOptions): void {
  checkNames(where, health, HEALTH, 'health')
  if (health.path !== undefined && !/^\/(?!\/)/.test(health.path)) {
    throw new TypeError(`${where}: health.path is ${JSON.stringify(health.path)}, but must begin with one /`)
  }
  try {
    expectedStatus(health.status ?? '200')
    for (const [name, value] of Object.entries({
      Host: 'x',
      ...health.headers,
      ...(health.host && { Host: health.host }),
    })) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
  } catch (error) {
    throw new TypeError(`${where}: health: ${error instanceof Error ? error.message : error}`)
  }
}

function checkRetry(retry: RetryOptions): void {
  checkNames<RetryOptions>('createBalancer', retry, { methods: true, statuses: true }, 'retry')
  const { methods = 'safe', statuses = [] } = retry
  if (methods !== 'safe' && methods !== 'idempotent') {
    throw new TypeError(`createBalancer: retry.methods is ${JSON.stringify(methods)}, but must be safe or idempotent`)
  }
  if (!Array.isArray(statuses) || statuses.some((status) => ![502, 503, 504].includes(status))) {
    throw new TypeError(
      `createBalancer: retry.statuses is ${JSON.stringify(statuses)}, but may hold 502, 503 and 504 alone`,
    )
  }
}

// It goes into every request: with a line's end in it, none could be sent.
function checkText(name: string, text: unknown): void {
  if (text === undefined || (typeof text === 'string' && text !== '' && !ODD_VALUE.test(text))) return
  throw new TypeError(`createBalancer: ${name} must be text fit for a header`)
}

const UPSTREAM: Names<Required<UpstreamOptions>> = { name: true, url: true, weight: [0, 1000, 'whole'] }
const AFFINITY: Names<Required<CookieAffinityOptions>> = {
  secret: true,
  name: true,
  whenUnavailable: true,
  maxAgeMs: [0, ANY],
  path: true,
  domain: true,
  secure: true,
  sameSite: true,
  partitioned: true,
}
const HASH: Names<Required<ConsistentHashOptions>> = { on: true, loadFactor: [1, ANY] }
const HEALTH: Names<Required<ActiveOptions>> = {
  path: true,
  intervalMs: SOME_MS,
  timeoutMs: SOME_MS,
  rise: [1, ANY, 'whole'],
  fall: [1, ANY, 'whole'],
  jitter: [0, 1],
  host: true,
  headers: true,
  port: [1, 65_535, 'whole'],
  status: true,
  body: true,
}
const PASSIVE: Names<Required<PassiveOptions>> = {
  failures: [0, ANY],
  halfLifeMs: [1, ANY],
  ejectMs: MS,
  maxEjectMs: MS,
}
const TIMEOUTS: Names<EngineTimeouts> = {
  connectTimeoutMs: SOME_MS,
  headersTimeoutMs: SOME_MS,
  idleTimeoutMs: SOME_MS,
}
const FRONT: Names<Required<FrontOptions>> = {
  headersTimeoutMs: SOME_MS,
  requestTimeoutMs: [1, ANY],
  keepAliveMs: SOME_MS,
  maxHeaderBytes: [1, 2 ** 31 - 1, 'whole'],
  maxConnections: [1, 2 ** 31 - 1, 'whole'],
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

/** The head of one answer, unless said otherwise. */
export const MAX_HEADER_BYTES = 16_384

/** The engine of that name. @throws TypeError on an unknown name */
export function engineOf(name: string, timeouts: EngineTimeouts, nodes: NodeOptions = {}): Engine {
  const { maxConnectionAgeMs = 300_000, maxHeaderBytes = MAX_HEADER_BYTES } = nodes
  if (isEngineName(name)) return engines[name]({ ...timeouts, maxConnectionAgeMs, maxHeaderBytes })
  throw new TypeError(`engine: ${JSON.stringify(name)} is not one of ${Object.keys(engines).join(', ')}`)
}
