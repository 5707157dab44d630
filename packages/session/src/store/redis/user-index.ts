import type { SessionKey } from '../../carrier/id.ts'
import { deadline, type SessionListing, type SessionPage, type StoredSession, type StoreOptions } from '../store.ts'
import { command, type RedisClient, type RedisClusterClient, run } from './client.ts'
import { LISTED, parseListing, type RedisKeys } from './layout.ts'
import { INDEX } from './scripts.ts'

type Times = Pick<StoredSession, 'createdAt' | 'lastAccessedAt' | 'idleTimeoutMs'>

/** An entry whose session never ends is kept this long after the session's last touch, ms (a year). */
const FOREVER_MS = 365 * 24 * 3_600_000

/** How long the making of a session may take at most, ms: far more than any store time-out, and clocks that differ. */
const YOUNG_MS = 10_000

/**
 * Which sessions are whose: one sorted set per user, scored by when an entry has certainly passed. Every list checks
 * its entries against the sessions themselves, so a stale entry is never shown; it is dropped instead.
 */
export class RedisIndex {
  readonly #client: RedisClient
  readonly #keys: RedisKeys

  constructor(client: RedisClient, keys: RedisKeys) {
    this.#client = client
    this.#keys = keys
  }

  /**
   * Until when an entry is kept: one lifetime longer than its session may last without another touch, so that a
   * prolongation may fail once without a live session dropping out of its user's list.
   */
  until(times: Times, { now, lifetime }: StoreOptions): number {
    const end = deadline(times, lifetime)
    return end === Infinity ? now + FOREVER_MS : end + (end - times.lastAccessedAt)
  }

  async enter(user: string, key: SessionKey, untilMs: number, { now, usage }: StoreOptions): Promise<void> {
    await run(this.#client, INDEX, [this.#keys.index(user)], [now, untilMs, key], usage)
  }

  /** Nobody waits for it: the entry outlasts its session by a lifetime anyhow. */
  prolong(user: string, key: SessionKey, times: Times, options: StoreOptions): void {
    this.#later(this.enter(user, key, this.until(times, options), { ...options, ...counting(options) }), options)
  }

  /** Nobody waits for it: an entry without a session is never shown. */
  leave(user: string, key: SessionKey, options: StoreOptions): void {
    const { usage } = counting(options)
    this.#later(command(this.#client, usage, 'zrem', [this.#keys.index(user), key]), options)
  }

  async list(user: string, options: StoreOptions): Promise<SessionListing[]> {
    const index = this.#keys.index(user)
    const args = [index, '0', '-1', 'WITHSCORES']
    const entries = ((await command(this.#client, options.usage, 'zrange', args)) as Buffer[]).map(String)
    const keys = entries.filter((_entry, i) => i % 2 === 0)
    const listings = await this.#describe(keys, options)
    const live = listings.filter((listing) => listing?.user === user) as SessionListing[]
    const young = this.#youngFrom(options)
    const stale = keys.filter((_key, i) => listings[i]?.user !== user && Number(entries[2 * i + 1]) < young)
    if (stale.length > 0) this.#later(command(this.#client, options.usage, 'zrem', [index, ...stale]), options)
    return live
  }

  /**
   * In a cluster an entry is made before its session, in another slot. One with this score or more may be waiting for
   * it still, and dropping it would hide a live session from whoever ends all of its user's.
   */
  #youngFrom(options: StoreOptions): number {
    if (!this.#client.isCluster) return Infinity
    const at = options.now - YOUNG_MS
    const made = { createdAt: at, lastAccessedAt: at, idleTimeoutMs: options.lifetime.idleTimeoutMs }
    return this.until(made, { ...options, now: at })
  }

  /** All sessions, by SCAN; in a cluster one primary after another. The cursor is `<primary>:<cursor there>`. */
  async scan(options: StoreOptions & { cursor?: string; limit?: number }): Promise<SessionPage> {
    const [, node = '0', at = '0'] = /^(\d{1,9}):(\d{1,19})$/.exec(options.cursor ?? '') ?? []
    const primaries = this.#primaries()
    const primary = primaries[Number(node)]
    if (!primary) return { sessions: [] }
    const prefix = (this.#client.options.keyPrefix ?? '') + this.#keys.sessions
    const args = [at, 'MATCH', `${escapeGlob(prefix)}*`, 'COUNT', String(options.limit ?? 100)]
    const [next, found] = (await command(primary, options.usage, 'scan', args)) as [Buffer, Buffer[]]
    const listings = await this.#describe(
      found.map((key) => key.toString().slice(prefix.length)),
      options,
    )
    const sessions = listings.filter((listing) => listing !== undefined)
    const cursor = nextCursor(Number(node), next.toString(), primaries.length)
    return cursor === undefined ? { sessions } : { sessions, cursor }
  }

  #primaries(): readonly RedisClient[] {
    if (!this.#client.isCluster) return [this.#client]
    const nodes = (this.#client as RedisClusterClient).nodes('master')
    const name = ({ options: { host = '', port = 0 } }: (typeof nodes)[number]): string => `${host}:${port}`
    return nodes.toSorted((a, b) => name(a).localeCompare(name(b)))
  }

  /** The sessions under these keys; `undefined` for each that is gone or has expired. One command each: one slot each. */
  async #describe(keys: readonly SessionKey[], options: StoreOptions): Promise<(SessionListing | undefined)[]> {
    const values = await Promise.all(
      keys.map((key) => command(this.#client, options.usage, 'hmget', [this.#keys.session(key), ...LISTED])),
    )
    return values.map((fields, i) => {
      const listing = parseListing(keys[i] as SessionKey, fields as (Buffer | null)[])
      if (!listing || options.now >= deadline(listing, options.lifetime)) return undefined
      const { idleTimeoutMs: _, ...rest } = listing
      return rest
    })
  }

  #later(work: Promise<unknown>, { onBackgroundError }: StoreOptions): void {
    work.catch((error: unknown) => onBackgroundError?.(error))
  }
}

/** Work that no request waits for costs commands, but no round trip. */
function counting({ usage }: StoreOptions): Pick<StoreOptions, 'usage'> {
  if (!usage) return {}
  return {
    usage: {
      get commands() {
        return usage.commands
      },
      set commands(commands) {
        usage.commands = commands
      },
      roundTrips: 0,
    },
  }
}

function nextCursor(node: number, next: string, nodes: number): string | undefined {
  if (next !== '0') return `${node}:${next}`
  return node + 1 < nodes ? `${node + 1}:0` : undefined
}

const escapeGlob = (text: string): string => text.replaceAll(/[\\*?[\]]/g, '\\$&')
