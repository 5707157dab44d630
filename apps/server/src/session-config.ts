import {
  type CodecName,
  ConfigError,
  choice,
  codecNames,
  defaultCookieName,
  defaultNamespace,
  type Environment,
  flag,
  isShared,
  type Mode,
  matching,
  quote,
  whole,
} from '@session-cluster/contract'
import type { NearCacheOptions } from '@session-cluster/session'

/** The session cookie, as RFC 6265 names its parts. */
export interface CookieConfig {
  name: string
  secure: boolean
  sameSite: 'lax' | 'strict' | 'none'
  path: string
  domain?: string
  partitioned: boolean
  encoding: 'plain' | 'base64'
}

/** How long sessions live and how they are stored. Durations in milliseconds. */
export interface SessionConfig {
  namespace: string
  /** `spring`: under the plain id and in Spring Session's own JSON, to share sessions with a Spring application. */
  ids: 'hashed' | 'spring'
  /** What the id is followed by, `<id>.<route>`, for a balancer that goes by it. */
  route?: string
  idleTimeoutMs: number
  absoluteTimeoutMs?: number
  touchEveryMs?: number
  storeTimeoutMs?: number
  codec: CodecName
  cookie: CookieConfig
  /** Present exactly in mode `hybrid`: bounds of the node's near cache. */
  nearCache?: NearCacheOptions
}

const YEAR_MS = 365 * 24 * 3600 * 1000
const MS = { unit: 'of milliseconds ' }
const WHOLE_SECONDS = { ...MS, multipleOf: 1000 }

const SESSION_VARIABLES = [
  'SESSION_NAMESPACE',
  'SESSION_IDS',
  'SESSION_ROUTE',
  'SESSION_IDLE_TIMEOUT_MS',
  'SESSION_ABSOLUTE_TIMEOUT_MS',
  'SESSION_TOUCH_EVERY_MS',
  'SESSION_STORE_TIMEOUT_MS',
  'SESSION_CODEC',
  'SESSION_COOKIE_NAME',
  'SESSION_COOKIE_SECURE',
  'SESSION_COOKIE_SAME_SITE',
  'SESSION_COOKIE_PATH',
  'SESSION_COOKIE_DOMAIN',
  'SESSION_COOKIE_PARTITIONED',
  'SESSION_COOKIE_ENCODING',
  'SESSION_CACHE_MAX_AGE_MS',
  'SESSION_CACHE_LEASE_MS',
  'SESSION_CACHE_MAX_BYTES',
  'SESSION_CACHE_STRICT',
]

/** Reads `SESSION_*`. Throws a `ConfigError` for a value that is not allowed, and for a misspelt name. */
export function readSession(env: Environment, { mode, nodeName }: { mode: Mode; nodeName: string }): SessionConfig {
  refuseUnknown(env)
  const ids = choice(env, 'SESSION_IDS', ['hashed', 'spring']) ?? 'hashed'
  if (ids === 'spring' && !isShared(mode)) {
    throw new ConfigError('SESSION_IDS', `spring needs MODE=clustered, but MODE is ${mode}`)
  }
  const cookie = readCookie(env, mode, ids)
  const route = readRoute(env, nodeName, cookie)
  const absoluteTimeoutMs = whole(env, 'SESSION_ABSOLUTE_TIMEOUT_MS', [1000, YEAR_MS], WHOLE_SECONDS)
  const touchEveryMs = whole(env, 'SESSION_TOUCH_EVERY_MS', [0, YEAR_MS], MS)
  const storeTimeoutMs = whole(env, 'SESSION_STORE_TIMEOUT_MS', [1, 60_000], MS)
  const idleTimeoutMs = whole(env, 'SESSION_IDLE_TIMEOUT_MS', [1000, YEAR_MS], WHOLE_SECONDS) ?? 30 * 60 * 1000
  if (absoluteTimeoutMs !== undefined && absoluteTimeoutMs < idleTimeoutMs) {
    const shown = `${absoluteTimeoutMs} is shorter than SESSION_IDLE_TIMEOUT_MS (${idleTimeoutMs})`
    throw new ConfigError('SESSION_ABSOLUTE_TIMEOUT_MS', `${shown}; use at least that`)
  }
  return {
    namespace:
      matching(env, 'SESSION_NAMESPACE', /^[\w:.-]{1,100}$/, '1 to 100 letters, digits, : . _ or -') ??
      (ids === 'spring' ? 'spring:session' : defaultNamespace),
    ids,
    ...(route === undefined ? {} : { route }),
    idleTimeoutMs,
    ...(absoluteTimeoutMs === undefined ? {} : { absoluteTimeoutMs }),
    ...(touchEveryMs === undefined ? {} : { touchEveryMs }),
    ...(storeTimeoutMs === undefined ? {} : { storeTimeoutMs }),
    codec: readCodec(env, ids),
    cookie,
    ...(mode === 'hybrid' ? { nearCache: readNearCache(env) } : {}),
  }
}

