import { EventEmitter } from 'node:events'
import { show } from '../../show.ts'
import {
  type CommandName,
  type Hearing,
  type RedisArgument,
  type RedisConnection,
  refused,
  slotOf,
  type TrackedServer,
  tagFor,
  UnsentError,
} from './connection.ts'
import { track } from './node-redis-tracking.ts'
import { type Subscriber, Subscription } from './subscription.ts'

/** What is used of a node-redis client (5 or 6), of either protocol. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  readonly isReady: boolean
  sendCommand(args: readonly (string | Buffer)[], options?: object): Promise<unknown>
  withTypeMapping(mapping: object): unknown
  on(event: string, listener: (error?: unknown) => void): unknown
  connect(): Promise<unknown>
  destroy(): void
  duplicate(overrides: object): unknown
  readonly options?: { readonly socket?: object }
}

/** What is used of a node-redis cluster. */
export interface NodeRedisCluster {
  readonly isOpen: boolean
  readonly slots: readonly { readonly master: NodeRedisServer }[]
  readonly masters: readonly NodeRedisServer[]
  sendCommand(
    key: string | undefined,
    isReadonly: boolean | undefined,
    args: readonly (string | Buffer)[],
    options?: object,
  ): Promise<unknown>
  withTypeMapping(mapping: object): unknown
  on(event: string, listener: (error?: unknown) => void): unknown
  nodeClient(server: never): Promise<unknown>
}

/** One server of a cluster; it has a client once it was used. */
export interface NodeRedisServer {
  readonly address: string
  readonly client?: unknown
}

/** Bulk strings as bytes (`$` in RESP), whatever else the client was told. */
const BYTES = { typeMapping: { 36: Buffer } }

/** Whether this is such a client. */
export const isNodeRedis = (client: unknown): client is NodeRedisClient | NodeRedisCluster =>
  typeof (client as Partial<NodeRedisClient> | undefined)?.sendCommand === 'function' &&
  typeof (client as Partial<NodeRedisClient>).withTypeMapping === 'function'

const connections = new WeakMap<object, RedisConnection>()

/** Speaks to Redis through a node-redis client or cluster, which its owner connects. */
export function nodeRedisConnection(client: NodeRedisClient | NodeRedisCluster): RedisConnection {
  let connection = connections.get(client)
  if (!connection) {
    refuseUnsuited(client)
    connection = 'masters' in client ? new ClusterConnection(client) : new SingleConnection(client)
    connections.set(client, connection)
  }
  return connection
}

/** Throws for what would not do: rather at once than at the first request, or never. */
function refuseUnsuited(client: NodeRedisClient | NodeRedisCluster): void {
  const what =
    'getSentinelNode' in client ? 'createSentinel()' : 'idleClients' in client ? 'createClientPool()' : undefined
  if (what !== undefined) {
    throw new TypeError(
      `redisStore: client is what ${what} of node-redis makes, which may send a command again, or over any connection, so that a ` +
        'change is made twice or late; use createClient() or createCluster(), or ioredis for Sentinel',
    )
  }
  const { options, _options } = client as { options?: { keyPrefix?: unknown }; _options?: { keyPrefix?: unknown } }
  const { keyPrefix } = options ?? _options ?? {}
  if (keyPrefix === undefined || keyPrefix === '') return
  throw new TypeError(
    `redisStore: the client's option keyPrefix is ${show(keyPrefix)}, which node-redis does not put before the keys of a script; ` +
      'leave it out, and give the store a namespace',
  )
}

class SingleConnection implements RedisConnection {
  readonly keyPrefix = ''
  readonly isCluster = false
  readonly #link: Link

  constructor(client: NodeRedisClient) {
    this.#link = linkOf(client)
  }

