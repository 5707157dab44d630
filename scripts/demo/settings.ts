import { isFree } from '@session-cluster/cluster'
import { type ConsoleOptions, portStep, startConsole } from '@session-cluster/console'
import { lessons, type Mode, parseMode, whole } from '@session-cluster/contract'

/** The nodes of a lane; each takes the next port. */
export const NODES = ['a', 'b', 'c'] as const

/** A variable that the demo cannot start with. One line: the variable, its value, what is allowed. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

/** The demo reads these itself; the rest of the environment reaches the nodes and the balancers as it is. */
const OURS = new Set([
  'MODE',
  'LANES',
  'PORT',
  'NODE_NAME',
  'NEIGHBOURS',
  'ADMIN_PORT',
  'ADMIN_TOKEN',
  'BALANCER_PORT',
  'BALANCER_TOKEN',
  'CONSOLE_PORT',
  'UPSTREAMS',
  'REDIS_URL',
  'NODE_OPTIONS',
])

/** What the demo was asked for. */
export interface Settings {
  /** One lane each. */
  readonly modes: readonly Mode[]
  /** The console's port, and the first lane's; a further lane's lie `portStep` above. */
  readonly ports: {
    readonly console: number
    readonly nodes: number
    readonly balancer: number
    readonly balancerAdmin: number
  }
  readonly redisUrl: string | undefined
  readonly env: Readonly<Record<string, string>>
  /** Whether a Spring Boot server joins the nodes. */
  readonly withSpring: boolean
}

/**
 * Reads the demo's variables. With Spring there is one lane, `clustered`, whose sessions are laid out for it. Throws
 * {@link SettingError}, and `ConfigError` for a port.
 */
export function readSettings(env: NodeJS.ProcessEnv, { withSpring = false } = {}): Settings {
  const modes = readModes(withSpring && !env.MODE ? { MODE: 'clustered' } : env)
  if (withSpring && modes[0] !== 'clustered') {
    throw new SettingError(`MODE=${env.MODE} has no Redis for Spring to share: leave MODE out, or use MODE=clustered`)
  }
  const passedOn = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !OURS.has(entry[0]),
  )
  const room = (modes.length - 1) * portStep
  return {
    modes,
    ports: {
      console: port(env, 'CONSOLE_PORT', 3000),
      nodes: port(env, 'PORT', 8080, room + 1000 + NODES.length - 1),
      balancer: port(env, 'BALANCER_PORT', 8000, room),
      balancerAdmin: port(env, 'ADMIN_PORT', 8001, room),
    },
    redisUrl: env.REDIS_URL || undefined,
    env: { ...(withSpring && { SESSION_IDS: 'spring' }), ...Object.fromEntries(passedOn) },
    withSpring,
  }
}

/** Starts the console with its lanes as the settings say. */
export function startLanes({ modes, ports, redisUrl, env }: Settings, options: ConsoleOptions) {
  const config = { host: '127.0.0.1', port: ports.console, allowedHosts: [], modes, attached: [], redisUrl, ports }
  return startConsole(config, { ...options, env })
}

/** Throws for the first port that something else listens on, naming the variable that changes it. */
export async function assertPortsFree({ modes, ports, withSpring }: Settings): Promise<void> {
  const wanted = [{ port: ports.console, whose: 'the console', variable: 'CONSOLE_PORT', of: 'the console' }]
  for (const [lane, mode] of modes.entries()) wanted.push(...lanePorts(ports, lane * portStep, mode))
  if (withSpring) {
    const of = 'the first node; Spring Boot takes the one after the last'
    wanted.push({ port: ports.nodes + NODES.length, whose: 'Spring Boot', variable: 'PORT', of })
  }
  for (const { port, whose, variable, of } of wanted) {
    if (await isFree(port)) continue
    throw new SettingError(
      `Port ${port} for ${whose} is taken: stop what listens there, or set ${variable} to another port (${of}).`,
    )
  }
}

function lanePorts({ nodes, balancer, balancerAdmin }: Settings['ports'], shift: number, mode: Mode) {
  const at = (port: number, whose: string, variable: string, of: string) => ({
    port: port + shift,
    whose: `${whose} (${mode})`,
    variable,
    of,
  })
  return [
    ...NODES.map((name, index) =>
      at(nodes + index, `node ${name}`, 'PORT', 'the first node; the others take the next ones'),
    ),
    ...NODES.map((name, index) =>
      at(nodes + 1000 + index, `node ${name}'s admin API`, 'PORT', 'the first node; admin APIs lie 1000 above'),
    ),
    at(balancer, 'the balancer', 'BALANCER_PORT', 'the balancer'),
    at(balancerAdmin, "the balancer's admin API", 'ADMIN_PORT', "the balancer's admin API"),
  ]
}

/** One lane in `MODE`, those that `LANES` names, or the three lessons. */
function readModes(env: NodeJS.ProcessEnv): readonly Mode[] {
  const names = env.MODE ? [env.MODE] : (env.LANES ?? '').split(',').filter(Boolean)
  if (names.length === 0) return lessons
  try {
    return [...new Set(names.map((name) => parseMode(name.trim())))]
  } catch (error) {
    throw new SettingError((error as Error).message, { cause: error })
  }
}

/** A port that leaves room for those which lie above it. */
function port(env: NodeJS.ProcessEnv, variable: string, fallback: number, room = 0): number {
  return whole(env, variable, [1, 65_535 - room]) ?? fallback
}
