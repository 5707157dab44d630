import type { Mode } from './config.ts'
import { ConfigError, choice, type Environment, flag, integer, matching, quote } from './env.ts'

/** How attribute values become bytes. */
export type CodecName = (typeof CODECS)[number]

/** The session cookie, as RFC 6265 names its parts. */
export interface CookieConfig {
  name: string
  secure: boolean
  sameSite: 'lax' | 'strict' | 'none'
  path: string
  domain?: string
  partitioned: boolean
}

/** How long sessions live and how they are stored. Durations in milliseconds. */
export interface SessionConfig {
  namespace: string
  idleTimeoutMs: number
  absoluteTimeoutMs?: number
  touchEveryMs?: number
  storeTimeoutMs?: number
  codec: CodecName
  cookie: CookieConfig
}

const CODECS = ['json', 'typed-json', 'v8', 'registry'] as const
const YEAR_MS = 365 * 24 * 3600 * 1000
const SECONDS = { min: 1000, max: YEAR_MS, unit: 'of milliseconds ', multipleOf: 1000 }

const SESSION_VARIABLES = [
  'SESSION_NAMESPACE',
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
]

/** Reads `SESSION_*`. Throws a `ConfigError` for a value that is not allowed, and for a misspelt name. */
export function readSession(env: Environment, mode: Mode): SessionConfig {
  refuseUnknown(env)
  const absoluteTimeoutMs = integer(env, 'SESSION_ABSOLUTE_TIMEOUT_MS', SECONDS)
  const touchEveryMs = integer(env, 'SESSION_TOUCH_EVERY_MS', { ...SECONDS, min: 0, multipleOf: 1 })
  const storeTimeoutMs = integer(env, 'SESSION_STORE_TIMEOUT_MS', { min: 1, max: 60_000, unit: 'of milliseconds ' })
  const idleTimeoutMs = integer(env, 'SESSION_IDLE_TIMEOUT_MS', SECONDS) ?? 30 * 60 * 1000
  if (absoluteTimeoutMs !== undefined && absoluteTimeoutMs < idleTimeoutMs) {
    const shown = `${absoluteTimeoutMs} is shorter than SESSION_IDLE_TIMEOUT_MS (${idleTimeoutMs})`
    throw new ConfigError('SESSION_ABSOLUTE_TIMEOUT_MS', `${shown}; use at least that`)
  }
  return {
    namespace:
      matching(env, 'SESSION_NAMESPACE', /^[\w:.-]{1,100}$/, '1 to 100 letters, digits, : . _ or -') ??
      'session-cluster',
    idleTimeoutMs,
    ...(absoluteTimeoutMs === undefined ? {} : { absoluteTimeoutMs }),
    ...(touchEveryMs === undefined ? {} : { touchEveryMs }),
    ...(storeTimeoutMs === undefined ? {} : { storeTimeoutMs }),
    codec: choice(env, 'SESSION_CODEC', CODECS) ?? 'json',
    cookie: readCookie(env, mode),
  }
}

function readCookie(env: Environment, mode: Mode): CookieConfig {
  const token = /^[!#$%&'*+.^`|~\w-]{1,100}$/
  const domain = matching(env, 'SESSION_COOKIE_DOMAIN', /^[\w.-]{1,253}$/, 'a domain name')
  return {
    name:
      matching(env, 'SESSION_COOKIE_NAME', token, 'a cookie name (RFC 6265)') ??
      (mode === 'clustered' ? 'SESSION' : 'JSESSIONID'),
    secure: flag(env, 'SESSION_COOKIE_SECURE') ?? false,
    sameSite: choice(env, 'SESSION_COOKIE_SAME_SITE', ['lax', 'strict', 'none']) ?? 'lax',
    path: matching(env, 'SESSION_COOKIE_PATH', /^\/[\x21-\x3a\x3c-\x7e]*$/, 'a path that starts with /') ?? '/',
    ...(domain === undefined ? {} : { domain }),
    partitioned: flag(env, 'SESSION_COOKIE_PARTITIONED') ?? false,
  }
}

/** A misspelt option must not be ignored; foreign names, such as a desktop's SESSION_MANAGER, must. */
function refuseUnknown(env: Environment): void {
  const ours = /^SESSION_(NAMESPACE|IDLE|ABSOLUTE|TIMEOUT|TOUCH|STORE|CODEC|COOKIE)/
  const unknown = Object.keys(env).find((name) => ours.test(name) && !SESSION_VARIABLES.includes(name))
  if (unknown !== undefined) {
    throw new ConfigError(
      unknown,
      `no such option (value ${quote(env[unknown] ?? '')}); there are ${SESSION_VARIABLES.join(', ')}`,
    )
  }
}
