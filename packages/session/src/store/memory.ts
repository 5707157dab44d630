import type { SessionKey } from '../carrier/id.ts'
import { checkNames } from '../names.ts'
import { show } from '../show.ts'
import { type Entry, LruMap } from './memory-entries.ts'
import { RotatedKeys } from './memory-rotated.ts'
import {
  type CommitResult,
  deadline,
  type EndsTold,
  type HowEnded,
  type Lifetime,
  type Loaded,
  lifetimeOf,
  type SessionDelta,
  type SessionListing,
  type SessionPage,
  type SessionStore,
  type StoreOptions,
} from './store.ts'

/** Bounds of a `memoryStore`. */
export interface MemoryStoreOptions {
  /** With one session more, the one that was used least recently is dropped. @default 100_000 */
  readonly maxSessions?: number
  /** Roughly how much memory the sessions may take, in bytes; beyond, as above. @default 268_435_456 (256 MiB) */
  readonly maxBytes?: number
  /** How often expired sessions are looked for, ms; `0`: only when they are asked for. @default 1_000 */
  readonly sweepEveryMs?: number
  /** Told the key of every session that was dropped for lack of room. */
  readonly onEvict?: (key: SessionKey) => void
  /** The clock that sweeping goes by, epoch ms; give the manager the same. @default Date.now */
  readonly now?: () => number
}

/** A store in this process's memory. */
export interface MemoryStore extends SessionStore {
  /** How many sessions it holds, expired ones that were not swept yet included. */
  readonly size: number
  /** Roughly how much memory they take, in bytes. */
  readonly bytes: number
  /** Looks at up to `most` sessions, going on where it stopped last, and drops the expired ones. Tells how many. */
  sweep(most?: number): number
}

/**
 * Keeps sessions in this process's memory: for one node, for tests, for sticky sessions. Values are bytes here as in
 * every store, so nothing behaves differently on Redis. It never grows beyond its bounds, and never keeps a process alive.
 * @example
 * createSessions({ store: memoryStore({ maxSessions: 10_000 }) })
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const names = { maxSessions: true, maxBytes: true, sweepEveryMs: true, onEvict: true, now: true } as const
  checkNames<MemoryStoreOptions>('memoryStore', options, names)
  return new Memory(options)
}

/** How many sessions one sweep looks at, so that a million of them never stop the process for long. */
const SWEEP_STEP = 5_000
const LIST_LIMIT = 100
/** What a timer can wait for at most; it would take more for no time at all. */
const MAX_TIMER_MS = 2 ** 31 - 1

class Memory implements MemoryStore {
  readonly isLocal = true
  readonly #entries: LruMap
  readonly #rotated: RotatedKeys
  readonly #now: () => number
  readonly #told = new Set<EndsTold>()
  readonly #timer: NodeJS.Timeout | undefined

  constructor({
    maxSessions = 100_000,
    maxBytes = 256 * 1024 * 1024,
    sweepEveryMs = 1000,
    onEvict,
    now,
  }: MemoryStoreOptions) {
    checkCount('maxSessions', maxSessions, 1)
    checkCount('maxBytes', maxBytes, 1)
    for (const [name, option] of Object.entries({ onEvict, now })) {
      if (option === undefined || typeof option === 'function') continue
      throw new TypeError(`memoryStore: ${name} is ${show(option)}, but must be a function`)
    }
    checkCount('sweepEveryMs', sweepEveryMs, 0, MAX_TIMER_MS)
    this.#entries = new LruMap({
      maxSessions,
      maxBytes,
      onEnd: (key) => this.#tell(key, 'ended'),
      onEvict: onEvict ?? (() => {}),
    })
    this.#rotated = new RotatedKeys(maxSessions)
    this.#now = now ?? Date.now
    if (sweepEveryMs > 0) this.#timer = setInterval(() => this.sweep(), sweepEveryMs).unref()
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#entries.bytes
  }

  sweep(most = SWEEP_STEP): number {
    this.#rotated.sweep(this.#now())
    return this.#entries.sweep(this.#now(), most)
  }

  load(key: SessionKey, options: StoreOptions): Loaded {
    count(options)
    const entry = this.#entries.get(key)
    const { now, lifetime } = options
    if (!entry) return this.#rotated.has(key, now) ? 'rotated' : undefined
    if (now >= deadline(entry, lifetime)) {
      this.#entries.end(key)
      return 'expired'
    }
    const { idleTimeoutMs, touchEveryMs } = lifetimeOf(entry, lifetime)
    const isChanged = entry.idleTimeoutMs !== idleTimeoutMs // by a deployment
    const isTouched = now > entry.lastAccessedAt && (isChanged || now - entry.lastAccessedAt >= touchEveryMs)
    if (!isTouched) return isChanged ? { ...entry, idleTimeoutMs } : entry
    this.#entries.put(key, ending({ ...entry, lastAccessedAt: now }, lifetime))
    return { ...entry, idleTimeoutMs, isTouched }
  }

  async commit(key: SessionKey, delta: SessionDelta, options: StoreOptions): Promise<CommitResult> {
    count(options)
    const old = this.#alive(key, options)
    if (delta.create) {
      if (old) return 'conflict'
      this.#entries.put(key, ending(changed(blank(delta.create.createdAt, options.lifetime), delta), options.lifetime))
      return 'ok'
    }
    if (!old) return 'gone'
    if (delta.expect && !isSame(old.attributes.get(delta.expect.name), delta.expect.value)) return 'conflict'
    if (delta.renameTo !== undefined) {
      this.#entries.delete(key)
      this.#rotated.add(key, options.now, delta.graceMs)
      this.#tell(key, 'rotated')
    }
    const before = delta.anew ? blank(delta.anew.createdAt, options.lifetime) : old
    this.#entries.put(delta.renameTo ?? key, ending(changed(before, delta), options.lifetime))
    return 'ok'
  }

  async destroy(key: SessionKey, options: StoreOptions & { graceMs?: number }): Promise<boolean> {
    count(options)
    const wasAlive = this.#alive(key, options) !== undefined
    this.#entries.end(key)
    if (wasAlive) this.#rotated.add(key, options.now, options.graceMs)
    return wasAlive
  }

  async ofUser(user: string, options: StoreOptions): Promise<SessionListing[]> {
    count(options)
    const listings: SessionListing[] = []
    for (const key of this.#entries.keysOf(user)) {
      const entry = this.#alive(key, options)
      if (entry) listings.push(listing(key, entry))
    }
    return listings
  }

  async list(options: StoreOptions & { cursor?: string; limit?: number }): Promise<SessionPage> {
    count(options)
    const { cursor, limit = LIST_LIMIT } = options
    const page = this.#entries.page(/^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : 0, limit)
    const sessions = page.entries.flatMap(([key, entry]) =>
      options.now < deadline(entry, options.lifetime) ? [listing(key, entry)] : [],
    )
    return page.next === undefined ? { sessions } : { sessions, cursor: String(page.next) }
  }

  async watchEnds(told: EndsTold): Promise<AsyncDisposable> {
    this.#told.add(told)
    return { [Symbol.asyncDispose]: async () => void this.#told.delete(told) }
  }

  isAlive(key: SessionKey, options: StoreOptions): boolean {
    return this.#alive(key, options) !== undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#entries.clear()
    this.#rotated.clear()
  }

  #tell(key: SessionKey, how: HowEnded): void {
    for (const told of this.#told) told(key, how)
  }

  #alive(key: SessionKey, { now, lifetime }: StoreOptions): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry && now < deadline(entry, lifetime) ? entry : undefined
  }
}