function readNearCache(env: Environment): NearCacheOptions {
  const maxAgeMs = whole(env, 'SESSION_CACHE_MAX_AGE_MS', [1, 3_600_000], MS)
  const leaseMs = whole(env, 'SESSION_CACHE_LEASE_MS', [100, 60_000], MS)
  const maxBytes = whole(env, 'SESSION_CACHE_MAX_BYTES', [0, 2 ** 31 - 1], { unit: 'of bytes ' })
  const strict = flag(env, 'SESSION_CACHE_STRICT')
  return {
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(strict === undefined ? {} : { strict }),
  }
}

function readCodec(env: Environment, ids: SessionConfig['ids']): CodecName {
  const codec = choice(env, 'SESSION_CODEC', codecNames)
  if (ids === 'hashed') return codec ?? 'json'
  if (codec === undefined || codec === 'spring-json') return 'spring-json'
  throw new ConfigError('SESSION_CODEC', `${codec} is not what Spring reads; use spring-json with SESSION_IDS=spring`)
}

function readRoute(env: Environment, nodeName: string, { encoding }: CookieConfig): string | undefined {
  const route = matching(env, 'SESSION_ROUTE', /^[A-Za-z0-9_-]{1,64}$/, '1 to 64 letters, digits, - or _')
  if (route !== undefined && encoding === 'base64') {
    const why = 'no balancer reads it from a cookie in Base64; use SESSION_COOKIE_ENCODING=plain'
    throw new ConfigError('SESSION_ROUTE', `${route} cannot be seen: ${why}`)
  }
  return route === 'auto' ? nodeName : route
}

function readCookie(env: Environment, mode: Mode, ids: SessionConfig['ids']): CookieConfig {
  const token = /^[!#$%&'*+.^`|~\w-]{1,100}$/
  const domain = matching(env, 'SESSION_COOKIE_DOMAIN', /^[\w.-]{1,253}$/, 'a domain name')
  return {
    name: matching(env, 'SESSION_COOKIE_NAME', token, 'a cookie name (RFC 6265)') ?? defaultCookieName(mode),
    secure: flag(env, 'SESSION_COOKIE_SECURE') ?? false,
    sameSite: choice(env, 'SESSION_COOKIE_SAME_SITE', ['lax', 'strict', 'none']) ?? 'lax',
    path: matching(env, 'SESSION_COOKIE_PATH', /^\/[\x21-\x3a\x3c-\x7e]*$/, 'a path that starts with /') ?? '/',
    ...(domain === undefined ? {} : { domain }),
    partitioned: flag(env, 'SESSION_COOKIE_PARTITIONED') ?? false,
    encoding: choice(env, 'SESSION_COOKIE_ENCODING', ['plain', 'base64']) ?? (ids === 'spring' ? 'base64' : 'plain'),
  }
}

/** A misspelt option must not be ignored; foreign names, such as a desktop's SESSION_MANAGER, must. */
function refuseUnknown(env: Environment): void {
  const ours = /^SESSION_(NAMESPACE|IDS|ROUTE|IDLE|ABSOLUTE|TIMEOUT|TOUCH|STORE|CODEC|COOKIE|CACHE)/
  const unknown = Object.keys(env).find((name) => ours.test(name) && !SESSION_VARIABLES.includes(name))
  if (unknown !== undefined) {
    throw new ConfigError(
      unknown,
      `no such option (value ${quote(env[unknown] ?? '')}); there are ${SESSION_VARIABLES.join(', ')}`,
    )
  }
}
