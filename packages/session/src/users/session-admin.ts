import { hashId, type SessionKey } from '../carrier/id.ts'
import { SessionLimitError } from '../errors.ts'
import type { Manager } from '../manager.ts'
import type { SessionEvents } from '../observe/events.ts'
import { type AnySession, Session } from '../session.ts'
import { show } from '../show.ts'
import type { SessionListing, SessionPage, StoreOptions } from '../store/store.ts'
import { checkUser } from './user.ts'

/** One session in a list. The `handle` can end it, but nobody can use it as a cookie. */
export interface SessionSummary {
  readonly handle: string
  /** Epoch ms. */
  readonly createdAt: number
  readonly lastAccessedAt: number
  readonly user?: string
  readonly authenticatedAt?: number
}

/** One that is gone when its turn comes may live on under a new id, so `endUser` looks again, this often at most. */
const MAX_ROUNDS = 20

type EndReason = SessionEvents['ended']['reason']

/** Lists sessions and ends them from outside: for a user's own page of devices, and for operators. */
export class SessionAdmin {
  readonly #manager: Manager

  /** @internal */
  constructor(manager: Manager) {
    this.#manager = manager
  }

  /** A user's live sessions, the most recently used first. */
  async ofUser(user: string): Promise<SessionSummary[]> {
    checkUser('sessions.ofUser', user)
    const listings = await this.#listings(user)
    return listings.map((listing) => this.#summary(listing))
  }

  /**
   * All live sessions, about `limit` at a time: pass the `cursor` of one answer to get the next. For operators: on Redis
   * it scans the whole keyspace.
   */
  async list({ cursor, limit = 100 }: { cursor?: string | undefined; limit?: number } = {}): Promise<{
    sessions: SessionSummary[]
    cursor?: string
  }> {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new TypeError(`sessions.list: limit is ${show(limit)}, but must be a whole number, at least 1`)
    }
    const page = await this.#page(cursor, limit)
    const sessions = page.sessions.map((listing) => this.#summary(listing))
    return page.cursor === undefined ? { sessions } : { sessions, cursor: page.cursor }
  }

  /**
   * How many sessions live now, of all or of one user. For operators: that of all lists them, part by part, and on Redis
   * scans the whole keyspace.
   */
  async count({ user }: { readonly user?: string | undefined } = {}): Promise<number> {
    if (user !== undefined) return (await this.ofUser(user)).length
    let [count, cursor]: [number, string | undefined] = [0, undefined]
    do {
      const page: { sessions: SessionSummary[]; cursor?: string } = await this.list({ cursor, limit: 1000 })
      count += page.sessions.length
      cursor = page.cursor
    } while (cursor !== undefined)
    return count
  }

  /** Ends the session with this handle and tells whether there was one. `user` makes it look only among theirs. */
  async end(handle: string, { user }: { user?: string | undefined } = {}): Promise<boolean> {
    if (user !== undefined) checkUser('sessions.end', user)
    const key = await this.#find(handle, user)
    return key !== undefined && this.#destroy(key, 'by-handle', user)
  }

  /**
   * Ends all sessions of a user, or all but one (a `Session`, or its handle), and tells how many. Requests under way
   * with them cannot bring them back.
   */
  async endUser(user: string, { except }: { except?: AnySession | string | undefined } = {}): Promise<number> {
    checkUser('sessions.endUser', user)
    const spared = except instanceof Session ? await this.#keyOf(except) : except
    let ended = 0
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const listings = await this.#listings(user)
      const doomed = listings.filter((listing) => listing.key !== spared && this.#handle(listing.key) !== spared)
      const now = await this.#destroyAll(doomed, 'of-user')
      ended += now
      if (now === doomed.length) break
    }
    return ended
  }

  /** @internal Ends those sessions of a user that are too many, those idle the longest first, never `current`. */
  async trim(user: string, current: SessionKey): Promise<void> {
    const others = (await this.#listings(user)).filter((listing) => listing.key !== current)
    await this.#destroyAll(others.slice(this.#manager.options.maxSessionsPerUser - 1), 'too-many')
  }

  /** @internal Throws when a user has as many sessions as they may. */
  async assertRoom(user: string): Promise<void> {
    const { maxSessionsPerUser } = this.#manager.options
    if ((await this.#listings(user)).length >= maxSessionsPerUser) throw new SessionLimitError(maxSessionsPerUser)
  }

  async #destroyAll(doomed: readonly SessionListing[], reason: EndReason): Promise<number> {
    const ended = await Promise.all(doomed.map(({ key, user }) => this.#destroy(key, reason, user)))
    return ended.filter(Boolean).length
  }

  async #destroy(key: SessionKey, reason: EndReason, user: string | undefined): Promise<boolean> {
    const { storeClient, events, options } = this.#manager
    const call = (giveUpAt: number) => options.store.destroy(key, this.#options(giveUpAt))
    const had = await storeClient.run('destroy', key, call)
    await options.store.confirmEnd?.(key)
    if (had && events.hears('ended')) {
      const event = { at: options.now(), session: events.hash(key), reason }
      events.emit('ended', user === undefined ? event : { ...event, user })
    }
    return had
  }

  async #listings(user: string): Promise<SessionListing[]> {
    const { storeClient, options } = this.#manager
    const call = (giveUpAt: number) => options.store.ofUser(user, this.#options(giveUpAt))
    const listings = await storeClient.run('ofUser', undefined, call)
    return listings.sort(byRecency)
  }

  async #find(handle: string, user: string | undefined): Promise<SessionKey | undefined> {
    if (!/^[A-Za-z0-9_-]{43}$/.test(handle)) return undefined
    const isHandle = (listing: SessionListing): boolean => this.#handle(listing.key) === handle
    if (user !== undefined) return (await this.#listings(user)).find(isHandle)?.key
    if (!this.#manager.options.store.plainIds) return handle
    let cursor: string | undefined
    do {
      const page: SessionPage = await this.#page(cursor)
      const found = page.sessions.find(isHandle)
      if (found) return found.key
      cursor = page.cursor
    } while (cursor !== undefined)
    return undefined
  }

  async #page(cursor: string | undefined, limit = 100): Promise<SessionPage> {
    const { storeClient, options } = this.#manager
    const where = cursor === undefined ? { limit } : { limit, cursor }
    return storeClient.run('list', undefined, (giveUpAt) =>
      options.store.list({ ...this.#options(giveUpAt), ...where }),
    )
  }

  async #keyOf(session: AnySession): Promise<SessionKey | undefined> {
    const info = await session.info()
    return info && this.#manager.keyOf(info.id)
  }

  #summary({ key, ...rest }: SessionListing): SessionSummary {
    return { handle: this.#handle(key), ...rest }
  }

  /** Where ids are stored plainly the key is the token itself, so it is hashed before anybody sees it. */
  #handle(key: SessionKey): string {
    return this.#manager.options.store.plainIds ? hashId(key) : key
  }

  #options(giveUpAt: number): StoreOptions {
    const { options, onBackgroundError } = this.#manager
    return { now: options.now(), lifetime: options.lifetime, onBackgroundError, giveUpAt }
  }
}

/** The most recently used first; the key decides between equals, so that all nodes see one order. */
const byRecency = (a: SessionListing, b: SessionListing): number =>
  b.lastAccessedAt - a.lastAccessedAt || b.createdAt - a.createdAt || (a.key < b.key ? -1 : 1)
