import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type ActiveOptions,
  type BalancerOptions,
  type CookieAffinityOptions,
  cookieAffinity,
  dnsSource,
  type EngineName,
  type ExportedAffinity,
  engines,
  type HashOn,
  isDnsSource,
  isHashOn,
  type PolicyName,
  parseUpstreams,
  policies,
  TrustedProxies,
  type UpstreamOptions,
} from '@session-cluster/balancer'
import { isLoopback, type Mode, modeOf, modes, withoutServiceLinks } from '@session-cluster/contract'
import {
  ConfigError,
  choice,
  decimal,
  type Env,
  guarded,
  headerText,
  list,
  optionalWhole,
  text,
  whole,
} from './read.ts'

/** What the process needs to know, read and checked. */
export interface Config {
  mode: Mode
  port: number
  host: string
  adminPort: number
  adminHost: string
  adminToken: string | undefined
  upstreams: UpstreamOptions[]
  discovery: DiscoveryConfig
  policy: PolicyName
  engine: EngineName
  affinity: AffinityConfig
  /** `false` in a worker: its primary checks. */
  health: ActiveOptions | false
  /** Workers to share the port; `undefined` for none: this process does the work. */
  workers: number | undefined
  /** A worker that says nothing for so long is replaced. */
  workerSilenceMs: number
  tls: { certFile: string; keyFile: string } | undefined
  drainMs: number
  /** After SIGTERM: how long everybody is still served while `/readyz` says 503. */
  graceMs: number
  /** Clients' connections at a time; `undefined`: by the system's limit. */
  maxConnections: number | undefined
  logLevel: (typeof LOG_LEVELS)[number]
  accessLog: boolean
  /** What goes to the balancer as it is. */
  tuning: Pick<
    BalancerOptions,
    | ('passive' | 'slowStartMs' | 'panicThreshold' | 'maxInFlight' | 'queueLimit' | 'queueTimeoutMs' | 'retries')
    | ('timeouts' | 'trustProxy' | 'token' | 'via' | 'hash')
  >
}

/** Where upstreams are looked up besides those that are listed. */
export interface DiscoveryConfig {
  /** `dns+a://…`, `dns+srv://…` */
  dns: string[]
  file: string | undefined
  /** Name servers; none for the system's. */
  servers: string[]
  minMs: number
  maxMs: number
  drainMs: number
}

