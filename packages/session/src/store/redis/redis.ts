import { hashId, type SessionKey } from '../../carrier/id.ts'
import { asBuffer } from '../../codec/codec.ts'
import { checkNames } from '../../names.ts'
import { show } from '../../show.ts'
import {
  type CommitResult,
  deadline,
  type EndsTold,
  type HowEnded,
  type Lifetime,
  type Loaded,
  type SessionDelta,
  type SessionListing,
  type SessionPage,
  type SessionStore,
  type StoreOptions,
  StoreRefusedError,
  type Times,
} from '../store.ts'
import { RedisCalls } from './calls.ts'
import { moveAcrossSlots } from './cluster.ts'
import { type RedisConnection, refused as refusedReply } from './connection.ts'
import { type IoredisClient, ioredisConnection, isIoredis } from './ioredis.ts'
import { attributeField, birth, changes, lifetimeFields, parseLoaded, parseUser, RedisKeys } from './layout.ts'
import { isNodeRedis, type NodeRedisClient, type NodeRedisCluster, nodeRedisConnection } from './node-redis.ts'
import { CREATE, DESTROY, LOAD, ROTATE, UPDATE } from './scripts.ts'
import { SpringNeighbour } from './spring.ts'
import { RedisIndex } from './user-index.ts'

/** What `redisStore` speaks to Redis through. */
export type RedisClient = IoredisClient | NodeRedisClient | NodeRedisCluster | RedisConnection

/** What `redisStore` takes. */
export interface RedisStoreOptions {
  /**
   * A client that is yours to close: `Redis` (single or Sentinel) or `Cluster` of ioredis or iovalkey, see `redisOptions`;
   * `createClient()` or `createCluster()` of node-redis 5 or 6; or your own `RedisConnection`.
   */
  readonly client: RedisClient
  /** What all keys begin with. Spring Session's is the default. @default 'spring:session' */
  readonly namespace?: string
  /**
   * `hashed` keeps sessions under SHA-256 of their ids, so that whoever reads Redis cannot pose as a client. `spring`
   * keeps them under the plain id, as Spring Session's `RedisSessionRepository` does, to share them with it; its indexed
   * repository is refused, because its index and events would miss sessions. @default 'hashed'
   */
  readonly ids?: 'hashed' | 'spring'
}

/** @internal Under which a near cache finds how this store speaks to Redis. */
export const REDIS = Symbol('redis')

/** How a store speaks to Redis. */
export interface RedisBackend {
  readonly connection: RedisConnection
  readonly calls: RedisCalls
  readonly keys: RedisKeys
}

/** A store in Redis 6.2 or newer (or Valkey), on one server, behind Sentinel, or in a cluster. */
export interface RedisStore extends SessionStore {
  load(key: SessionKey, options: StoreOptions): Promise<Loaded>
  /** The Redis key of the session with this id, the client's `keyPrefix` included. */
  keyOf(id: string): string
}

