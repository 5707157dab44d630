import { randomBytes } from 'node:crypto'
import type { SessionKey } from '../../carrier/id.ts'
import { checkNames } from '../../names.ts'
import { show } from '../../show.ts'
import { REDIS, type RedisBackend, type RedisStore } from '../redis/redis.ts'
import {
  type CacheStats,
  type CommitResult,
  deadline,
  type EndsTold,
  type Loaded,
  lifetimeOf,
  type SessionDelta,
  type SessionListing,
  type SessionPage,
  type SessionStore,
  type StoredSession,
  type StoreOptions,
} from '../store.ts'
import { Endings } from './endings.ts'
import { type CachedSession, Entries, type Found } from './entries.ts'
import { HitAges } from './hit-ages.ts'
import { Lease } from './lease.ts'

/** Bounds of a near cache. */
export interface NearCacheOptions {
  /** What is answered from memory was read from Redis at most this long ago, ms, whatever happens. @default 10_000 */
  readonly maxAgeMs?: number
  /**
   * How long a server may answer from memory without a sign of life from Redis, ms. It may be that far behind when its connection
   * is slow or half open, and the end of a session waits up to twice as long for a server that does not answer. Give all
   * servers the same. @default 1_000
   */
  readonly leaseMs?: number
  /**
   * Whether `invalidate`, `rotate`, `endUser` and `end` answer only when no server serves the session from memory any
   * longer. Without it they do not wait, and another server may serve it for up to `leaseMs` more. @default true
   */
  readonly strict?: boolean
  /** Roughly how much memory the sessions may take, bytes; beyond that, those used least recently are dropped. @default 67_108_864 (64 MiB) */
  readonly maxBytes?: number
  /** How many sessions it holds at most; `0`: none, for a process that only ends sessions. @default 100_000 */
  readonly maxEntries?: number
}

/** A store that answers reads from this process's memory where it may. */
export interface NearCache extends SessionStore {
  readonly cacheStats: CacheStats
  readonly lagMs: number
  peek(key: SessionKey, options: StoreOptions): StoredSession | undefined
  confirmEnd(key: SessionKey): Promise<void>
  keyOf(id: string): string
}

const DEFAULTS = {
  maxAgeMs: 10_000,
  leaseMs: 1_000,
  strict: true,
  maxBytes: 64 * 1024 * 1024,
  maxEntries: 100_000,
} as const

/**
 * Keeps what was read from Redis in this process's memory, so that a session that is read again costs no round trip. Redis
 * tells it of every change. Writes, and what they are based on, always go to Redis.
 * @example
 * createSessions({ store: nearCache(redisStore({ client })) })
 */
export function nearCache(store: RedisStore, options: NearCacheOptions = {}): NearCache {
  const names = { maxAgeMs: true, leaseMs: true, strict: true, maxBytes: true, maxEntries: true } as const
  checkNames<NearCacheOptions>('nearCache', options, names)
  const backend = (store as Partial<Record<typeof REDIS, RedisBackend>> | undefined)?.[REDIS]
  if (!backend) throw new TypeError(`nearCache: store is ${show(store)}, but must be what redisStore() returned`)
  if (!backend.connection.tracked) {
    throw new TypeError('nearCache: the store’s client has no tracked(), by which Redis would tell of changes')
  }
  const { strict = DEFAULTS.strict } = options
  if (typeof strict !== 'boolean')
    throw new TypeError(`nearCache: strict is ${show(strict)}, but must be true or false`)
  const number = (name: 'maxAgeMs' | 'leaseMs' | 'maxBytes' | 'maxEntries', least: number): number => {
    const { [name]: value = DEFAULTS[name] } = options
    if (Number.isSafeInteger(value) && value >= least && value < 2 ** 31) return value
    throw new TypeError(`nearCache: ${name} is ${show(value)}, but must be a whole number, at least ${least}`)
  }
  return new Near(store, backend, {
    strict,
    maxAgeMs: number('maxAgeMs', 1),
    leaseMs: number('leaseMs', 100),
    maxBytes: number('maxBytes', 0),
    maxEntries: number('maxEntries', 0),
  })
}

class Near implements NearCache {
  readonly plainIds: boolean
  readonly lagMs: number
  readonly #store: RedisStore
  readonly #backend: RedisBackend
  readonly #options: Required<NearCacheOptions>
  readonly #entries: Entries
  readonly #lease: Lease
  readonly #endings: Endings
  readonly #ages = new HitAges()
  readonly #counts = { misses: 0, invalidations: 0, flushes: 0 }

