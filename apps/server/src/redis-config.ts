import { readFileSync } from 'node:fs'
import { ConfigError, type Environment, quote, text, whole } from '@session-cluster/contract'

/** How to get into the Redis of `REDIS_URL`, beside what its URL says. */
export interface RedisSettings {
  /** How long a start waits until Redis answers, ms. */
  readonly startTimeoutMs: number
  /** What the sentinels themselves ask for; the URL's user and password are the primary's. */
  readonly sentinel: { readonly username?: string; readonly password?: string }
  /** Certificates in PEM, for `rediss`: whom to believe, and who we are. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
  /** Where servers that are announced by an inner address (`host:port`) can be reached from here. */
  readonly natMap: Readonly<Record<string, { readonly host: string; readonly port: number }>>
}

/** Reads `REDIS_*`. Throws a `ConfigError` for the first variable that cannot be accepted. */
export function readRedisSettings(env: Environment): RedisSettings {
  const username = text(env, 'REDIS_SENTINEL_USERNAME')
  const password = text(env, 'REDIS_SENTINEL_PASSWORD')
  const ca = file('REDIS_CA', text(env, 'REDIS_CA'))
  const cert = file('REDIS_CERT', text(env, 'REDIS_CERT'))
  const key = file('REDIS_KEY', text(env, 'REDIS_KEY'))
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError(cert ? 'REDIS_KEY' : 'REDIS_CERT', 'must be set, too: a certificate and its key go together')
  }
  return {
    startTimeoutMs: whole(env, 'REDIS_START_TIMEOUT_MS', [100, 600_000], { unit: 'of milliseconds ' }) ?? 1500,
    sentinel: { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) },
    tls: { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) },
    natMap: Object.fromEntries((text(env, 'REDIS_NAT_MAP')?.split(',') ?? []).map(parseMapping)),
  }
}

function file(variable: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ConfigError(variable, `cannot read ${quote(path)}: ${(error as Error).message}`)
  }
}

function parseMapping(item: string): [string, { host: string; port: number }] {
  const { from, host, port } =
    /^(?<from>[^=\s]+:\d{1,5})=(?<host>[^=\s]+):(?<port>\d{1,5})$/.exec(item.trim())?.groups ?? {}
  if (from !== undefined && host !== undefined && Number(port) >= 1 && Number(port) <= 65535) {
    return [from, { host, port: Number(port) }]
  }
  throw new ConfigError(
    'REDIS_NAT_MAP',
    `${quote(item)} is not understood; use announced-host:port=host:port,announced-host:port=host:port`,
  )
}