/**
 * Keeps each session in one hash, in Spring Session's layout; loads and commits in one round trip each.
 * @example
 * createSessions({ store: redisStore({ client: new Redis(redisOptions), namespace: 'shop' }) })
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  checkNames<RedisStoreOptions>('redisStore', options, { client: true, namespace: true, ids: true })
  return new RedisSessions(options)
}

class RedisSessions implements RedisStore {
  readonly plainIds: boolean
  readonly #connection: RedisConnection
  readonly #calls: RedisCalls
  readonly #keys: RedisKeys
  readonly #index: RedisIndex
  readonly #spring: SpringNeighbour | undefined

  get [REDIS](): RedisBackend {
    return { connection: this.#connection, calls: this.#calls, keys: this.#keys }
  }

  /** Where the end of every session is told, the client's `keyPrefix` included. */
  get #channel(): string {
    return this.#connection.keyPrefix + this.#keys.ended
  }

  constructor({ client, namespace = 'spring:session', ids = 'hashed' }: RedisStoreOptions) {
    if (typeof namespace !== 'string' || !/^[^\s{}*?[\]\\]{1,200}$/.test(namespace)) {
      throw new TypeError(
        `redisStore: namespace is ${show(namespace)}, but must be 1 to 200 characters without space { } * ? [ ] \\`,
      )
    }
    if (ids !== 'hashed' && ids !== 'spring') {
      throw new TypeError(`redisStore: ids is ${show(ids)}, but must be 'hashed' or 'spring'`)
    }
    this.plainIds = ids === 'spring'
    this.#connection = connectionOf(client)
    this.#calls = new RedisCalls(this.#connection)
    this.#keys = new RedisKeys(namespace, this.#connection.keyPrefix)
    this.#index = new RedisIndex(this.#connection, this.#calls, this.#keys)
    if (this.plainIds) this.#spring = new SpringNeighbour(this.#connection, this.#calls, this.#keys)
  }

  keyOf(id: string): string {
    return this.#connection.keyPrefix + this.#keys.session(this.plainIds ? id : hashId(id))
  }

  async load(key: SessionKey, options: StoreOptions): Promise<Loaded> {
    const { now, lifetime, onBackgroundError } = options
    const times = [now, ...rules(lifetime)]
    const name = this.#keys.session(key)
    const link = this.#calls.linkTo(name)
    const sentAt = performance.now()
    const [reply] = await Promise.all([
      this.#calls.read(LOAD, [name, this.#keys.rotated(key)], times, options),
      this.#spring?.check(key, options),
    ])
    if (reply === null) return undefined
    if (reply === 1) return 'rotated'
    if (reply === 2) return this.plainIds ? 'unreadable' : undefined
    if (reply === -1) {
      onBackgroundError?.(new StoreRefusedError('WRONGTYPE', 'a session’s key holds something else than a hash'))
      return undefined
    }
    if (!Array.isArray(reply)) return 'expired'
    const { session, micros, refused } = parseLoaded(reply as Buffer[])
    if (link === this.#calls.linkTo(name)) this.#calls.learn(link, sentAt, micros)
    if (refused !== '') onBackgroundError?.(refusedReply(new Error(refused)))
    if (session?.user !== undefined && session.isTouched) {
      this.#index.prolong(session.user, key, { ...session, lastAccessedAt: now }, options)
    }
    return session
  }

  async commit(key: SessionKey, delta: SessionDelta, options: StoreOptions): Promise<CommitResult> {
    if (delta.create) return this.#create(key, delta, delta.create.createdAt, options)
    if (delta.renameTo !== undefined) return this.#rotate(key, delta.renameTo, delta, options)
    const args = [...keeping(delta, options), ...expectation(delta)]
    const fields = delta.lifetime === undefined ? [] : lifetimeFields(delta.lifetime, options.lifetime)
    return verdict(
      await this.#calls.change(UPDATE, [this.#keys.session(key)], [...args, ...changes(delta, fields)], options),
    )
  }

  async #create(key: SessionKey, delta: SessionDelta, createdAt: number, options: StoreOptions): Promise<CommitResult> {
    await this.#spring?.look(options)
    const { lifetime, now } = options
    const born = { createdAt, lastAccessedAt: createdAt, ...ownOf(delta) }
    const ttl = ttlOf(born, options)
    const keys: [string, ...string[]] = [this.#keys.session(key)]
    const untilMs = this.#index.until(born, options)
    if (typeof delta.user === 'string') {
      // In a cluster the index lies elsewhere. It goes first: an entry without a session is harmless, not the reverse.
      if (this.#connection.isCluster) await this.#index.enter(delta.user, key, untilMs, options)
      else keys.push(this.#keys.index(delta.user))
    }
    const args = [createdAt, ttl, now, untilMs, key, ...changes(delta, birth(createdAt, delta.lifetime, lifetime))]
    return verdict(await this.#calls.change(CREATE, keys, args, options))
  }

  async #rotate(key: SessionKey, to: SessionKey, delta: SessionDelta, options: StoreOptions): Promise<CommitResult> {
    const { now } = options
    const { previousUser, graceMs = 0 } = delta
    const user = delta.user === null ? undefined : (delta.user ?? (delta.anew ? undefined : previousUser))
    // Its times are not known here; the latest they allow will do, the next touch sets it right.
    const untilMs = this.#index.until({ createdAt: now, lastAccessedAt: now, ...ownOf(delta) }, options)
    if (this.#connection.isCluster) {
      if (user !== undefined) await this.#index.enter(user, to, untilMs, options)
      const result = await moveAcrossSlots(
        this.#calls,
        this.#keys,
        { from: key, to, delta, channel: this.#channel },
        options,
      )
      if (previousUser !== undefined && result === 'ok') this.#index.leave(previousUser, key, options)
      return result
    }
    const keys: [string, ...string[]] = [this.#keys.session(key), this.#keys.session(to), this.#keys.rotated(key)]
    if (user !== undefined) keys.push(this.#keys.index(user))
    if (previousUser !== undefined && previousUser !== user) keys.push(this.#keys.index(previousUser))
    const move = [untilMs, key, to, graceMs, user === undefined ? '0' : '1', ttlAnew(delta, options), this.#channel]
    const fields = moved(delta, options.lifetime)
    const args = [...keeping(delta, options), ...move, ...changes(delta, fields)]
    return verdict(await this.#calls.change(ROTATE, keys, args, options))
  }

  async destroy(key: SessionKey, options: StoreOptions & { graceMs?: number }): Promise<boolean> {
    await this.#spring?.check(key, options)
    const keys = [this.#keys.session(key), this.#keys.rotated(key)] as const
    const reply = await this.#calls.change(DESTROY, keys, [options.graceMs ?? 0, this.#channel, key], options)
    const [count, user] = reply as [number, Buffer | null | undefined]
    if (user) this.#index.leave(parseUser(user), key, options)
    return count === 1
  }

  async ofUser(user: string, options: StoreOptions): Promise<SessionListing[]> {
    await this.#spring?.look(options)
    return this.#index.list(user, options)
  }

  async list(options: StoreOptions & { cursor?: string; limit?: number }): Promise<SessionPage> {
    await this.#spring?.look(options)
    return this.#index.scan(options)
  }

  async watchEnds(told: EndsTold): Promise<AsyncDisposable> {
    const { subscribe } = this.#connection
    if (!subscribe) throw new StoreRefusedError('NOSUBSCRIBE', 'this client of Redis cannot subscribe to a channel')
    return subscribe.call(this.#connection, this.#channel, {
      heard: (message) => {
        const [, how, key] = /^(ended|rotated) (.*)$/s.exec(message) ?? []
        if (key !== undefined) told(key, how as HowEnded)
      },
      missed: () => told(undefined),
    })
  }

  async isAlive(key: SessionKey, options: StoreOptions): Promise<boolean> {
    const name = this.#keys.session(key)
    return (await this.#calls.command(name, 'exists', [name], options)) === 1
  }

  serverOf(key: SessionKey | undefined): string {
    return key === undefined ? '' : this.#connection.serverOf(this.#keys.session(key))
  }

  onReconnect(listener: () => void): void {
    this.#connection.onReconnect(listener)
  }

  reconnect(key: SessionKey): void {
    this.#connection.reconnect(this.#keys.session(key))
  }

  /** Nothing of its own to close: the client is the caller's. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

function connectionOf(client: RedisClient): RedisConnection {
  if (isIoredis(client)) return ioredisConnection(client)
  if (isNodeRedis(client)) return nodeRedisConnection(client)
  if (typeof client?.send === 'function' && typeof client.linkTo === 'function') return client
  throw new TypeError(
    `redisStore: client is ${show(client)}, but must be a client of ioredis, iovalkey or node-redis, or a RedisConnection`,
  )
}

function expectation(delta: SessionDelta) {
  const { expect } = delta
  if (!expect) return ['', '', '']
  const { name, value } = expect
  return [attributeField(name), value ? '1' : '0', value ? asBuffer(value) : '']
}

const ownOf = ({ lifetime }: SessionDelta): Pick<Times, 'own'> => (lifetime ? { own: lifetime } : {})

/** When a session ends, as things are now, ms from now; 0: never. */
function ttlOf(times: Times, { now, lifetime }: StoreOptions): number {
  const end = deadline(times, lifetime)
  return end === Infinity ? 0 : Math.max(1, end - now)
}

/** The fields of a session that moves, beside its attributes. */
function moved({ anew, lifetime }: SessionDelta, options: Lifetime) {
  if (anew) return birth(anew.createdAt, lifetime, options)
  return lifetime === undefined ? [] : lifetimeFields(lifetime, options)
}

function ttlAnew(delta: SessionDelta, options: StoreOptions): number | '' {
  if (!delta.anew) return ''
  const { createdAt } = delta.anew
  return ttlOf({ createdAt, lastAccessedAt: createdAt, ...ownOf(delta) }, options)
}

/** What the options say of lifetimes, as the scripts take it. */
const rules = ({ touchEveryMs, absoluteTimeoutMs, idleTimeoutMs }: Lifetime): number[] => [
  touchEveryMs,
  absoluteTimeoutMs,
  idleTimeoutMs / 1000,
]

/** What the script `KEEP` takes. */
function keeping({ lifetime }: SessionDelta, options: StoreOptions): (string | number)[] {
  const fields =
    lifetime === undefined
      ? [
          ['', ''],
          ['', ''],
        ]
      : lifetimeFields(lifetime, options.lifetime)
  return [options.now, ...rules(options.lifetime), ...fields.map(([, value]) => value as string)]
}

function verdict(reply: unknown): CommitResult {
  return reply === 1 ? 'ok' : reply === 0 ? 'gone' : 'conflict'
}
