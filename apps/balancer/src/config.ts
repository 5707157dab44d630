import { randomBytes } from 'node:crypto'
import {
  checkUpstream,
  type EngineName,
  engines,
  isEngineName,
  isPolicyName,
  type PolicyName,
  policies,
  TrustedProxies,
  type UpstreamOptions,
} from '@session-cluster/balancer'

/** What the process needs to know, read and checked. */
export interface Config {
  mode: Mode
  port: number
  host: string
  adminPort: number
  adminHost: string
  adminToken: string | undefined
  upstreams: UpstreamOptions[]
  policy: PolicyName
  engine: EngineName
  affinitySecret: string
  /** Whether the secret was made up at start, so that a restart forgets everyone's node. */
  affinitySecretIsRandom: boolean
  balancerToken: string | undefined
  trustProxy: string[]
  health: { path: string; intervalMs: number; timeoutMs: number; rise: number; fall: number }
  drainMs: number
  accessLog: boolean
}

/** Where sessions live; to the balancer it decides whether affinity is on. */
export type Mode = 'local' | 'sticky' | 'clustered'

type Env = Readonly<Record<string, string | undefined>>

/** A variable that is wrong; the message names it and says what is allowed. */
export class ConfigError extends Error {}

/** Reads the configuration. @throws ConfigError on the first variable that is wrong */
export function readConfig(env: Env): Config {
  const affinitySecret = text(env, 'AFFINITY_SECRET')
  if (affinitySecret !== undefined && affinitySecret.length < 16) {
    throw new ConfigError('AFFINITY_SECRET: shorter than 16 characters')
  }
  return {
    mode: mode(env),
    port: whole(env, 'BALANCER_PORT', 8000, 0, 65_535),
    host: text(env, 'HOST') ?? '127.0.0.1',
    ...admin(env),
    upstreams: upstreams(env),
    policy: choice(env, 'POLICY', 'round-robin', isPolicyName, Object.keys(policies)),
    engine: choice(env, 'ENGINE', 'http-proxy', isEngineName, Object.keys(engines)),
    affinitySecret: affinitySecret ?? randomBytes(24).toString('base64url'),
    affinitySecretIsRandom: affinitySecret === undefined,
    balancerToken: text(env, 'BALANCER_TOKEN'),
    trustProxy: trustProxy(env),
    health: health(env),
    drainMs: whole(env, 'DRAIN_MS', 10_000, 0, 600_000),
    accessLog: choice(env, 'ACCESS_LOG', 'off', isSwitch, ['on', 'off']) === 'on',
  }
}

function mode(env: Env): Mode {
  const given = text(env, 'MODE') ?? 'local'
  if (given === 'redis') return 'clustered'
  if (given === 'local' || given === 'sticky' || given === 'clustered') return given
  throw new ConfigError(`MODE: ${JSON.stringify(given)} is not one of local, sticky, clustered (or redis)`)
}

function admin(env: Env): Pick<Config, 'adminPort' | 'adminHost' | 'adminToken'> {
  const adminHost = text(env, 'ADMIN_HOST') ?? '127.0.0.1'
  const adminToken = text(env, 'ADMIN_TOKEN')
  if (adminToken === undefined && !/^(127\.|::1$|localhost$)/.test(adminHost)) {
    throw new ConfigError(`ADMIN_TOKEN: needed when ADMIN_HOST (${adminHost}) is not a loopback address`)
  }
  return { adminPort: whole(env, 'ADMIN_PORT', 8001, 0, 65_535), adminHost, adminToken }
}

const DEFAULT_UPSTREAMS = 'a=http://127.0.0.1:8080,b=http://127.0.0.1:8081,c=http://127.0.0.1:8082'

// `name=url`, or `name=url*weight`.
function upstreams(env: Env): UpstreamOptions[] {
  const entries = list(text(env, 'UPSTREAMS') ?? DEFAULT_UPSTREAMS)
  const seen = new Set<string>()
  return entries.map((entry) => {
    const parts = /^([^=]+)=([^*]+)(?:\*(\d+))?$/.exec(entry)
    if (!parts) throw new ConfigError(`UPSTREAMS: ${JSON.stringify(entry)} is not name=http://host:port, or …*weight`)
    const [, name = '', url = '', weight] = parts
    if (seen.has(name)) throw new ConfigError(`UPSTREAMS: ${name} is there twice`)
    seen.add(name)
    const options = { name, url, weight: weight === undefined ? undefined : Number(weight) }
    return guarded('UPSTREAMS', () => checkUpstream(options))
  })
}

function trustProxy(env: Env): string[] {
  const entries = list(text(env, 'TRUST_PROXY') ?? '')
  guarded('TRUST_PROXY', () => new TrustedProxies(entries))
  return entries
}

function health(env: Env): Config['health'] {
  const path = text(env, 'HEALTH_PATH') ?? '/readyz'
  if (!path.startsWith('/')) throw new ConfigError(`HEALTH_PATH: ${JSON.stringify(path)} does not begin with /`)
  return {
    path,
    intervalMs: whole(env, 'HEALTH_INTERVAL_MS', 1000, 10, 3_600_000),
    timeoutMs: whole(env, 'HEALTH_TIMEOUT_MS', 1000, 10, 600_000),
    rise: whole(env, 'HEALTH_RISE', 2, 1, 100),
    fall: whole(env, 'HEALTH_FALL', 2, 1, 100),
  }
}

const isSwitch = (value: string): value is 'on' | 'off' => value === 'on' || value === 'off'

const list = (value: string): string[] =>
  value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

// Compose files pass unset variables on as empty ones.
function text(env: Env, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === '' ? undefined : value
}

function whole(env: Env, name: string, fallback: number, min: number, max: number): number {
  const given = text(env, name)
  if (given === undefined) return fallback
  const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  if (value >= min && value <= max) return value
  throw new ConfigError(`${name}: ${JSON.stringify(given)} is not a whole number from ${min} to ${max}`)
}

function choice<T extends string>(
  env: Env,
  name: string,
  fallback: T,
  is: (value: string) => value is T,
  allowed: readonly string[],
): T {
  const given = text(env, name) ?? fallback
  if (is(given)) return given
  throw new ConfigError(`${name}: ${JSON.stringify(given)} is not one of ${allowed.join(', ')}`)
}

function guarded<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ConfigError(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
