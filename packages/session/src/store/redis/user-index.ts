import type { SessionKey } from '../../carrier/id.ts'
import {
  deadline,
  type SessionListing,
  type SessionPage,
  type StoreOptions,
  StoreRefusedError,
  type Times,
} from '../store.ts'
import type { CallOptions, RedisCalls } from './calls.ts'
import type { RedisConnection } from './connection.ts'
import { LISTED, parseListing, type RedisKeys } from './layout.ts'
import { INDEX } from './scripts.ts'

/** An entry whose session never ends is kept this long after the session's last touch, ms (a year). */
const FOREVER_MS = 365 * 24 * 3_600_000

/** How long the making of a session may take at most, ms: far more than any store time-out, and clocks that differ. */
const YOUNG_MS = 10_000

/**
 * Which sessions are whose: one sorted set per user, scored by when an entry has certainly passed. Every list checks
 * its entries against the sessions themselves, so a stale entry is never shown; it is dropped instead.
 */
export class RedisIndex {
  readonly #connection: RedisConnection
  readonly #calls: RedisCalls
  readonly #keys: RedisKeys

  constructor(connection: RedisConnection, calls: RedisCalls, keys: RedisKeys) {
    this.#connection = connection
    this.#calls = calls
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

  async enter(user: string, key: SessionKey, untilMs: number, options: StoreOptions): Promise<void> {
    await this.#calls.read(INDEX, [this.#keys.index(user)], [options.now, untilMs, key], options)
  }

  /** Nobody waits for it: the entry outlasts its session by a lifetime anyhow. */
  prolong(user: string, key: SessionKey, times: Times, options: StoreOptions): void {
    this.#later(this.enter(user, key, this.until(times, options), { ...options, ...counting(options) }), options)
  }

  /** Nobody waits for it: an entry without a session is never shown. */
  leave(user: string, key: SessionKey, options: StoreOptions): void {
    const index = this.#keys.index(user)
    this.#later(this.#calls.command(index, 'zrem', [index, key], counting(options)), options)
  }

  async list(user: string, options: StoreOptions): Promise<SessionListing[]> {
    const index = this.#keys.index(user)
    const args = [index, '0', '-1', 'WITHSCORES']
    const reply = (await this.#calls.command(index, 'zrange', args, options)) as unknown[]
    const entries = reply.flat().map(String) // RESP 3 has pairs
    const keys = entries.filter((_entry, i) => i % 2 === 0)
    const listings = await this.#describe(keys, options)
    const live = listings.filter((listing) => listing?.user === user) as SessionListing[]
    const young = this.#youngFrom(options)
    const stale = keys.filter((_key, i) => listings[i]?.user !== user && Number(entries[2 * i + 1]) < young)
    if (stale.length > 0) this.#later(this.#calls.command(index, 'zrem', [index, ...stale], options), options)
    return live
  }

  /**
   * In a cluster an entry is made before its session, in another slot. One with this score or more may be waiting for
   * it still, and dropping it would hide a live session from whoever ends all of its user's.
   */
  #youngFrom(options: StoreOptions): number {
    if (!this.#connection.isCluster) return Infinity
    const at = options.now - YOUNG_MS
    const made = { createdAt: at, lastAccessedAt: at }
    return this.until(made, { ...options, now: at })
  }

  /** All sessions, by SCAN; in a cluster one primary after another. The cursor is `<primary>:<cursor there>`. */
  async scan(options: StoreOptions & { cursor?: string; limit?: number }): Promise<SessionPage> {
    const [, node = '0', at = '0'] = /^(\d{1,9}):(\d{1,19})$/.exec(options.cursor ?? '') ?? []
    const primaries = this.#connection.primaries()
    const primary = primaries[Number(node)]
    if (!primary) return { sessions: [] }
    const prefix = this.#connection.keyPrefix + this.#keys.sessions
    const args = [at, 'MATCH', `${escapeGlob(prefix)}*`, 'COUNT', String(options.limit ?? 100)]
    const [next, found] = (await this.#calls.command('', 'scan', args, options, primary)) as [Buffer, Buffer[]]
    const listings = await this.#describe(
      found.map((key) => key.toString().slice(prefix.length)),
      options,
    )
    const sessions = listings.filter((listing) => listing !== undefined)
    const cursor = nextCursor(Number(node), next.toString(), primaries.length)
    return cursor === undefined ? { sessions } : { sessions, cursor }
  }

  /** The sessions under these keys; `undefined` for each that is gone or has expired. One command each: one slot each. */
  async #describe(keys: readonly SessionKey[], options: StoreOptions): Promise<(SessionListing | undefined)[]> {
    const values = await Promise.all(keys.map((key) => this.#read(this.#keys.session(key), options)))
    return values.map((fields, i) => {
      const found = parseListing(keys[i] as SessionKey, fields)
      if (!found) return undefined
      const { listing, own } = found
      return options.now < deadline({ ...listing, ...(own ? { own } : {}) }, options.lifetime) ? listing : undefined
    })
  }

  /** What is no hash, such as a neighbour's key under the same prefix, is no session. */
  async #read(name: string, options: StoreOptions): Promise<readonly (Buffer | null)[]> {
    try {
      return (await this.#calls.command(name, 'hmget', [name, ...LISTED], options)) as (Buffer | null)[]
    } catch (error) {
      if (error instanceof StoreRefusedError && error.reason === 'WRONGTYPE') return []
      throw error
    }
  }

  #later(work: Promise<unknown>, { onBackgroundError }: StoreOptions): void {
    work.catch((error: unknown) => onBackgroundError?.(error))
  }
}

/** Work that no request waits for costs commands, but no round trip, and has no time to keep. */
export function counting({ usage }: StoreOptions): CallOptions {
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

export const escapeGlob = (text: string): string => text.replaceAll(/[\\*?[\]]/g, '\\$&')