  send(_key: string, name: CommandName, args: readonly RedisArgument[]): Promise<unknown> {
    return answer(this.#link.client.sendCommand(words(name, args), BYTES))
  }

  ready(): Promise<void> | undefined {
    return this.#link.ready()
  }

  linkTo(): object | undefined {
    return this.#link.current
  }

  serverOf(): string {
    return ''
  }

  onReconnect(listener: () => void): void {
    this.#link.listeners.push(listener)
  }

  reconnect(): void {
    this.#link.renew()
  }

  subscribe(channel: string, hearing: Hearing): Promise<AsyncDisposable> {
    return Subscription.open(() => new NodeRedisSubscriber(async () => this.#link.client), channel, hearing)
  }

  primaries(): readonly Pick<RedisConnection, 'send'>[] {
    return [this]
  }

  tracked(): readonly TrackedServer[] {
    return [{ name: '', tag: '', track: (tracking) => track(this.#link.client, tracking) }]
  }
}

/** The cluster client finds its way around a server that is lost; nothing is waited for here. */
class ClusterConnection implements RedisConnection {
  readonly keyPrefix = ''
  readonly isCluster = true
  readonly #client: NodeRedisCluster
  readonly #listeners: (() => void)[] = []

  constructor(client: NodeRedisCluster) {
    this.#client = client
  }

  send(key: string, name: CommandName, args: readonly RedisArgument[]): Promise<unknown> {
    return answer(this.#client.sendCommand(key, false, words(name, args), BYTES))
  }

  ready(): undefined {
    return undefined
  }

  linkTo(key: string): object | undefined {
    return this.#linkTo(key)?.current
  }

  serverOf(key: string): string {
    return this.#server(key)?.address ?? ''
  }

  onReconnect(listener: () => void): void {
    this.#listeners.push(listener)
  }

  reconnect(key: string): void {
    this.#linkTo(key)?.renew()
  }

  /** On any of the primaries: what is published on one is told to all. */
  subscribe(channel: string, hearing: Hearing): Promise<AsyncDisposable> {
    let turn = 0
    const next = async (): Promise<NodeRedisClient> => {
      const { masters } = this.#client
      const master = masters[turn++ % masters.length]
      if (!master) throw new UnsentError(new Error('the cluster has no primary'))
      return (await this.#client.nodeClient(master as never)) as NodeRedisClient
    }
    return Subscription.open(() => new NodeRedisSubscriber(next), channel, hearing)
  }

  primaries(): readonly Pick<RedisConnection, 'send'>[] {
    const sorted = this.#client.masters.toSorted((a, b) => a.address.localeCompare(b.address))
    const slots = this.#client.slots
    return sorted.map(({ address }) => {
      const slot = slots.findIndex(({ master }) => master.address === address)
      return { send: (_key, name, args) => this.send(keyIn(slot), name, args) }
    })
  }

  tracked(): readonly TrackedServer[] {
    return this.#client.masters.flatMap((server) => {
      const tag = tagFor((key) => this.#server(key)?.address === server.address)
      if (tag === undefined) return []
      const client = () => server.client ?? this.#client.nodeClient(server as never)
      return [{ name: server.address, tag, track: async (tracking) => track(await client(), tracking) }]
    })
  }

  #server(key: string): NodeRedisServer | undefined {
    return this.#client.slots[slotOf(key)]?.master
  }

  #linkTo(key: string): Link | undefined {
    const client = this.#server(key)?.client as NodeRedisClient | undefined
    return typeof client?.sendCommand === 'function' ? linkOf(client, this.#listeners) : undefined
  }
}

/** Hears a channel over a connection of its own, beside a client's, until that is lost. */
class NodeRedisSubscriber implements Subscriber {
  readonly #beside: () => Promise<NodeRedisClient>
  readonly #events = new EventEmitter()
  #client: (NodeRedisClient & { unref?(): void }) | undefined
  #isOver = false

  constructor(beside: () => Promise<NodeRedisClient>) {
    this.#beside = beside
  }

  on(event: 'error' | 'end' | 'connect' | 'message', listener: (...args: never[]) => void): void {
    this.#events.on(event, listener as () => void)
  }

  async subscribe(channel: string): Promise<void> {
    const origin = await this.#beside()
    const socket = { ...origin.options?.socket, reconnectStrategy: false }
    const client = origin.duplicate({ socket }) as NodeRedisClient & {
      unref?(): void
      subscribe(channel: string, heard: (message: unknown) => void): Promise<unknown>
    }
    this.#client = client
    client.on('error', () => {
      if (!client.isReady) this.#end()
    })
    await client.connect()
    if (this.#isOver) return this.disconnect()
    client.unref?.() // it keeps no process alive
    await client.subscribe(channel, (message) => this.#events.emit('message', channel, String(message)))
  }

  disconnect(): void {
    this.#isOver = true
    if (this.#client?.isOpen) this.#client.destroy()
  }

  #end(): void {
    if (this.#isOver) return
    this.disconnect()
    this.#events.emit('end')
  }
}

/** Some key that lies in this slot: by it a command without keys finds one server. */
function keyIn(slot: number): string {
  for (let i = 0; ; i++) if (slotOf(`{${i}}`) === slot) return `{${i}}`
}

const links = new WeakMap<NodeRedisClient, Link>()

function linkOf(client: NodeRedisClient, listeners?: (() => void)[]): Link {
  let link = links.get(client)
  if (!link) {
    link = new Link(client, listeners)
    links.set(client, link)
  }
  return link
}

/** Follows one client's connection. */
class Link {
  readonly client: NodeRedisClient
  readonly listeners: (() => void)[]
  /** Stands for the connection that there is now. */
  current: object | undefined
  #isDown = false
  #waiting: PromiseWithResolvers<void> | undefined

  constructor(client: NodeRedisClient, listeners: (() => void)[] = []) {
    this.client = client
    this.listeners = listeners
    this.current = client.isReady ? {} : undefined
    client.on('ready', () => {
      this.current = {}
      this.#isDown = false
      this.#waiting?.resolve()
      this.#waiting = undefined
      for (const listener of this.listeners) listener()
    })
    client.on('error', (error) => this.#failed(error))
    client.on('end', () => this.#failed(new Error('the client was closed')))
  }

  ready(): Promise<void> | undefined {
    if (this.client.isReady) return undefined
    if (!this.client.isOpen || this.#isDown) return Promise.reject(new Error('Redis could not be connected to'))
    if (!this.#waiting) {
      this.#waiting = Promise.withResolvers<void>()
      this.#waiting.promise.catch(() => {})
    }
    return this.#waiting.promise
  }

  renew(): void {
    if (!this.client.isReady) return
    this.client.destroy()
    this.client.connect().catch(() => {}) // its commands say what is wrong
  }

  /** The first failure is the loss of the connection, the next that it cannot be opened again. */
  #failed(error: unknown): void {
    if (this.client.isReady) return // of a command, not of the connection
    if (this.current === undefined) {
      this.#isDown = true
      this.#waiting?.reject(error)
      this.#waiting = undefined
    }
    this.current = undefined
  }
}

const words = (name: CommandName, args: readonly RedisArgument[]): (string | Buffer)[] => [
  name,
  ...args.map((argument) => (typeof argument === 'number' ? String(argument) : argument)),
]

const answer = (reply: Promise<unknown>): Promise<unknown> =>
  reply.catch((error: unknown) => {
    throw judge(error)
  })

/** By their names: two versions of the library have two classes of each. */
function judge(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const names: string[] = []
  for (let type = error.constructor; type?.name; type = Object.getPrototypeOf(type)) names.push(type.name)
  if (names.includes('ErrorReply')) return refused(error)
  if (names.includes('ClientOfflineError') || names.includes('ClientClosedError')) return new UnsentError(error)
  return error
}
