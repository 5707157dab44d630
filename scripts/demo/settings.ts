import { type ClusterOptions, isFree, type Mode, parseMode } from '@session-cluster/cluster'

/** The nodes of the demo; each takes the next port. */
export const NODES = ['a', 'b', 'c'] as const

/** A variable that the demo cannot start with. One line: the variable, its value, what is allowed. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

/** The cluster decides these itself, from the demo's own reading of them. */
const OURS = new Set([
  'MODE',
  'PORT',
  'NODE_NAME',
  'ADMIN_PORT',
  'BALANCER_PORT',
  'BALANCER_TOKEN',
  'UPSTREAMS',
  'REDIS_URL',
  'NODE_OPTIONS',
])

/** What the demo was asked for. */
export interface Settings {
  readonly mode: Mode
  readonly cluster: ClusterOptions
}

/** Reads the demo's variables; whatever else is set reaches the nodes and the balancer as it is. Throws {@link SettingError}. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const mode = readMode(env)
  const nodes = port(env, 'PORT', 8080, NODES.length)
  const ports = {
    nodes,
    nodeAdmins: nodes + 1000,
    balancer: port(env, 'BALANCER_PORT', 8000),
    balancerAdmin: port(env, 'ADMIN_PORT', 8001),
  }
  const passedOn = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !OURS.has(entry[0]),
  )
  const redis = env.REDIS_URL ? { redis: { url: env.REDIS_URL } } : {}
  return { mode, cluster: { mode, nodes: NODES, ports, env: Object.fromEntries(passedOn), ...redis } }
}

/** Throws for the first port that something else listens on, naming the variable that changes it. */
export async function assertPortsFree({ cluster: { ports } }: Settings): Promise<void> {
  const { nodes = 0, nodeAdmins = 0, balancer = 0, balancerAdmin = 0 } = ports ?? {}
  const wanted = [
    ...NODES.map((name, index) => ({
      port: nodes + index,
      whose: `node ${name}`,
      variable: 'PORT',
      of: 'the first node; the others take the next ones',
    })),
    ...NODES.map((name, index) => ({
      port: nodeAdmins + index,
      whose: `node ${name}'s admin API`,
      variable: 'PORT',
      of: 'the first node; admin APIs lie 1000 above',
    })),
    { port: balancer, whose: 'the balancer', variable: 'BALANCER_PORT', of: 'the balancer' },
    { port: balancerAdmin, whose: "the balancer's admin API", variable: 'ADMIN_PORT', of: "the balancer's admin API" },
  ]
  for (const { port, whose, variable, of } of wanted) {
    if (await isFree(port)) continue
    throw new SettingError(
      `Port ${port} for ${whose} is taken: stop what listens there, or set ${variable} to another port (${of}).`,
    )
  }
}

function readMode(env: NodeJS.ProcessEnv): Mode {
  try {
    return parseMode(env.MODE || 'local')
  } catch (error) {
    throw new SettingError((error as Error).message, { cause: error })
  }
}

/** A port that leaves room for `count` ports from it, and for their admin ports. */
function port(env: NodeJS.ProcessEnv, variable: string, fallback: number, count = 1): number {
  const text = env[variable] || String(fallback)
  const last = 65_535 - (count > 1 ? 1000 + count - 1 : 0)
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= last) return value
  throw new SettingError(`${variable}=${JSON.stringify(text)} is no port: use a whole number from 1 to ${last}`)
}