  constructor(store: RedisStore, backend: RedisBackend, options: Required<NearCacheOptions>) {
    this.#store = store
    this.#backend = backend
    this.#options = options
    this.plainIds = store.plainIds === true
    this.lagMs = options.leaseMs
    this.#entries = new Entries(options)
    const { connection, keys } = backend
    const sessions = connection.keyPrefix + keys.sessions
    const own = { ...backend, id: randomBytes(12).toString('base64url'), leaseMs: options.leaseMs }
    const drop = (key: SessionKey): void => void (this.#entries.drop(key) && this.#counts.invalidations++)
    this.#lease = new Lease({
      ...own,
      changed: (names) =>
        names.forEach((name) => void (name.startsWith(sessions) && drop(name.slice(sessions.length)))),
      flush: () => this.#flush(),
      heard: (channel, message) => this.#endings.heard(channel, message),
    })
    this.#endings = new Endings({ ...own, drop, listSince: (born) => this.#lease.listSince(born) })
    if (options.maxEntries > 0) this.#lease.start()
  }

  get cacheStats(): CacheStats {
    const { size: entries, bytes, evictions } = this.#entries
    const isLive = this.#lease.holds(performance.now())
    return { ...this.#counts, ...this.#ages.counted, evictions, entries, bytes, isLive }
  }

  peek(key: SessionKey, options: StoreOptions): StoredSession | undefined {
    const entry = this.#entries.get(key)
    if (!entry || options.fresh) return undefined
    const now = performance.now()
    if (!this.#lease.holds(now) || !this.#isGood(entry, now, options)) return undefined
    this.#entries.used(entry)
    this.#ages.add(now - entry.readAt)
    return entry.session
  }

  /** Redis itself decides what has expired, and writes down an access that is due: for both it is asked. */
  #isGood({ session, readAt, livesUntil }: CachedSession, now: number, options: StoreOptions): boolean {
    if (now - readAt >= this.#options.maxAgeMs || now >= livesUntil) return false
    const { idleTimeoutMs, touchEveryMs } = lifetimeOf(session, options.lifetime)
    return (
      session.idleTimeoutMs === idleTimeoutMs &&
      options.now - session.lastAccessedAt < touchEveryMs &&
      options.now < deadline(session, options.lifetime)
    )
  }

  load(key: SessionKey, options: StoreOptions): Loaded | Promise<Loaded> {
    return this.peek(key, options) ?? this.#read(key, options)
  }

  async #read(key: SessionKey, options: StoreOptions): Promise<Loaded> {
    this.#counts.misses++
    // What is asked again may be newer than what is here, and nobody may see the older one after it.
    if (options.fresh) this.#entries.drop(key)
    const isKept = !options.fresh && this.#options.maxEntries > 0 && this.#lease.isHeard
    const placeholder = isKept ? this.#entries.reserve(key) : undefined
    if (!placeholder) return this.#store.load(key, options)
    const readAt = performance.now()
    let found: Found | undefined
    try {
      // Both leave at once; an answer that comes before the load's is of no harm, as then the session lives shorter.
      const [loaded, ttlMs] = await Promise.all([this.#store.load(key, options), this.#ttl(key, options)])
      if (typeof loaded === 'object' && !loaded.isTouched && ttlMs > 0) {
        found = { session: loaded, readAt, livesUntil: readAt + ttlMs }
      }
      return loaded
    } finally {
      this.#entries.fill(key, placeholder, found)
    }
  }

  /** How long Redis keeps the session from now on, ms; 0 when that is not known. */
  async #ttl(key: SessionKey, { usage, giveUpAt = 0 }: StoreOptions): Promise<number> {
    const name = this.#backend.keys.session(key)
    if (usage) usage.commands++ // it shares the load's round trip
    try {
      const ttl = Number(await this.#backend.calls.command(name, 'pttl', [name], { giveUpAt }))
      return ttl === -1 ? Infinity : Math.max(0, ttl)
    } catch {
      return 0
    }
  }

  /** Before it, so that nobody here sees the session as it was once this is answered; and after, as it may be read meanwhile. */
  async commit(key: SessionKey, delta: SessionDelta, options: StoreOptions): Promise<CommitResult> {
    this.#entries.drop(key)
    try {
      return await this.#store.commit(key, delta, options)
    } finally {
      this.#entries.drop(key)
    }
  }

  async destroy(key: SessionKey, options: StoreOptions & { graceMs?: number }): Promise<boolean> {
    this.#entries.drop(key)
    try {
      return await this.#store.destroy(key, options)
    } finally {
      this.#entries.drop(key)
    }
  }

  confirmEnd(key: SessionKey): Promise<void> {
    return this.#options.strict ? this.#endings.confirm(key) : Promise.resolve()
  }

  ofUser(user: string, options: StoreOptions): Promise<SessionListing[]> {
    return this.#store.ofUser(user, options)
  }

  list(options: StoreOptions & { cursor?: string; limit?: number }): Promise<SessionPage> {
    return this.#store.list(options)
  }

  watchEnds(told: EndsTold): Promise<AsyncDisposable> {
    return (this.#store as Required<RedisStore>).watchEnds(told)
  }

  isAlive(key: SessionKey, options: StoreOptions): boolean | Promise<boolean> {
    return (this.#store as Required<RedisStore>).isAlive(key, options)
  }

  keyOf(id: string): string {
    return this.#store.keyOf(id)
  }

  serverOf(key: SessionKey | undefined): string {
    return this.#store.serverOf?.(key) ?? ''
  }

  onReconnect(listener: () => void): void {
    this.#store.onReconnect?.(listener)
  }

  reconnect(key: SessionKey): void {
    this.#store.reconnect?.(key)
  }

  #flush(): void {
    this.#counts.flushes++
    this.#entries.flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lease.close()
    await this.#store[Symbol.asyncDispose]()
  }
}