/** How a client finds its node again in mode sticky. */
export type AffinityConfig = ExportedAffinity & {
  /** Whether the secret was made up at start, so that a restart forgets everyone's node. */
  secretIsRandom?: boolean
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const PORT = [0, 65_535] as const
const MS = [0, 3_600_000] as const
const SOME_MS = [10, 3_600_000] as const
const COUNT = [0, 1_000_000] as const

/** Reads the configuration. @throws ConfigError on the first variable that is wrong */
export function readConfig(given: Env): Config {
  const env = withoutServiceLinks(given)
  return {
    mode: mode(env),
    port: whole(env, 'BALANCER_PORT', 8000, PORT),
    host: text(env, 'HOST') ?? '127.0.0.1',
    ...admin(env),
    ...upstreams(env),
    policy: choice(env, 'POLICY', 'round-robin', Object.keys(policies) as PolicyName[]),
    engine: choice(env, 'ENGINE', 'direct', Object.keys(engines) as EngineName[]),
    affinity: affinity(env),
    health: health(env),
    workers: optionalWhole(env, 'WORKERS', [1, 256]),
    workerSilenceMs: whole(env, 'WORKER_SILENCE_MS', 30_000, [1000, 3_600_000]),
    tls: tls(env),
    logLevel: choice(env, 'LOG_LEVEL', 'info', LOG_LEVELS),
    drainMs: whole(env, 'DRAIN_MS', 10_000, MS),
    graceMs: whole(env, 'GRACE_MS', 3000, MS),
    maxConnections: optionalWhole(env, 'MAX_CONNECTIONS', [1, 10_000_000]),
    accessLog: choice(env, 'ACCESS_LOG', 'off', ['on', 'off']) === 'on',
    tuning: tuning(env),
  }
}

function mode(env: Env): Mode {
  const given = text(env, 'MODE') ?? 'local'
  const mode = modeOf(given)
  if (mode !== undefined) return mode
  throw new ConfigError(`MODE: ${JSON.stringify(given)} is not one of ${modes.join(', ')} (or redis)`)
}

function admin(env: Env): Pick<Config, 'adminPort' | 'adminHost' | 'adminToken'> {
  const adminHost = text(env, 'ADMIN_HOST') ?? '127.0.0.1'
  const adminToken = text(env, 'ADMIN_TOKEN')
  if (adminToken === undefined && !isLoopback(adminHost)) {
    throw new ConfigError(`ADMIN_TOKEN: needed when ADMIN_HOST (${adminHost}) is not a loopback address`)
  }
  return { adminPort: whole(env, 'ADMIN_PORT', 8001, PORT), adminHost, adminToken }
}

const DEFAULT_UPSTREAMS = 'a=http://127.0.0.1:8080,b=http://127.0.0.1:8081,c=http://127.0.0.1:8082'

// Upstreams and DNS sources between commas; the defaults only where nothing else is said.
function upstreams(env: Env): Pick<Config, 'upstreams' | 'discovery'> {
  const file = text(env, 'UPSTREAMS_FILE')
  const given = text(env, 'UPSTREAMS') ?? (file === undefined ? DEFAULT_UPSTREAMS : '')
  const entries = list({ UPSTREAMS: given }, 'UPSTREAMS')
  const dns = entries.filter(isDnsSource)
  const servers = list(env, 'DISCOVERY_DNS')
  for (const source of dns) guarded('UPSTREAMS', () => dnsSource(source))
  guarded('DISCOVERY_DNS', () => dnsSource('dns+a://any', { servers }))
  const minMs = whole(env, 'DISCOVERY_MIN_MS', 1000, SOME_MS)
  return {
    upstreams: guarded('UPSTREAMS', () => parseUpstreams(entries.filter((entry) => !isDnsSource(entry)).join())),
    discovery: {
      ...{ dns, file, servers, minMs },
      maxMs: whole(env, 'DISCOVERY_MAX_MS', Math.max(10_000, minMs), [minMs, 3_600_000]),
      drainMs: whole(env, 'DISCOVERY_DRAIN_MS', 10_000, MS),
    },
  }
}

function affinity(env: Env): AffinityConfig {
  const by = choice(env, 'AFFINITY', 'cookie', ['cookie', 'route'])
  const cookie = text(env, 'AFFINITY_COOKIE')
  if (cookie !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(cookie)) {
    throw new ConfigError(`AFFINITY_COOKIE: ${JSON.stringify(cookie)} is not a cookie name`)
  }
  const whenUnavailable = choice(env, 'AFFINITY_UNAVAILABLE', 'redispatch', ['redispatch', 'strict'])
  const secret = text(env, 'AFFINITY_SECRET')
  if (secret !== undefined && secret.length < 16) throw new ConfigError('AFFINITY_SECRET: shorter than 16 characters')
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

function cookieAttributes(env: Env): Partial<CookieAffinityOptions> {
  const secure = text(env, 'AFFINITY_SECURE')
  const attributes = {
    path: text(env, 'AFFINITY_PATH'),
    domain: text(env, 'AFFINITY_DOMAIN'),
    maxAgeMs: optionalWhole(env, 'AFFINITY_MAX_AGE_MS', [1000, 999_999_999]),
    secure: secure && choice(env, 'AFFINITY_SECURE', 'true', ['true', 'false']) === 'true',
    sameSite: text(env, 'AFFINITY_SAME_SITE') && choice(env, 'AFFINITY_SAME_SITE', 'lax', ['lax', 'strict', 'none']),
    partitioned: choice(env, 'AFFINITY_PARTITIONED', 'false', ['true', 'false']) === 'true',
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

// What is not given is left to the library: another balancer is told only what was asked for.
function health(env: Env): ActiveOptions {
  const path = text(env, 'HEALTH_PATH')
  if (path !== undefined && !/^\/(?!\/)/.test(path)) {
    throw new ConfigError(`HEALTH_PATH: ${JSON.stringify(path)} does not begin with one /`)
  }
  return {
    path,
    intervalMs: optionalWhole(env, 'HEALTH_INTERVAL_MS', SOME_MS),
    timeoutMs: optionalWhole(env, 'HEALTH_TIMEOUT_MS', SOME_MS),
    rise: optionalWhole(env, 'HEALTH_RISE', [1, 100]),
    fall: optionalWhole(env, 'HEALTH_FALL', [1, 100]),
  }
}

function tls(env: Env): Config['tls'] {
  const certFile = text(env, 'TLS_CERT')
  const keyFile = text(env, 'TLS_KEY')
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined) throw new ConfigError('TLS_CERT: needed with TLS_KEY, the path of a PEM file')
  if (keyFile === undefined) throw new ConfigError('TLS_KEY: needed with TLS_CERT, the path of a PEM file')
  for (const [name, file] of [['TLS_CERT', certFile] as const, ['TLS_KEY', keyFile] as const]) {
    guarded(name, () => readFileSync(file))
  }
  return { certFile, keyFile }
}

function tuning(env: Env): Config['tuning'] {
  const trustProxy = list(env, 'TRUST_PROXY')
  guarded('TRUST_PROXY', () => new TrustedProxies(trustProxy))
  return {
    trustProxy,
    token: headerText(env, 'BALANCER_TOKEN'),
    via: headerText(env, 'VIA'),
    passive: {
      failures: optionalWhole(env, 'PASSIVE_FAILURES', COUNT),
      ejectMs: optionalWhole(env, 'PASSIVE_EJECT_MS', MS),
    },
    slowStartMs: optionalWhole(env, 'SLOW_START_MS', MS),
    panicThreshold: decimal(env, 'PANIC_THRESHOLD', [0, 1]),
    maxInFlight: optionalWhole(env, 'MAX_IN_FLIGHT', [1, 1_000_000]),
    queueLimit: optionalWhole(env, 'QUEUE_LIMIT', COUNT),
    queueTimeoutMs: optionalWhole(env, 'QUEUE_TIMEOUT_MS', MS),
    retries: optionalWhole(env, 'RETRIES', [0, 10]),
    timeouts: {
      connectTimeoutMs: whole(env, 'CONNECT_TIMEOUT_MS', 1000, SOME_MS),
      headersTimeoutMs: whole(env, 'HEADERS_TIMEOUT_MS', 30_000, SOME_MS),
      idleTimeoutMs: whole(env, 'IDLE_TIMEOUT_MS', 60_000, SOME_MS),
    },
    hash: { on: hashOn(env), loadFactor: decimal(env, 'LOAD_FACTOR', [1, 1000]) },
  }
}

function hashOn(env: Env): HashOn {
  const on = text(env, 'HASH_ON') ?? 'address'
  if (isHashOn(on)) return on
  throw new ConfigError(`HASH_ON: ${JSON.stringify(on)} is not address, path, header:<name> or cookie:<name>`)
}
