import { type CookieOptions, checkCookieOptions } from './carrier/cookie-options.ts'
import { json } from './codec/json.ts'
import { isSpringJson } from './codec/spring-json.ts'
import { checkNames, type Names } from './names.ts'
import { DEFAULTS, type ResolvedOptions, type SessionsOptions } from './options.ts'
import { MAX_SPRING_IDLE_MS } from './request/lifetime.ts'
import { show } from './show.ts'
import { checkBreakerOptions } from './store/circuit-breaker.ts'
import type { Lifetime, SessionStore } from './store/store.ts'

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
  const { store, codec = json(), header, route, eventSalt, openTelemetry = true } = options
  const { checkMutations = process.env.NODE_ENV !== 'production' } = options
  const { onStoreFailure, onTooManySessions, ...numbers } = { ...DEFAULTS, ...defined(options) }
  if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') {
    refuse(
      'codec',
      codec,
      'a codec: json(), springJson(), typedJson(), v8(), registry(…) or an object with encode and decode',
    )
  }
  if (store.plainIds && !isSpringJson(codec)) {
    refuse('codec', codec, "springJson() with a store of ids: 'spring': Java would take a user's text for a class")
  }
  if (onStoreFailure !== 'reject' && onStoreFailure !== 'anonymous') {
    refuse('onStoreFailure', onStoreFailure, "'reject' or 'anonymous'")
  }
  if (onTooManySessions !== 'end-oldest' && onTooManySessions !== 'refuse') {
    refuse('onTooManySessions', onTooManySessions, "'end-oldest' or 'refuse'")
  }
  if (route !== undefined && !isText(route, /^[A-Za-z0-9_-]{1,64}$/)) {
    refuse('route', route, '1 to 64 characters of A–Z a–z 0–9 _ -')
  }
  if (eventSalt !== undefined && !isText(eventSalt, /./s)) refuse('eventSalt', eventSalt, 'a string that is not empty')
  return {
    store,
    ...resolveCarrier(options.cookie, header),
    lifetime: resolveLifetime({ ...numbers, touchEveryMs: options.touchEveryMs }, store.plainIds === true),
    rotationGraceMs: timer('rotationGraceMs', numbers.rotationGraceMs, 0),
    codec,
    storeTimeoutMs: timer('storeTimeoutMs', numbers.storeTimeoutMs),
    breaker: checkBreakerOptions(options.breaker),
    onStoreFailure,
    updateWaitMs: timer('updateWaitMs', numbers.updateWaitMs),
    maxAttributeBytes: count('maxAttributeBytes', numbers.maxAttributeBytes, 1),
    maxSessionBytes: count('maxSessionBytes', numbers.maxSessionBytes, 1),
    maxSessionsPerUser: limit('maxSessionsPerUser', numbers.maxSessionsPerUser),
    onTooManySessions,
    checkMutations: flag('checkMutations', checkMutations),
    route,
    eventSalt,
    openTelemetry: flag('openTelemetry', openTelemetry),
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

type GivenLifetime = Omit<Lifetime, 'touchEveryMs'> & { touchEveryMs: number | undefined }

function resolveLifetime(options: GivenLifetime, isForSpring: boolean): Lifetime {
  const idleTimeoutMs = wholeSeconds('idleTimeoutMs', options.idleTimeoutMs, 1000)
  if (isForSpring && idleTimeoutMs > MAX_SPRING_IDLE_MS) {
    refuse(
      'idleTimeoutMs',
      idleTimeoutMs,
      `at most ${MAX_SPRING_IDLE_MS} with ids: 'spring', which is as far as Spring counts`,
    )
  }
  const absoluteTimeoutMs = wholeSeconds('absoluteTimeoutMs', options.absoluteTimeoutMs, 0)
  const { touchEveryMs = Math.min(60_000, Math.floor(idleTimeoutMs / 30)) } = options
  if (count('touchEveryMs', touchEveryMs, 0) > idleTimeoutMs) {
    refuse('touchEveryMs', touchEveryMs, `at most idleTimeoutMs (${idleTimeoutMs})`)
  }
  return { idleTimeoutMs, absoluteTimeoutMs, touchEveryMs }
}

/** Only what is not left out: `undefined` means the default, `null` is a mistake. */
const defined = (options: SessionsOptions): Partial<typeof DEFAULTS> =>
  Object.fromEntries(Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined))

function resolveCarrier(
  cookie: CookieOptions | false | undefined,
  header: string | undefined,
): Pick<ResolvedOptions, 'cookie' | 'header'> {
  if (header !== undefined && !isText(header, /^[!#$%&'*+.^_`|~0-9a-z-]+$/i)) {
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

/** `RegExp.test` takes a number for a text. */
const isText = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value)

function flag(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') refuse(option, value, 'true or false')
  return value
}

const limit = (option: string, value: number): number => (value === Infinity ? value : count(option, value, 1))

/** Throws the `TypeError` of a bad option. */
function refuse(option: string, value: unknown, allowed: string): never {
  throw new TypeError(`createSessions: ${option} is ${show(value)}, but must be ${allowed}`)
}
