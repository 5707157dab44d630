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
import { TRACKER, type Tracker, track } from './ioredis-tracking.ts'
import { SUBSCRIBER, type Subscriber, Subscription } from './subscription.ts'

/** What is used of a client's socket. */
export interface RedisSocket {
  readonly writableCorked?: number
  cork?(): void
  uncork?(): void
  destroy?(): void
}

/** What is used of an ioredis (or iovalkey) client, be it `Redis` (single or Sentinel) or `Cluster`. */
export interface IoredisClient {
  readonly isCluster: boolean
  readonly options: { readonly keyPrefix?: string | undefined }
  readonly status?: string
  /** Its socket; a cluster has none of its own. */
  readonly stream?: RedisSocket | undefined
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>
  duplicate?(options?: object): unknown
  on(event: 'ready' | 'close', listener: () => void): unknown
  connect?(): Promise<void>
}

/** One server of a cluster, as ioredis has it. */
type Node = IoredisClient & { readonly options: { readonly host?: string; readonly port?: number } }

/** What is used of an ioredis `Cluster` beside that. */
interface IoredisCluster extends IoredisClient {
  /** Who has each slot, the primary first, as `host:port`. */
  readonly slots?: readonly (readonly string[] | undefined)[]
  nodes(role: 'master' | 'all'): readonly Node[]
}

/** The options with which sessions would be wrong, and why. */
const UNFIT: Readonly<Record<string, { readonly is: (value: unknown) => boolean; readonly why: string }>> = {
  stringNumbers: { is: (value) => value === true, why: 'integer replies must be numbers' },
  scaleReads: {
    is: (value) => value !== undefined && value !== 'master',
    why: 'a session must be read where it was written, so only "master" will do',
  },
  role: { is: (value) => value === 'slave', why: 'a replica takes no writes, so only "master" will do' },
  readOnly: { is: (value) => value === true, why: 'sessions are written, too' },
}

/** Whether this is such a client. */
export const isIoredis = (client: unknown): client is IoredisClient =>
  typeof (client as Partial<IoredisClient> | undefined)?.callBuffer === 'function'

/** One connection for all stores that share a client. */
const connections = new WeakMap<IoredisClient, RedisConnection>()

/** Speaks to Redis through an ioredis or iovalkey client. Throws a `TypeError` for one whose options do not suit sessions. */
export function ioredisConnection(client: IoredisClient): RedisConnection {
  let connection = connections.get(client)
  if (connection) return connection
  checkOptions(client)
  connection = client.isCluster ? new ClusterConnection(client as IoredisCluster) : new SingleConnection(client)
  connections.set(client, connection)
  return connection
}

function checkOptions(client: IoredisClient): void {
  const { redisOptions = {}, ...options } = client.options as { redisOptions?: object }
  for (const [name, value] of Object.entries({ ...redisOptions, ...options })) {
    if (Object.hasOwn(UNFIT, name) && UNFIT[name]?.is(value)) {
      throw new TypeError(`redisStore: the client's option ${name} is ${show(value)}, but ${UNFIT[name].why}`)
    }
  }
}

class SingleConnection implements RedisConnection {
  readonly keyPrefix: string
  readonly isCluster = false
  readonly #client: IoredisClient
  readonly #state: ConnectionState

  constructor(client: IoredisClient) {
    this.#client = client
    this.#state = new ConnectionState(client)
    this.keyPrefix = client.options.keyPrefix ?? ''
  }

