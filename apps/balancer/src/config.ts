import { readFileSync } from 'node:fs'
import {
  type ActiveOptions,
  type BalancerOptions,
  dnsSource,
  type EngineName,
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
import {
  ConfigError,
  choice,
  decimal,
  type Environment,
  guarded,
  headerText,
  isLoopback,
  list,
  type Mode,
  modeNames,
  parseMode,
  quote,
  text,
  whole,
  withoutServiceLinks,
} from '@session-cluster/contract'
import { type AffinityConfig, affinity } from './affinity-config.ts'
import { health, type NodesConfig, nodes } from './nodes-config.ts'

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
  nodes: NodesConfig
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
    | ('timeouts' | 'trustProxy' | 'token' | 'via' | 'hash' | 'retry')
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

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const PORT = [0, 65_535] as const
const MS = [0, 3_600_000] as const
const SOME_MS = [10, 3_600_000] as const
const COUNT = [0, 1_000_000] as const

/** Reads the configuration. @throws ConfigError on the first variable that is wrong */
export function readConfig(given: Environment): Config {
  const env = withoutServiceLinks(given)
  return {
    mode: mode(env),
    port: whole(env, 'BALANCER_PORT', PORT) ?? 8000,
    host: text(env, 'HOST') ?? '127.0.0.1',
    ...admin(env),
    ...upstreams(env),
    policy: choice(env, 'POLICY', Object.keys(policies) as PolicyName[]) ?? 'round-robin',
    engine: choice(env, 'ENGINE', Object.keys(engines) as EngineName[]) ?? 'direct',
    affinity: affinity(env),
    health: health(env),
    workers: whole(env, 'WORKERS', [1, 256]),
    workerSilenceMs: whole(env, 'WORKER_SILENCE_MS', [1000, 3_600_000]) ?? 30_000,
    tls: tls(env),
    nodes: nodes(env),
    logLevel: choice(env, 'LOG_LEVEL', LOG_LEVELS) ?? 'info',
    drainMs: whole(env, 'DRAIN_MS', MS) ?? 10_000,
    graceMs: whole(env, 'GRACE_MS', MS) ?? 3000,
    maxConnections: whole(env, 'MAX_CONNECTIONS', [1, 10_000_000]),
    accessLog: choice(env, 'ACCESS_LOG', ['on', 'off']) === 'on',
    tuning: tuning(env),
  }
}

function mode(env: Environment): Mode {
  return parseMode(choice(env, 'MODE', modeNames) ?? 'local')
}

function admin(env: Environment): Pick<Config, 'adminPort' | 'adminHost' | 'adminToken'> {
  const adminHost = text(env, 'ADMIN_HOST') ?? '127.0.0.1'
  const adminToken = text(env, 'ADMIN_TOKEN')
  if (adminToken === undefined && !isLoopback(adminHost)) {
    throw new ConfigError('ADMIN_TOKEN', `needed when ADMIN_HOST (${adminHost}) is not a loopback address`)
  }
  return { adminPort: whole(env, 'ADMIN_PORT', PORT) ?? 8001, adminHost, adminToken }
}

const DEFAULT_UPSTREAMS = 'a=http://127.0.0.1:8080,b=http://127.0.0.1:8081,c=http://127.0.0.1:8082'

// Upstreams and DNS sources between commas; the defaults only where nothing else is said.
function upstreams(env: Environment): Pick<Config, 'upstreams' | 'discovery'> {
  const file = text(env, 'UPSTREAMS_FILE')
  const given = text(env, 'UPSTREAMS') ?? (file === undefined ? DEFAULT_UPSTREAMS : '')
  const entries = list({ UPSTREAMS: given }, 'UPSTREAMS')
  const dns = entries.filter(isDnsSource)
  const servers = list(env, 'DISCOVERY_DNS')
  for (const source of dns) guarded('UPSTREAMS', () => dnsSource(source))
  guarded('DISCOVERY_DNS', () => dnsSource('dns+a://any', { servers }))
  const minMs = whole(env, 'DISCOVERY_MIN_MS', SOME_MS) ?? 1000
  return {
    upstreams: guarded('UPSTREAMS', () => parseUpstreams(entries.filter((entry) => !isDnsSource(entry)).join())),
    discovery: {
      ...{ dns, file, servers, minMs },
      maxMs: whole(env, 'DISCOVERY_MAX_MS', [minMs, 3_600_000]) ?? Math.max(10_000, minMs),
      drainMs: whole(env, 'DISCOVERY_DRAIN_MS', MS) ?? 10_000,
    },
  }
}

function tls(env: Environment): Config['tls'] {
  const certFile = text(env, 'TLS_CERT')
  const keyFile = text(env, 'TLS_KEY')
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined) throw new ConfigError('TLS_CERT', 'needed with TLS_KEY, the path of a PEM file')
  if (keyFile === undefined) throw new ConfigError('TLS_KEY', 'needed with TLS_CERT, the path of a PEM file')
  for (const [name, file] of [['TLS_CERT', certFile] as const, ['TLS_KEY', keyFile] as const]) {
    guarded(name, () => readFileSync(file))
  }
  return { certFile, keyFile }
}

function retriedStatus(given: string): 502 | 503 | 504 {
  const status = Number(given)
  if (status === 502 || status === 503 || status === 504) return status
  throw new ConfigError('RETRY_STATUSES', `${quote(given)} is not one of 502, 503, 504`)
}

function tuning(env: Environment): Config['tuning'] {
  const trustProxy = list(env, 'TRUST_PROXY')
  guarded('TRUST_PROXY', () => new TrustedProxies(trustProxy))
  return {
    trustProxy,
    token: headerText(env, 'BALANCER_TOKEN'),
    via: headerText(env, 'VIA'),
    passive: {
      failures: whole(env, 'PASSIVE_FAILURES', COUNT),
      ejectMs: whole(env, 'PASSIVE_EJECT_MS', MS),
    },
    slowStartMs: whole(env, 'SLOW_START_MS', MS),
    panicThreshold: decimal(env, 'PANIC_THRESHOLD', [0, 1]),
    maxInFlight: whole(env, 'MAX_IN_FLIGHT', [1, 1_000_000]),
    queueLimit: whole(env, 'QUEUE_LIMIT', COUNT),
    queueTimeoutMs: whole(env, 'QUEUE_TIMEOUT_MS', MS),
    retries: whole(env, 'RETRIES', [0, 10]),
    retry: {
      methods: choice(env, 'RETRY_METHODS', ['safe', 'idempotent']) ?? 'safe',
      statuses: list(env, 'RETRY_STATUSES').map(retriedStatus),
    },
    timeouts: {
      connectTimeoutMs: whole(env, 'CONNECT_TIMEOUT_MS', SOME_MS) ?? 1000,
      headersTimeoutMs: whole(env, 'HEADERS_TIMEOUT_MS', SOME_MS) ?? 30_000,
      idleTimeoutMs: whole(env, 'IDLE_TIMEOUT_MS', SOME_MS) ?? 60_000,
    },
    hash: { on: hashOn(env), loadFactor: decimal(env, 'LOAD_FACTOR', [1, 1000]) },
  }
}

function hashOn(env: Environment): HashOn {
  const on = text(env, 'HASH_ON') ?? 'address'
  if (isHashOn(on)) return on
  throw new ConfigError('HASH_ON', `${quote(on)} is not address, path, header:<name> or cookie:<name>`)
}
