import { type CookieOptions, checkCookieOptions, type ResolvedCookie } from './carrier/cookie-options.ts'
import type { Codec } from './codec/codec.ts'
import { json } from './codec/json.ts'
import { isSpringJson } from './codec/spring-json.ts'
import { checkNames, type Names } from './names.ts'
import { show } from './show.ts'
import { type BreakerOptions, checkBreakerOptions } from './store/circuit-breaker.ts'
import type { Lifetime, SessionStore } from './store/store.ts'

/** What `createSessions` takes. Everything but `store` has a default that suits production. */
export interface SessionsOptions {
  /** Where sessions live between requests: `memoryStore()`, `redisStore({ client })`, or your own. */
  readonly store: SessionStore
  /** The cookie that carries the id; `false` when only a `header` shall carry it. @default { name: 'SESSION' } */
  readonly cookie?: CookieOptions | false
  /**
   * A request and response header that carries the id instead, such as `x-auth-token`. Off by default: a header's
   * token is within reach of the page's scripts. @default undefined
   */
  readonly header?: string
  /** A session ends this long after its last access, ms. A multiple of 1,000. @default 1_800_000 (30 min) */
  readonly idleTimeoutMs?: number
  /** A session ends this long after it was made, however busy, ms; `0`: never. A multiple of 1,000. @default 0 */
  readonly absoluteTimeoutMs?: number
  /**
   * An access is written down at most this often, ms. A session never ends before its idle timeout, and at most this
   * much after it. @default a thirtieth of `idleTimeoutMs`, at most 60_000
   */
  readonly touchEveryMs?: number
  /**
   * For so long after `rotate`, requests that left with the old id are recognised, ms: their reads are anonymous, their
   * writes 409, and neither gives the client a cookie, which would log out the user who has just logged in. `0`: off.
   * @default 10_000
   */
  readonly rotationGraceMs?: number
  /** Values ↔ bytes. A store of `ids: 'spring'` demands `springJson()`. @default json() */
  readonly codec?: Codec
  /** The store is given this long for each call, ms; then the request is answered 503. @default 250 */
  readonly storeTimeoutMs?: number
  /** When the store is not asked at all for a while. @default { failures: 5, coolDownMs: 500 } */
  readonly breaker?: BreakerOptions
  /**
   * What a reader gets when the store fails: `reject` throws (503); `anonymous` behaves as if there were no session.
   * Writing always throws: a session is never silently replaced by a fresh one. @default 'reject'
   */
  readonly onStoreFailure?: 'reject' | 'anonymous'
  /**
   * How long an `update` waits for other updates of the same session on this server, ms; then it is a 409. It waits in
   * vain when the function given to `update` calls this very server with the same session. @default 2_000
   */
  readonly updateWaitMs?: number
  /** The most bytes that one attribute may take. @default 1_048_576 */
  readonly maxAttributeBytes?: number
  /** The most bytes that all attributes of a session and their names may take together. @default 4_194_304 */
  readonly maxSessionBytes?: number
  /** How many sessions one user may have. @default Infinity */
  readonly maxSessionsPerUser?: number
  /**
   * What one session too many does: `end-oldest` ends the one that was idle the longest; `refuse` answers the login 403
   * (with a `SessionLimitError` from `rotate`, for the handler to catch). @default 'end-oldest'
   */
  readonly onTooManySessions?: 'end-oldest' | 'refuse'
  /**
   * Whether a value that was changed in place without `set` is an error (costs a second encoding of such values).
   * @default true unless NODE_ENV is `production`
   */
  readonly checkMutations?: boolean
  /**
   * This node's name, appended to the id as `<id>.<route>` so that a balancer may route by it, as Tomcat's jvmRoute.
   * @default undefined
   */
  readonly route?: string
  /** Salts the session hashes in events, so that nodes with one salt log the same hash. @default random */
  readonly eventSalt?: string
  /** OpenTelemetry spans around store calls when `@opentelemetry/api` can be loaded. @default true */
  readonly openTelemetry?: boolean
  /** The clock, epoch ms; fractions are dropped. @default Date.now */
  readonly now?: () => number
}

