import type { CookieOptions, ResolvedCookie } from './carrier/cookie-options.ts'
import type { Codec } from './codec/codec.ts'
import type { BreakerOptions } from './store/circuit-breaker.ts'
import type { Lifetime, SessionStore } from './store/store.ts'

/** What `createSessions` takes. Everything but `store` has a default that suits production. */
export interface SessionsOptions {
  /** Where sessions live between requests: `memoryStore()`, `redisStore({ client })`, or your own. */
  readonly store: SessionStore
  /** The cookie that carries the id; `false` when only a `header` carries it. @default { name: 'SESSION' } */
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
