import { setTimeout as wait } from 'node:timers/promises'
import type { Disabled, LaneAction, NodeAction } from '../wire/frame.ts'
import type { AttachedAddresses } from './config.ts'
import { type ActionValue, callAdmin, type LaneHost, type LaneNode } from './lane-host.ts'

/** How long a freeze lasts where nobody outside can thaw the node, ms. */
const freezeMs = 8000

interface AttachOptions {
  /** How long the balancer may take to answer, ms. @default 60_000 */
  readonly patienceMs?: number
  /** Gives up waiting for it. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Attaches to a lane that runs elsewhere. What a signal would do is asked of the node itself, by `adminToken`; what only the
 * processes' parent can do is shown disabled. Rejects when the balancer does not answer in time.
 */
export async function attachedLane(
  addresses: AttachedAddresses,
  adminToken: string | undefined,
  { patienceMs = 60_000, signal }: AttachOptions = {},
): Promise<LaneHost> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      const upstreams = await callAdmin(new URL('/upstreams', addresses.admin).href, adminToken)
      return new AttachedLane(addresses, adminToken, upstreams as readonly { name: string; url: string }[])
    } catch (error) {
      const refused = /answered 40[13]/.test((error as Error).message)
      if (refused) throw new Error(`The balancer's admin port at ${addresses.admin} refused ADMIN_TOKEN`)
      if (Date.now() > deadline) throw new Error(`The balancer's admin port at ${addresses.admin} does not answer`)
      await wait(500, undefined, { signal })
    }
  }
}

class AttachedLane implements LaneHost {
  readonly attached = true
  readonly mode
  readonly balancerUrl
  readonly balancerAdminUrl
  readonly publicUrl
  readonly redisUrl
  readonly adminToken
  readonly #nodes: readonly LaneNode[]

  constructor(
    addresses: AttachedAddresses,
    adminToken: string | undefined,
    upstreams: readonly { name: string; url: string }[],
  ) {
    this.mode = addresses.mode
    this.balancerUrl = addresses.balancer
    this.balancerAdminUrl = addresses.admin
    this.publicUrl = addresses.public ?? addresses.balancer
    this.redisUrl = addresses.redis
    this.adminToken = adminToken
    this.#nodes = upstreams
      .filter(({ name }) => addresses.nodes[name] !== undefined)
      .map(({ name, url }) => ({ name, url: new URL(url).origin, adminUrl: addresses.nodes[name] as string }))
  }

  nodes() {
    return this.#nodes
  }

  stateOf() {
    return undefined
  }

  onState() {
    return () => undefined
  }

  disabled(): Disabled {
    const faults: Disabled =
      this.adminToken === undefined ? { crash: 'no-token', freeze: 'no-token', slow: 'no-token' } : {}
    const parent = {
      thaw: 'thaws-itself',
      stop: 'not-parent',
      restart: 'not-parent',
      add: 'not-parent',
      remove: 'not-parent',
      rolling: 'not-parent',
      codec: 'not-parent',
    } as const
    const redis = {
      'redis-stop': 'not-parent',
      'redis-freeze': 'not-parent',
      'redis-thaw': 'not-parent',
      'redis-start': 'not-parent',
    } as const
    return { ...faults, ...parent, ...redis, ...(this.redisUrl === undefined ? { 'codec-trial': 'no-redis' } : {}) }
  }

  async actOnNode(name: string, action: NodeAction, value: ActionValue): Promise<void> {
    const node = this.#nodes.find((candidate) => candidate.name === name)
    if (!node) throw new Error(`There is no node ${name}`)
    const ask = (path: string) => callAdmin(new URL(path, node.adminUrl).href, this.adminToken, { method: 'POST' })
    const change = (body: object) =>
      callAdmin(new URL(`/upstreams/${name}`, this.balancerAdminUrl).href, this.adminToken, { method: 'PATCH', body })
    switch (action) {
      case 'crash':
        return void (await ask('/crash'))
      case 'freeze':
        return void (await ask(`/freeze?ms=${value.freezeMs ?? freezeMs}`))
      case 'slow':
        return void (await ask(`/slow?ms=${value.slowMs ?? 0}`))
      case 'drain':
      case 'maintenance':
      case 'ready':
        return void (await change({ state: action }))
      case 'weight':
        return void (await change({ weight: value.weight ?? 1 }))
      default:
        throw new Error(`Nobody here can ${action} a process that somebody else started`)
    }
  }

  async actOnLane(action: LaneAction): Promise<void> {
    throw new Error(`Nobody here can do ${action} to processes that somebody else started`)
  }

  async [Symbol.asyncDispose]() {}
}