/** `SessionsOptions` with every default in place, checked. */
export interface ResolvedOptions {
  readonly store: SessionStore
  readonly cookie: ResolvedCookie | undefined
  readonly header: string | undefined
  readonly lifetime: Lifetime
  readonly rotationGraceMs: number
  readonly codec: Codec
  readonly storeTimeoutMs: number
  readonly breaker: Required<BreakerOptions>
  readonly onStoreFailure: 'reject' | 'anonymous'
  readonly updateWaitMs: number
  readonly maxAttributeBytes: number
  readonly maxSessionBytes: number
  readonly maxSessionsPerUser: number
  readonly onTooManySessions: 'end-oldest' | 'refuse'
  readonly checkMutations: boolean
  readonly route: string | undefined
  readonly eventSalt: string | undefined
  readonly openTelemetry: boolean
  readonly now: () => number
}

/** The defaults that are plain numbers and words; the documentation's table is tested against them. */
export const DEFAULTS = {
  idleTimeoutMs: 30 * 60_000,
  absoluteTimeoutMs: 0,
  rotationGraceMs: 10_000,
  storeTimeoutMs: 250,
  onStoreFailure: 'reject',
  updateWaitMs: 2_000,
  maxAttributeBytes: 1024 * 1024,
  maxSessionBytes: 4 * 1024 * 1024,
  maxSessionsPerUser: Infinity,
  onTooManySessions: 'end-oldest',
} as const

const NAMES: Names<Required<SessionsOptions>> = {
  store: true,
  cookie: true,
  header: true,
  idleTimeoutMs: true,
  absoluteTimeoutMs: true,
  touchEveryMs: true,
  rotationGraceMs: true,
  codec: true,
  storeTimeoutMs: true,
  breaker: true,
  onStoreFailure: true,
  updateWaitMs: true,
  maxAttributeBytes: true,
  maxSessionBytes: true,
  maxSessionsPerUser: true,
  onTooManySessions: true,
  checkMutations: true,
  route: true,
  eventSalt: true,
  openTelemetry: true,
  now: true,
}

/** Checks the options and fills in the defaults. Throws a `TypeError` that names the option, its value and what is allowed. */
export function resolveOptions(options: SessionsOptions): ResolvedOptions {
  checkNames<SessionsOptions>('createSessions', options, NAMES)
  checkStore(options.store)
  const { codec = json(), header, route } = options
  const { onStoreFailure = DEFAULTS.onStoreFailure, onTooManySessions = DEFAULTS.onTooManySessions } = options
  if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') {
    refuse(
      'codec',
      codec,
      'a codec: json(), springJson(), typedJson(), v8(), registry(…) or an object with encode and decode',
    )
  }
  if (options.store.plainIds && !isSpringJson(codec)) {
    refuse('codec', codec, "springJson() with a store of ids: 'spring': Java would take a user's text for a class")
  }
  if (onStoreFailure !== 'reject' && onStoreFailure !== 'anonymous') {
    refuse('onStoreFailure', onStoreFailure, "'reject' or 'anonymous'")
  }
  if (onTooManySessions !== 'end-oldest' && onTooManySessions !== 'refuse') {
    refuse('onTooManySessions', onTooManySessions, "'end-oldest' or 'refuse'")
  }
  if (route !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(route)) {
    refuse('route', route, '1 to 64 characters of A–Z a–z 0–9 _ -')
  }
  return {
    store: options.store,
    ...resolveCarrier(options.cookie, header),
    lifetime: resolveLifetime(options),
    rotationGraceMs: timer('rotationGraceMs', options.rotationGraceMs ?? DEFAULTS.rotationGraceMs, 0),
    codec,
    storeTimeoutMs: timer('storeTimeoutMs', options.storeTimeoutMs ?? DEFAULTS.storeTimeoutMs),
    breaker: checkBreakerOptions(options.breaker),
    onStoreFailure,
    updateWaitMs: timer('updateWaitMs', options.updateWaitMs ?? DEFAULTS.updateWaitMs),
    maxAttributeBytes: count('maxAttributeBytes', options.maxAttributeBytes ?? DEFAULTS.maxAttributeBytes, 1),
    maxSessionBytes: count('maxSessionBytes', options.maxSessionBytes ?? DEFAULTS.maxSessionBytes, 1),
    maxSessionsPerUser: limit('maxSessionsPerUser', options.maxSessionsPerUser ?? DEFAULTS.maxSessionsPerUser),
    onTooManySessions,
    checkMutations: options.checkMutations ?? process.env.NODE_ENV !== 'production',
    route,
    eventSalt: options.eventSalt,
    openTelemetry: options.openTelemetry ?? true,
    now: resolveClock(options.now),
  }
}

