import { maskId, newId } from './carrier/id.ts'
import { checkName, decodeAttribute, encodeAttribute } from './request/attribute.ts'
import { commit, watchForBypass } from './request/commit.ts'
import { Refused } from './request/refused.ts'
import type { SessionReport } from './request/report.ts'
import type { RequestSession } from './request/request-session.ts'
import { updateAttribute } from './request/update.ts'
import { checkUser } from './users/user.ts'

/** What is known of a session beside its attributes. */
export interface SessionInfo {
  /**
   * The secret that the client holds. It is left out of JSON, spreads and logs, so that it gets nowhere by accident;
   * `maskedId` and the events' hashes may be shown.
   */
  readonly id: string
  /** The end of the id, such as `…7f`. */
  readonly maskedId: string
  /** Where it lies in the store, when the store can tell. */
  readonly storageKey?: string
  /** Whether this request made it. */
  readonly isNew: boolean
  /** Epoch ms. */
  readonly createdAt: number
  /** The access before this request's, epoch ms; written down at most every `touchEveryMs`. */
  readonly lastAccessedAt: number
  readonly user?: string
  /** When the user last proved who they are (`rotate({ user })`), epoch ms. */
  readonly authenticatedAt?: number
}

/** A session whatever its attributes are. */
// biome-ignore lint/suspicious/noExplicitAny: `Session` is invariant in its attributes
export type AnySession = Session<any>

/**
 * One client's session, as one request sees it. Nothing is read from the store until it is asked for. `set`, `delete`,
 * `take` and `rotate` take effect together when the handler has succeeded, before the response leaves; `update`,
 * `commit` and `invalidate` at once. A request without a session reads `undefined` everywhere; the first `set` makes one.
 */
export class Session<A extends object = Record<string, unknown>> {
  readonly #exchange: RequestSession

  /** @internal */
  constructor(exchange: RequestSession) {
    this.#exchange = exchange
  }

  /** An attribute's value, or `undefined`. Plain objects and arrays come frozen: change a copy and `set` that. */
  async get<K extends keyof A & string>(name: K): Promise<A[K] | undefined> {
    const exchange = this.#exchange
    exchange.assertAlive('get')
    const loading = exchange.load()
    if (loading && !exchange.isLoaded) await loading
    const { staged, known } = exchange
    const bytes = staged?.has(name) ? staged.get(name) : known?.attributes.get(name)
    return decodeAttribute(exchange, name, bytes) as A[K] | undefined
  }

