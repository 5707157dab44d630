import { isLoopback, type Mode, modes, withoutServiceLinks } from '@session-cluster/contract'

/** A lane that runs elsewhere, by its addresses. */
export interface AttachedAddresses {
  readonly mode: Mode
  readonly balancer: string
  readonly admin: string
  /** Where a person's browser reaches the balancer. @default the balancer's own address */
  readonly public?: string | undefined
  readonly redis?: string | undefined
  /** The nodes' admin addresses by name. */
  readonly nodes: Readonly<Record<string, string>>
}

/** Everything that the console was told at start. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Host names besides loopback's that the page may be opened under. */
  readonly allowedHosts: readonly string[]
  /** The modes of the lanes to start; unused when `attached` names any. */
  readonly modes: readonly Mode[]
  readonly attached: readonly AttachedAddresses[]
  readonly adminToken?: string | undefined
  readonly redisUrl?: string | undefined
  /** The first lane's ports; 0 is any free one. */
  readonly ports: { readonly nodes: number; readonly balancer: number; readonly balancerAdmin: number }
}

/** A variable that cannot be accepted; the message names it and says what is allowed. */
export class ConfigError extends Error {
  readonly code = 'CONSOLE_CONFIG'
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads and checks the environment. @throws ConfigError for the first variable that cannot be accepted */
export function readConfig(given: Environment): Config {
  const env = withoutServiceLinks(given)
  const attached = (env.LANES ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter(Boolean)
    .map(readLane)
  for (const [index, { mode }] of attached.entries()) {
    if (attached.findIndex((lane) => lane.mode === mode) !== index)
      throw new ConfigError(`LANES: there are two lanes of mode ${mode}; use one of each`)
  }
  const host = env.HOST || '127.0.0.1'
  if (!isLoopback(host) && attached.length === 0) {
    throw new ConfigError(
      `HOST: ${host} is not the loopback address, and whoever reaches a console may crash its nodes; use 127.0.0.1 (a console that is attached by LANES may listen elsewhere)`,
    )
  }
  return {
    host,
    port: readPort(env, 'CONSOLE_PORT', 3000),
    allowedHosts: (env.CONSOLE_HOSTS ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter(Boolean),
    modes: readModes(env.MODE),
    attached,
    adminToken: env.ADMIN_TOKEN || undefined,
    redisUrl: env.REDIS_URL || undefined,
    ports: {
      nodes: readPort(env, 'PORT', 8080),
      balancer: readPort(env, 'BALANCER_PORT', 8000),
      balancerAdmin: readPort(env, 'ADMIN_PORT', 8001),
    },
  }
}

function readModes(value: string | undefined): readonly Mode[] {
  if (!value) return modes
  const mode = value === 'redis' ? 'clustered' : value
  if (!(modes as readonly string[]).includes(mode))
    throw new ConfigError(
      `MODE: ${JSON.stringify(value)} is none of local, sticky, clustered, redis; unset, all three are shown`,
    )
  return [mode as Mode]
}

function readPort(env: Environment, name: string, fallback: number): number {
  const value = env[name]
  if (!value) return fallback
  const port = Number(value)
  if (!/^\d+$/.test(value) || port > 65_535)
    throw new ConfigError(`${name}: ${JSON.stringify(value)} is not a port; use 0 to 65535`)
  return port
}

/** Reads one lane: `mode=sticky,balancer=http://…,admin=http://…,a=http://…,b=http://…`. */
function readLane(text: string): AttachedAddresses {
  const fields = new Map(
    text.split(',').map((pair) => {
      const equals = pair.indexOf('=')
      if (equals < 1) throw new ConfigError(`LANES: ${JSON.stringify(pair)} is not name=value`)
      return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()] as const
    }),
  )
  const mode = fields.get('mode') === 'redis' ? 'clustered' : fields.get('mode')
  if (!(modes as readonly (string | undefined)[]).includes(mode))
    throw new ConfigError(`LANES: a lane's mode is ${JSON.stringify(mode)}; use local, sticky, clustered or redis`)
  const address = (name: string): string => {
    const value = fields.get(name) ?? ''
    if (!/^https?:\/\/[^/]+\/?$/.test(value))
      throw new ConfigError(`LANES: ${name} of the ${mode} lane is ${JSON.stringify(value)}; use http://host:port`)
    return value
  }
  const known = ['mode', 'balancer', 'admin', 'public', 'redis']
  const nodes = Object.fromEntries(
    [...fields.keys()].filter((name) => !known.includes(name)).map((name) => [name, address(name)]),
  )
  if (Object.keys(nodes).length === 0)
    throw new ConfigError(`LANES: the ${mode} lane names no node; add a=http://host:port, its admin address`)
  return {
    mode: mode as Mode,
    balancer: address('balancer'),
    admin: address('admin'),
    ...(fields.has('public') ? { public: address('public') } : {}),
    ...(fields.has('redis') ? { redis: fields.get('redis') } : {}),
    nodes,
  }
}