/** Stores keep whole ms: a finer clock is read down. */
function resolveClock(now: (() => number) | undefined): () => number {
  if (now === undefined || now === Date.now) return Date.now
  const first: unknown = typeof now === 'function' ? now() : now
  if (typeof now !== 'function' || !Number.isFinite(first) || (first as number) < 0) {
    refuse('now', first, 'a function that returns epoch ms')
  }
  return () => Math.floor(now())
}

function resolveLifetime(options: SessionsOptions): Lifetime {
  const idleTimeoutMs = wholeSeconds('idleTimeoutMs', options.idleTimeoutMs ?? DEFAULTS.idleTimeoutMs, 1000)
  const absoluteTimeoutMs = wholeSeconds(
    'absoluteTimeoutMs',
    options.absoluteTimeoutMs ?? DEFAULTS.absoluteTimeoutMs,
    0,
  )
  const touchEveryMs = count(
    'touchEveryMs',
    options.touchEveryMs ?? Math.min(60_000, Math.floor(idleTimeoutMs / 30)),
    0,
  )
  if (touchEveryMs > idleTimeoutMs) refuse('touchEveryMs', touchEveryMs, `at most idleTimeoutMs (${idleTimeoutMs})`)
  return { idleTimeoutMs, absoluteTimeoutMs, touchEveryMs }
}

function resolveCarrier(
  cookie: CookieOptions | false | undefined,
  header: string | undefined,
): Pick<ResolvedOptions, 'cookie' | 'header'> {
  if (header !== undefined && !/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(header)) {
    refuse('header', header, 'the name of an HTTP header')
  }
  if (cookie === false && header === undefined) {
    refuse('cookie', cookie, 'cookie options; false is allowed only along with a header')
  }
  // One carrier: with two, a request that bears two different ids would have no clear session.
  if (header !== undefined && cookie !== false) {
    refuse('header', header, 'set only along with cookie: false, because one id must not travel in two ways')
  }
  return { cookie: cookie === false ? undefined : checkCookieOptions(cookie), header: header?.toLowerCase() }
}

function checkStore(store: SessionStore): void {
  for (const method of ['load', 'commit', 'destroy', 'ofUser', 'list'] as const) {
    if (typeof store?.[method] !== 'function') {
      refuse('store', store, `a SessionStore such as memoryStore() or redisStore({ client }); it has no ${method}()`)
    }
  }
}

function wholeSeconds(option: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least || value % 1000 !== 0) {
    refuse(option, value, `a whole number of ms, at least ${least}, that 1,000 divides (stores keep whole seconds)`)
  }
  return value
}

function count(option: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) refuse(option, value, `a whole number, at least ${least}`)
  return value
}

/** Node's timers take more than 2^31 - 1 ms for 1 ms. */
function timer(option: string, value: number, least = 1): number {
  if (count(option, value, least) > 2 ** 31 - 1) refuse(option, value, 'at most 2147483647 (timers wait no longer)')
  return value
}

const limit = (option: string, value: number): number => (value === Infinity ? value : count(option, value, 1))

/** Throws the `TypeError` of a bad option. */
export function refuse(option: string, value: unknown, allowed: string): never {
  throw new TypeError(`createSessions: ${option} is ${show(value)}, but must be ${allowed}`)
}
