import { randomBytes } from 'node:crypto'
import { type CookieAffinityOptions, cookieAffinity, type ExportedAffinity } from '@session-cluster/balancer'
import { ConfigError, choice, type Environment, guarded, quote, text, whole } from '@session-cluster/contract'

/** How a client finds its node again in mode sticky. */
export type AffinityConfig = ExportedAffinity & {
  /** Whether the secret was made up at start, so that a restart forgets everyone's node. */
  secretIsRandom?: boolean
}

/** Reads it, whatever the mode: what is wrong is told at once. @throws ConfigError */
export function affinity(env: Environment): AffinityConfig {
  const by = choice(env, 'AFFINITY', ['cookie', 'route']) ?? 'cookie'
  const cookie = text(env, 'AFFINITY_COOKIE')
  if (cookie !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(cookie)) {
    throw new ConfigError('AFFINITY_COOKIE', `${quote(cookie)} is not a cookie name`)
  }
  const whenUnavailable = choice(env, 'AFFINITY_UNAVAILABLE', ['redispatch', 'strict']) ?? 'redispatch'
  const secret = text(env, 'AFFINITY_SECRET')
  if (secret !== undefined && secret.length < 16) throw new ConfigError('AFFINITY_SECRET', 'shorter than 16 characters')
  const attributes = cookieAttributes(env)
  if (by === 'route') return { by, cookie, whenUnavailable }
  const options = {
    secret: secret ?? randomBytes(24).toString('base64url'),
    name: cookie,
    whenUnavailable,
    ...attributes,
  }
  guarded('AFFINITY_COOKIE', () => cookieAffinity(options))
  return { by, ...options, secretIsRandom: secret === undefined }
}

function cookieAttributes(env: Environment): Partial<CookieAffinityOptions> {
  const maxAgeMs = whole(env, 'AFFINITY_MAX_AGE_MS', [1000, 999_999_999])
  const secure = choice(env, 'AFFINITY_SECURE', ['true', 'false'])
  const attributes = {
    path: text(env, 'AFFINITY_PATH'),
    domain: text(env, 'AFFINITY_DOMAIN'),
    maxAgeMs,
    secure: secure && secure === 'true',
    sameSite: choice(env, 'AFFINITY_SAME_SITE', ['lax', 'strict', 'none']),
    partitioned: choice(env, 'AFFINITY_PARTITIONED', ['true', 'false']) === 'true',
  } as Partial<CookieAffinityOptions>
  for (const [variable, option] of ATTRIBUTES) {
    const alone = option === 'sameSite' || option === 'partitioned' ? { secure: attributes.secure } : {}
    const checked = { secret: 'only to be checked', ...alone, [option]: attributes[option] }
    guarded(variable, () => cookieAffinity(checked))
  }
  return attributes
}

const ATTRIBUTES = [
  ['AFFINITY_PATH', 'path'],
  ['AFFINITY_DOMAIN', 'domain'],
  ['AFFINITY_SAME_SITE', 'sameSite'],
  ['AFFINITY_PARTITIONED', 'partitioned'],
] as const