  send(_key: string, name: CommandName, args: readonly RedisArgument[]): Promise<unknown> {
    gather(this.#client.stream)
    return call(this.#client, name, args)
  }

  ready(): Promise<void> | undefined {
    return this.#state.ready()
  }

  linkTo(): object | undefined {
    return this.#client.status === 'ready' ? this.#client.stream : undefined
  }

  serverOf(): string {
    return ''
  }

  onReconnect(listener: () => void): void {
    this.#state.listeners.push(listener)
  }

  reconnect(): void {
    renew(this.#client)
  }

  subscribe(channel: string, hearing: Hearing): Promise<AsyncDisposable> {
    return Subscription.open(() => subscriber(this.#client), channel, hearing)
  }

  primaries(): readonly Pick<RedisConnection, 'send'>[] {
    return [this]
  }

  tracked(): readonly TrackedServer[] {
    return [{ name: '', tag: '', track: (tracking) => track(tracker(this.#client), tracking) }]
  }
}

class ClusterConnection implements RedisConnection {
  readonly keyPrefix: string
  readonly isCluster = true
  readonly #client: IoredisCluster
  readonly #whole: ConnectionState
  readonly #states = new WeakMap<Node, ConnectionState>()

  constructor(client: IoredisCluster) {
    this.#client = client
    this.#whole = new ConnectionState(client)
    const options = client.options as { keyPrefix?: string; redisOptions?: { keyPrefix?: string } }
    this.keyPrefix = options.keyPrefix ?? options.redisOptions?.keyPrefix ?? ''
  }

  send(_key: string, name: CommandName, args: readonly RedisArgument[]): Promise<unknown> {
    return call(this.#client, name, args)
  }

  /** A server that cannot be reached is the cluster client's to go around: only one that was just lost is waited for. */
  ready(key: string): Promise<void> | undefined {
    const starting = this.#whole.ready()
    if (starting) return starting
    const node = this.#node(key)
    return (
      node &&
      this.#stateOf(node)
        .ready()
        ?.catch(() => {})
    )
  }

  linkTo(key: string): object | undefined {
    const node = this.#node(key)
    return node?.status === 'ready' ? node.stream : undefined
  }

  serverOf(key: string): string {
    return this.#client.slots?.[slotOf(this.keyPrefix + key)]?.[0] ?? ''
  }

  onReconnect(listener: () => void): void {
    this.#whole.listeners.push(listener)
  }

  reconnect(key: string): void {
    const node = this.#node(key)
    if (node) renew(node)
  }

  /** On any of the servers: what is published on one is told to all. */
  async subscribe(channel: string, hearing: Hearing): Promise<AsyncDisposable> {
    await this.#whole.ready()
    let turn = 0
    const connect = (): Subscriber => {
      const nodes = this.#client.nodes('all')
      const node = nodes[turn++ % nodes.length]
      if (!node) throw unreachable()
      return subscriber(node)
    }
    return Subscription.open(connect, channel, hearing)
  }

  primaries(): readonly Pick<RedisConnection, 'send'>[] {
    const nodes = this.#client.nodes('master').toSorted((a, b) => name(a).localeCompare(name(b)))
    return nodes.map((node) => ({ send: (_key, command, args) => call(node, command, args) }))
  }

  tracked(): readonly TrackedServer[] {
    return this.#client.nodes('master').flatMap((node) => {
      const tag = tagFor((key) => this.#client.slots?.[slotOf(key)]?.[0] === name(node))
      if (tag === undefined) return []
      return [{ name: name(node), tag, track: (tracking) => track(tracker(node), tracking) }]
    })
  }

  #node(key: string): Node | undefined {
    const server = this.serverOf(key)
    return this.#client.nodes('all').find((node) => name(node) === server)
  }

  #stateOf(node: Node): ConnectionState {
    let state = this.#states.get(node)
    if (!state) {
      state = new ConnectionState(node, this.#whole.listeners)
      this.#states.set(node, state)
    }
    return state
  }
}

function subscriber(client: IoredisClient): Subscriber {
  if (!client.duplicate) throw new TypeError('this client of Redis cannot be duplicated, to subscribe with')
  return client.duplicate(SUBSCRIBER) as Subscriber
}

function tracker(client: IoredisClient): Tracker {
  if (!client.duplicate) throw new TypeError('this client of Redis cannot be duplicated, to hear of changes with')
  return client.duplicate(TRACKER) as Tracker
}

/** One that is being made is left alone: on a slow network it takes longer than a call may. */
function renew({ status, stream }: IoredisClient): void {
  if (status === 'ready') stream?.destroy?.()
}

const name = ({ options: { host = '', port = 0 } }: Node): string => `${host}:${port}`

/**
 * Follows one client's connection. A client without an offline queue refuses commands while it has none; they wait here
 * instead, for the first connection and for one that was just lost, and fail as soon as an attempt to make it fails.
 */
class ConnectionState {
  readonly listeners: (() => void)[]
  readonly #client: IoredisClient
  /** Nobody waits for a connection that could not be made: until there is one again, commands fail at once. */
  #isDown = false
  #waiting: PromiseWithResolvers<void> | undefined

  constructor(client: IoredisClient, listeners: (() => void)[] = []) {
    this.#client = client
    this.listeners = listeners
    let wasReady = client.status === 'ready'
    client.on('ready', () => {
      wasReady = true
      this.#isDown = false
      this.#waiting?.resolve()
      this.#waiting = undefined
      for (const listener of this.listeners) listener()
    })
    client.on('close', () => {
      if (!wasReady) this.#fail()
      wasReady = false
    })
  }

  ready(): Promise<void> | undefined {
    const { status } = this.#client
    if (status === 'ready' || status === undefined) return undefined
    if (status === 'end' || this.#isDown) return Promise.reject(unreachable())
    if (status === 'wait') this.#client.connect?.().catch(() => {}) // the commands say what is wrong
    if (!this.#waiting) {
      this.#waiting = Promise.withResolvers<void>()
      this.#waiting.promise.catch(() => {})
    }
    return this.#waiting.promise
  }

  #fail(): void {
    this.#isDown = true
    this.#waiting?.reject(unreachable())
    this.#waiting = undefined
  }
}

const unreachable = (): Error => new Error('Redis could not be connected to')

type Methods = Readonly<Record<`${CommandName}Buffer`, (...args: RedisArgument[]) => Promise<unknown>>>

/** By the command's own method: `callBuffer` loses the command's name when the client pipelines by itself. */
function call(client: IoredisClient, name: CommandName, args: readonly RedisArgument[]): Promise<unknown> {
  return (client as unknown as Methods)[`${name}Buffer`](...args).catch((error: unknown) => {
    throw judge(error)
  })
}

/** What ioredis says when it has not sent a command. */
const UNSENT = /enableOfflineQueue options is false/

function judge(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { lastNodeError } = error as { lastNodeError?: unknown }
  if (lastNodeError instanceof Error && lastNodeError.name === 'ReplyError') return refused(lastNodeError)
  if (error.name === 'ReplyError') return refused(error)
  return UNSENT.test(error.message) ? new UnsentError(error) : error
}

/**
 * Lets the commands of all requests that arrived together leave in one write: most of a command's cost in this process
 * is the system call. They leave as soon as what has arrived is handled, so none waits for another's answer.
 */
function gather(socket: RedisSocket | undefined): void {
  if (!socket?.cork || socket.writableCorked !== 0) return
  socket.cork()
  setImmediate(uncork, socket)
}

const uncork = (socket: RedisSocket): void => socket.uncork?.()
