import {
  ConfigError,
  choice,
  type Environment,
  isLoopback,
  isShared,
  type Mode,
  matching,
  modeNames,
  parseMode,
  quote,
  readPort,
  secret,
  text,
  whole,
  withoutServiceLinks,
} from '@session-cluster/contract'
import { parseRedisAddress, REDIS_URL_FORMS, type RedisAddress } from './redis-address.ts'
import { type RedisSettings, readRedisSettings } from './redis-config.ts'
import { readSession, type SessionConfig } from './session-config.ts'

/** A node of the cluster, or its balancer, as a reader reaches it. */
export interface Neighbour {
  /** A node's name, or `balancer`. */
  name: string
  port: number
}

/** Everything that one node was told at start. */
export interface Config {
  mode: Mode
  nodeName: string
  host: string
  port: number
  adminHost: string
  adminPort: number
  /** Asked of every admin call when set; the calls that hurt the node (crash, freeze, slow) exist only then. */
  adminToken?: string
  /** What proves that `X-Request-Id` comes from the balancer. Unset: no request id is believed. */
  balancerToken?: string
  /** Present exactly when `mode` is `clustered` or `hybrid`. */
  redis?: RedisAddress
  redisSettings: RedisSettings
  session: SessionConfig
  /** After SIGTERM: how long the node still serves while `/readyz` says 503. */
  drainMs: number
  /** Who else of the cluster can be reached, and on which port of the host that the reader came to; the start page links there. */
  neighbours: readonly Neighbour[]
  logLevel: (typeof LOG_LEVELS)[number]
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const LAST_PORT = 65_535

/** Reads and checks the environment. Throws a `ConfigError` for the first variable that cannot be accepted. */
export function readConfig(given: Environment = process.env): Config {
  const env = withoutServiceLinks(given)
  const mode = parseMode(choice(env, 'MODE', modeNames) ?? 'local')
  const port = readPort(env, 'PORT') ?? 8080
  const redis = isShared(mode) ? readRedis(env, mode) : undefined
  const nodeName = matching(env, 'NODE_NAME', /^[\w.-]{1,253}$/, '1 to 253 letters, digits, . - or _') ?? 'a'
  const balancerToken = secret(env, 'BALANCER_TOKEN')
  return {
    mode,
    nodeName,
    host: matching(env, 'HOST', /^[\w.:-]+$/, 'a host name or an IP address') ?? '127.0.0.1',
    port,
    ...readAdmin(env, port),
    ...(balancerToken === undefined ? {} : { balancerToken }),
    ...(redis === undefined ? {} : { redis }),
    redisSettings: readRedisSettings(env),
    session: readSession(env, { mode, nodeName }),
    drainMs: whole(env, 'DRAIN_MS', [0, 600_000], { unit: 'of milliseconds ' }) ?? 3000,
    neighbours: readNeighbours(env),
    logLevel: choice(env, 'LOG_LEVEL', LOG_LEVELS) ?? 'info',
  }
}

function readAdmin(env: Environment, port: number): Pick<Config, 'adminHost' | 'adminPort' | 'adminToken'> {
  const adminHost = matching(env, 'ADMIN_HOST', /^[\w.:-]+$/, 'a host name or an IP address') ?? '127.0.0.1'
  const adminToken = secret(env, 'ADMIN_TOKEN')
  if (!isLoopback(adminHost) && adminToken === undefined) {
    throw new ConfigError('ADMIN_TOKEN', `must be set when ADMIN_HOST (${adminHost}) is not the loopback address`)
  }
  const adminPort = readPort(env, 'ADMIN_PORT') ?? (port === 0 ? 0 : port + 1000)
  if (adminPort > LAST_PORT) {
    throw new ConfigError('ADMIN_PORT', `PORT + 1000 is ${adminPort}, past 65535; set ADMIN_PORT, 0 for any free port`)
  }
  if (adminPort !== 0 && adminPort === port)
    throw new ConfigError('ADMIN_PORT', `${adminPort} is PORT too; use another`)
  return { adminHost, adminPort, ...(adminToken === undefined ? {} : { adminToken }) }
}

function readNeighbours(env: Environment): readonly Neighbour[] {
  const listed = text(env, 'NEIGHBOURS')?.split(',') ?? []
  return listed.map((item) => {
    const [, name, digits] = /^\s*([\w-]{1,32})=(\d{1,5})\s*$/.exec(item) ?? []
    const port = Number(digits)
    if (name !== undefined && port >= 1 && port <= LAST_PORT) return { name, port }
    throw new ConfigError(
      'NEIGHBOURS',
      `${quote(item)} is not understood; use name=port,name=port with ports from 1 to 65535`,
    )
  })
}

function readRedis(env: Environment, mode: Mode): RedisAddress {
  const url = text(env, 'REDIS_URL')
  if (url === undefined) {
    throw new ConfigError('REDIS_URL', `must be set when MODE is ${mode}; use ${REDIS_URL_FORMS}`)
  }
  try {
    return parseRedisAddress(url)
  } catch (error) {
    throw new ConfigError('REDIS_URL', (error as Error).message)
  }
}
