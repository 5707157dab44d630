import {
  ConfigError,
  choice,
  type Environment,
  isLoopback,
  lessons,
  list,
  type Mode,
  modeNames,
  modeOf,
  modes,
  parseMode,
  quote,
  readPort,
  text,
  withoutServiceLinks,
} from '@session-cluster/contract'

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

/** Reads and checks the environment. @throws ConfigError for the first variable that cannot be accepted */
export function readConfig(given: Environment): Config {
  const env = withoutServiceLinks(given)
  const attached = (namedLanes(env).length > 0 ? '' : (text(env, 'LANES') ?? ''))
    .split(';')
    .map((part) => part.trim())
    .filter(Boolean)
    .map(readLane)
  for (const [index, { mode }] of attached.entries()) {
    if (attached.findIndex((lane) => lane.mode === mode) !== index)
      throw new ConfigError('LANES', `there are two lanes of mode ${mode}; use one of each`)
  }
  const host = text(env, 'HOST') ?? '127.0.0.1'
  if (!isLoopback(host) && attached.length === 0) {
    throw new ConfigError(
      'HOST',
      `${host} is not the loopback address, and whoever reaches a console may crash its nodes; use 127.0.0.1 (a console that is attached by LANES may listen elsewhere)`,
    )
  }
  return {
    host,
    port: readPort(env, 'CONSOLE_PORT') ?? 3000,
    allowedHosts: list(env, 'CONSOLE_HOSTS').map((name) => name.toLowerCase()),
    modes: readModes(env),
    attached,
    adminToken: text(env, 'ADMIN_TOKEN'),
    redisUrl: text(env, 'REDIS_URL'),
    ports: {
      nodes: readPort(env, 'PORT') ?? 8080,
      balancer: readPort(env, 'BALANCER_PORT') ?? 8000,
      balancerAdmin: readPort(env, 'ADMIN_PORT') ?? 8001,
    },
  }
}

function readModes(env: Environment): readonly Mode[] {
  const mode = choice(env, 'MODE', modeNames)
  if (mode !== undefined) return [parseMode(mode)]
  const named = namedLanes(env)
  return named.length === 0 ? lessons : named
}

/** The modes of lanes to start, as `LANES=local,sticky,clustered,hybrid` names them; none when it gives addresses. */
export function namedLanes(env: Environment): readonly Mode[] {
  const names = list(env, 'LANES')
  const found = names.map((name) => modeOf(name))
  return found.every((mode) => mode !== undefined) ? [...new Set(found)] : []
}

/** Reads one lane: `mode=sticky,balancer=http://…,admin=http://…,a=http://…,b=http://…`. */
function readLane(text: string): AttachedAddresses {
  const fields = new Map(
    text.split(',').map((pair) => {
      const equals = pair.indexOf('=')
      if (equals < 1) throw new ConfigError('LANES', `${quote(pair)} is not name=value`)
      return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()] as const
    }),
  )
  const mode = fields.get('mode') === 'redis' ? 'clustered' : fields.get('mode')
  if (!(modes as readonly (string | undefined)[]).includes(mode))
    throw new ConfigError(
      'LANES',
      `a lane's mode is ${quote(mode ?? '')}; use local, sticky, clustered, redis or hybrid`,
    )
  const address = (name: string): string => {
    const value = fields.get(name) ?? ''
    if (!/^https?:\/\/[^/]+\/?$/.test(value))
      throw new ConfigError('LANES', `${name} of the ${mode} lane is ${quote(value)}; use http://host:port`)
    return value
  }
  const known = ['mode', 'balancer', 'admin', 'public', 'redis']
  const nodes = Object.fromEntries(
    [...fields.keys()].filter((name) => !known.includes(name)).map((name) => [name, address(name)]),
  )
  if (Object.keys(nodes).length === 0)
    throw new ConfigError('LANES', `the ${mode} lane names no node; add a=http://host:port, its admin address`)
  return {
    mode: mode as Mode,
    balancer: address('balancer'),
    admin: address('admin'),
    ...(fields.has('public') ? { public: address('public') } : {}),
    ...(fields.has('redis') ? { redis: fields.get('redis') } : {}),
    nodes,
  }
}
