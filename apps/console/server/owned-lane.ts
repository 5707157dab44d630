import { randomBytes } from 'node:crypto'
import { type Cluster, startCluster } from '@session-cluster/cluster'
import type { Mode, ProcessState } from '@session-cluster/contract'
import { type Disabled, type LaneAction, mostNodes, type NodeAction } from '../wire/frame.ts'
import { type ActionValue, callAdmin, type LaneHost } from './lane-host.ts'

/** How a lane of the console's own is started. */
export interface OwnedLaneOptions {
  readonly mode: Mode
  /** The first node's port (further nodes, and the admin ports 1000 above, follow it), and the balancer's; 0 is any free one. */
  readonly ports: { readonly nodes: number; readonly balancer: number; readonly balancerAdmin: number }
  /** A Redis that runs already. @default one of the lane's own */
  readonly redisUrl?: string | undefined
  readonly onProgress?: ((line: string) => void) | undefined
  readonly onLog?: ((part: string, line: string) => void) | undefined
  readonly onState?: ((part: string, state: ProcessState) => void) | undefined
  /** Hears of the cluster once it is up. It still belongs to the lane. */
  readonly onCluster?: ((cluster: Cluster) => void) | undefined
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal | undefined
  /** Further variables for every process. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly nodeEnv?: Readonly<Record<string, string>> | undefined
  readonly balancerEnv?: Readonly<Record<string, string>> | undefined
}

/** What cannot be done to a lane of the console's own that stands so, each with its reason. */
export function disabledHere({ nodes, redis }: Standing): Disabled {
  return { ...(nodes.length >= mostNodes && { add: 'full' }), ...withRedis(redis) }
}

/** As much of a cluster as decides what can be done to it. */
interface Standing {
  readonly nodes: readonly unknown[]
  readonly redis: { readonly managed: boolean; readonly state: ProcessState | undefined } | undefined
}

function withRedis(redis: Standing['redis']): Disabled {
  if (!redis)
    return {
      codec: 'no-redis',
      'codec-trial': 'no-redis',
      'redis-stop': 'no-redis',
      'redis-freeze': 'no-redis',
      'redis-thaw': 'no-redis',
      'redis-start': 'no-redis',
    }
  // A server does not start without its Redis: a restart would only end it.
  const away = { codec: 'redis-away', rolling: 'redis-away', add: 'redis-away', restart: 'redis-away' } as const
  if (redis.managed) return redis.state === 'running' ? {} : away
  return {
    'redis-stop': 'foreign-redis',
    'redis-freeze': 'foreign-redis',
    'redis-thaw': 'foreign-redis',
    'redis-start': 'foreign-redis',
  }
}

/** How long the balancer waits for a node that hangs: a person who froze it wants to see the 504. */
const frozenMs = '5000'

/** Starts a cluster of the console's own: it ends with the console. */
export async function ownedLane(options: OwnedLaneOptions): Promise<LaneHost> {
  const listeners = new Set<(part: string, state: ProcessState) => void>()
  const nodeToken = randomBytes(18).toString('base64url')
  const { ports } = options
  const cluster = await startCluster({
    mode: options.mode,
    nodes: 3,
    ports: {
      ...(ports.nodes > 0 && { nodes: ports.nodes, nodeAdmins: ports.nodes + 1000 }),
      ...(ports.balancer > 0 && { balancer: ports.balancer }),
      ...(ports.balancerAdmin > 0 && { balancerAdmin: ports.balancerAdmin }),
    },
    // With a file, so that what a stopped Redis held is there again when it comes back.
    redis: options.redisUrl === undefined ? { appendOnly: true } : { url: options.redisUrl },
    nodeEnv: { LOG_LEVEL: 'info', ...options.nodeEnv, ADMIN_TOKEN: nodeToken },
    balancerEnv: { HEADERS_TIMEOUT_MS: frozenMs, ...options.balancerEnv },
    env: { ...options.env },
    ...(options.signal && { signal: options.signal }),
    onState: (part, state) => {
      options.onState?.(part, state)
      for (const listener of listeners) listener(part.replace(/^node /, ''), state)
    },
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.onLog && { onLog: (part, line) => options.onLog?.(part, line.text) }),
  })
  options.onCluster?.(cluster)
  return new OwnedLane(options, cluster, nodeToken, listeners)
}