  /**
   * Sets an attribute; makes the session if there is none; `undefined` removes. The value is encoded now: changing it
   * afterwards changes nothing. Throws a `SessionValueError` for a value that would not come back as it is.
   */
  set<K extends keyof A & string>(name: K, value: A[K] | undefined): Promise<void> {
    return settled(this.#exchange, () => {
      const exchange = this.#exchange
      exchange.assertWritable('set')
      checkName(name)
      const bytes = value === undefined ? undefined : encodeAttribute(exchange, name, value)
      return this.#stage('set', name, bytes, value)
    })
  }

  /** Removes an attribute. Makes no session. */
  delete<K extends keyof A & string>(name: K): Promise<void> {
    return settled(this.#exchange, () => {
      this.#exchange.assertWritable('delete')
      checkName(name)
      return this.#stage('delete', name, undefined, undefined)
    })
  }

  /** The names of all attributes. */
  async keys(): Promise<(keyof A & string)[]> {
    const exchange = this.#exchange
    exchange.assertAlive('keys')
    if (!exchange.isLoaded) await exchange.load()
    const names = new Set<string>()
    for (const [name, bytes] of exchange.known?.attributes ?? []) if (bytes.length > 0) names.add(name)
    for (const [name, bytes] of exchange.staged ?? []) {
      if (bytes) names.add(name)
      else names.delete(name)
    }
    return [...names] as (keyof A & string)[]
  }

  /** Reads an attribute and removes it: for a message that shall be shown once. It stays if the handler fails. */
  async take<K extends keyof A & string>(name: K): Promise<A[K] | undefined> {
    this.#exchange.assertWritable('take')
    const value = await this.get(name)
    if (value !== undefined) await this.delete(name)
    return value
  }

  /**
   * Replaces an attribute by what `change` makes of it, exactly: no other request's write comes between, on any node.
   * Saved at once, whatever becomes of the handler. `change` may be called again when another request was faster, and
   * must have no other effect; it may be async; `undefined` removes. Answers the new value.
   * @example
   * const visits = await session.update('visits', (n = 0) => n + 1)
   */
  update<K extends keyof A & string>(
    name: K,
    change: (value: A[K] | undefined) => A[K] | undefined | Promise<A[K] | undefined>,
  ): Promise<A[K] | undefined> {
    return settled(this.#exchange, () => {
      this.#exchange.assertWritable('update')
      checkName(name)
      return updateAttribute(this.#exchange, name, change as (value: unknown) => unknown) as Promise<A[K] | undefined>
    })
  }

  /**
   * Gives the session a new id and keeps its data; the old id is dead on every node. Call it whenever rights change,
   * above all at login: `user` says whose session it is from now on and sets `authenticatedAt`. Makes a session if
   * there is none.
   */
  rotate({ user }: { readonly user?: string | undefined } = {}): Promise<void> {
    return settled(this.#exchange, async () => {
      const exchange = this.#exchange
      exchange.assertWritable('rotate')
      if (user !== undefined) checkUser('session.rotate', user)
      await this.#loadToWrite()
      exchange.assertWritable('rotate')
      exchange.make()
      watchForBypass(exchange)
      const authenticatedAt = user === undefined ? exchange.rotation?.authenticatedAt : exchange.manager.options.now()
      exchange.rotation = { id: newId(), user: user ?? exchange.rotation?.user, authenticatedAt }
    })
  }

  /**
   * Ends the session at once, on every node, and has the client forget its id. Any later call on it throws. Requests
   * that are under way with the same session cannot bring it back.
   */
  invalidate(): Promise<void> {
    return settled(this.#exchange, () => this.#invalidate())
  }

  /** What is known of the session; `undefined` when there is none. */
  async info(): Promise<SessionInfo | undefined> {
    const exchange = this.#exchange
    if (exchange.ended) return undefined
    if (!exchange.isLoaded) await exchange.load()
    if (exchange.id === undefined) return undefined
    const { known, rotation, manager } = exchange
    const id = known && rotation ? rotation.id : exchange.id
    const createdAt = known?.createdAt ?? exchange.madeAt ?? manager.options.now()
    const user = rotation?.user ?? known?.user
    const authenticatedAt = rotation?.authenticatedAt ?? known?.authenticatedAt
    const storageKey = manager.options.store.keyOf?.(id)
    const shown: Omit<SessionInfo, 'id'> = {
      maskedId: maskId(id),
      isNew: exchange.madeAt !== undefined,
      createdAt,
      lastAccessedAt: known?.lastAccessedAt ?? createdAt,
      ...(storageKey === undefined ? {} : { storageKey }),
      ...(user === undefined ? {} : { user }),
      ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
    }
    return Object.defineProperty(shown, 'id', { value: id }) as SessionInfo
  }

  /**
   * Saves what is staged now rather than at the end: before `reply.hijack()`, or in a long request. Throws what the end
   * of the request would have been answered with.
   */
  commit(): Promise<void> {
    return settled(this.#exchange, () => {
      this.#exchange.assertWritable('commit')
      return commit(this.#exchange)
    })
  }

  /** What this request has done with its session so far. Never asks the store, never shows an id. */
  report(): SessionReport {
    return this.#exchange.report()
  }

  async #stage(operation: string, name: string, bytes: Uint8Array | undefined, value: unknown): Promise<void> {
    const exchange = this.#exchange
    watchForBypass(exchange)
    exchange.staged ??= new Map()
    // Staged before the store is asked, so that a caller who forgets to await loses nothing.
    exchange.staged.set(name, bytes)
    exchange.watch?.drop(name)
    if (bytes && typeof value === 'object' && value !== null) exchange.watch?.add(name, value)
    if (!exchange.isLoaded) await this.#loadToWrite()
    else exchange.assertLoadSucceeded()
    if (exchange.ended) exchange.assertAlive(operation)
    if (bytes) exchange.make()
  }

  async #loadToWrite(): Promise<void> {
    const exchange = this.#exchange
    if (!exchange.isLoaded) await exchange.load()
    exchange.assertLoadSucceeded()
  }

  async #invalidate(): Promise<void> {
    const exchange = this.#exchange
    if (exchange.ended) return
    const { token, manager } = exchange
    const id = exchange.id ?? (typeof token === 'string' ? undefined : token.id)
    if (id !== undefined && (exchange.isStored || exchange.madeAt === undefined)) {
      const key = manager.keyOf(id)
      const { store } = manager.options
      const had = await manager.storeClient.run('destroy', () => store.destroy(key, exchange.storeOptions()), exchange)
      if (exchange.outcome === 'untouched') exchange.outcome = had ? 'found' : 'unknown'
      exchange.endedInStore = had
      if (had && manager.events.hears('ended'))
        manager.events.emit('ended', { ...exchange.event(id), reason: 'invalidated' })
    }
    exchange.ended = true
    exchange.staged = undefined
    exchange.rotation = undefined
    exchange.idDue = false
  }
}

/**
 * Runs a write and marks its promise as handled: when a caller forgets to await it, the response waits for it and the
 * failure answers the request, instead of ending the process as an unhandled rejection.
 */
function settled<T>(exchange: RequestSession, write: () => Promise<T>): Promise<T> {
  let result: Promise<T>
  try {
    result = write()
  } catch (error) {
    const refused = Refused.with(error)
    exchange.refused ??= { error, promise: refused }
    return refused
  }
  exchange.inFlight ??= new Set()
  const { inFlight } = exchange
  const ended = (): void => void inFlight.delete(result)
  inFlight.add(result)
  result.then(ended, ended)
  return result
}