const blank = (createdAt: number, { idleTimeoutMs }: Lifetime): Entry => ({
  createdAt,
  lastAccessedAt: createdAt,
  idleTimeoutMs,
  attributes: new Map(),
  endsAt: Infinity,
})

/** Entries are never changed in place: whoever loaded one keeps what was true then. */
function changed(entry: Entry, { set, remove, user, authenticatedAt, lifetime }: SessionDelta): Entry {
  const attributes = new Map(entry.attributes)
  for (const name of remove ?? []) attributes.delete(name)
  for (const [name, bytes] of set ?? []) attributes.set(name, bytes)
  const { createdAt, lastAccessedAt, idleTimeoutMs, endsAt } = entry
  const own = lifetime === undefined ? entry.own : lifetime
  const owner = user === undefined ? entry.user : user
  const since = authenticatedAt ?? (user === null ? undefined : entry.authenticatedAt)
  return {
    createdAt,
    lastAccessedAt,
    idleTimeoutMs,
    endsAt,
    attributes: packed(attributes),
    ...(own ? { own } : {}),
    ...(typeof owner === 'string' ? { user: owner } : {}),
    ...(since === undefined ? {} : { authenticatedAt: since }),
  }
}

/** Bytes up to which the values of a session lie in one buffer, and are copied whenever one changes. */
const PACKED = 4_096

/**
 * The same values in memory of their own. Small buffers are cut from a shared slab of many KiB, which each of them would
 * keep alive; and a buffer for each value would cost more than most values do, and the garbage collector a look at each.
 */
export function packed(attributes: Map<string, Uint8Array>): Map<string, Uint8Array> {
  let total = 0
  for (const { length } of attributes.values()) total += length
  const block = total <= PACKED ? Buffer.allocUnsafeSlow(total) : undefined
  let at = 0
  for (const [name, bytes] of attributes) {
    if (block) {
      block.set(bytes, at)
      attributes.set(name, block.subarray(at, at + bytes.length))
      at += bytes.length
    } else if (bytes.buffer.byteLength > 2 * bytes.length) attributes.set(name, copied(bytes))
  }
  return attributes
}

function copied(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/** When it ends, and how long it may be idle, as things are now. */
const ending = (entry: Entry, lifetime: Lifetime): Entry => ({
  ...entry,
  idleTimeoutMs: lifetimeOf(entry, lifetime).idleTimeoutMs,
  endsAt: deadline(entry, lifetime),
})

const listing = (key: SessionKey, { createdAt, lastAccessedAt, user, authenticatedAt }: Entry): SessionListing => ({
  key,
  createdAt,
  lastAccessedAt,
  ...(user === undefined ? {} : { user }),
  ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
})

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0

function count({ usage }: StoreOptions): void {
  if (usage) usage.commands++
}

function checkCount(option: string, value: number, least: number, most = Infinity): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  const bounds = most === Infinity ? `at least ${least}` : `from ${least} to ${most}`
  throw new TypeError(`memoryStore: ${option} is ${show(value)}, but must be a whole number, ${bounds}`)
}