class OwnedLane implements LaneHost {
  readonly mode: Mode
  readonly attached = false
  readonly adminToken: string
  readonly #cluster: Cluster
  readonly #listeners: Set<(part: string, state: ProcessState) => void>
  /** The nodes that were told to drain or to be in maintenance, whatever the balancer calls them while they are down. */
  readonly #aside = new Set<string>()

  constructor(
    { mode }: OwnedLaneOptions,
    cluster: Cluster,
    adminToken: string,
    listeners: Set<(part: string, state: ProcessState) => void>,
  ) {
    this.mode = mode
    this.adminToken = adminToken
    this.#cluster = cluster
    this.#listeners = listeners
  }

  get balancerUrl() {
    return this.#cluster.balancer.url
  }
  get balancerAdminUrl() {
    return this.#cluster.balancer.adminUrl
  }
  get publicUrl() {
    const { protocol, port } = new URL(this.balancerUrl)
    return `${protocol}//${this.mode}.localhost:${port}`
  }
  get redisUrl() {
    return this.#cluster.redis?.url
  }

  nodes() {
    return this.#cluster.nodes.map(({ name, url, adminUrl }) => ({ name, url, adminUrl }))
  }

  stateOf(part: string): ProcessState | undefined {
    if (part === 'redis') return this.#cluster.redis?.state
    return this.#cluster.nodes.find(({ name }) => name === part)?.state
  }

  onState(listener: (part: string, state: ProcessState) => void) {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  disabled(): Disabled {
    return disabledHere(this.#cluster)
  }

  async actOnNode(name: string, action: NodeAction, value: ActionValue): Promise<void> {
    const node = this.#cluster.node(name)
    const { balancer } = this.#cluster
    switch (action) {
      case 'crash':
        return node.crash()
      case 'freeze':
        return node.freeze()
      case 'thaw':
        return node.thaw()
      case 'stop':
        await node.stop()
        return
      case 'restart':
        if (node.state === 'frozen') await node.thaw()
        return this.#restarting([node], () => (node.pid === undefined ? node.start() : node.restart()))
      case 'drain':
      case 'maintenance':
      case 'ready':
        await balancer.change(name, { state: action })
        if (action === 'ready') this.#aside.delete(name)
        else this.#aside.add(name)
        return
      case 'weight':
        return balancer.change(name, { weight: value.weight ?? 1 })
      case 'slow':
        await callAdmin(new URL(`/slow?ms=${value.slowMs ?? 0}`, node.adminUrl).href, this.adminToken, {
          method: 'POST',
        })
    }
  }

  async actOnLane(action: LaneAction, value: ActionValue & { readonly node?: string | undefined }): Promise<void> {
    const { redis } = this.#cluster
    switch (action) {
      case 'add':
        await this.#cluster.addNode()
        return
      case 'remove':
        await this.#cluster.removeNode(value.node ?? '')
        this.#aside.delete(value.node ?? '')
        return
      case 'rolling':
        return this.#restarting(this.#cluster.nodes, () => this.#cluster.rollingRestart())
      case 'redis-stop':
        return redis?.crash()
      case 'redis-freeze':
        return redis?.freeze()
      case 'redis-thaw':
        return redis?.thaw()
      case 'redis-start':
        return redis?.start()
      case 'codec':
        return this.#restarting(this.#cluster.nodes, () =>
          this.#cluster.rollingRestart({ SESSION_CODEC: value.codec ?? 'json' }),
        )
    }
  }

  /** A server that drains or is in maintenance stays so through a restart: nobody waits until the balancer sees it up. */
  async #restarting(nodes: Cluster['nodes'], restart: () => Promise<void>): Promise<void> {
    const kept = nodes.filter(({ name }) => this.#aside.has(name)).map((node) => [node, node.untilSeen] as const)
    for (const [node] of kept) node.untilSeen = undefined
    try {
      await restart()
    } finally {
      for (const [node, untilSeen] of kept) node.untilSeen = untilSeen
    }
  }

  async [Symbol.asyncDispose]() {
    await this.#cluster[Symbol.asyncDispose]()
  }
}
