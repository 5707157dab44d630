import { type AdoptedSession, adopt } from './request/adopt.ts'
import { assertAlive, assertUnsent, assertWritable } from './request/assert.ts'
import { attributeNames, checkName, checkStaged, readAttribute, stageAttribute } from './request/attribute.ts'
import { checkKeep } from './request/changes.ts'
import { commit } from './request/commit.ts'
import { invalidate, regenerate } from './request/end.ts'
import { infoOf, type SessionInfo } from './request/info.ts'
import { ownLifetime, type SessionLifetime } from './request/lifetime.ts'
import { load, loadFresh, loadToWrite, reload } from './request/load.ts'
import { reportOf, type SessionReport } from './request/report.ts'
import type { RequestSession } from './request/request-session.ts'
import { type RotateOptions, rotate } from './request/rotate.ts'
import { updateAttribute } from './request/update.ts'

/** A session whatever its attributes are. */
// biome-ignore lint/suspicious/noExplicitAny: `Session` is invariant in its attributes
export type AnySession = Session<any>

/** How a session is read. */
export interface ReadOptions {
  /** Asks the store itself, where a near cache would answer: for what must not be a moment old. @default false */
  readonly fresh?: boolean | undefined
}

/**
 * One client's session, as one request sees it. Nothing is read from the store until it is asked for. `set`, `delete`,
 * `take` and `rotate` take effect together when the handler has succeeded, before the response leaves; `update`,
 * `commit` and `invalidate` at once. A request without a session reads `undefined` everywhere; the first `set` makes one.
 */
export class Session<A extends object = Record<string, unknown>> {
  readonly #request: RequestSession

  /** @internal */
  constructor(request: RequestSession) {
    this.#request = request
  }

  /** An attribute's value, or `undefined`. Plain objects and arrays come frozen: change a copy and `set` that. */
  async get<K extends keyof A & string>(name: K, options?: ReadOptions): Promise<A[K] | undefined> {
    const request = this.#request
    assertAlive(request, 'get')
    const loading = options?.fresh ? loadFresh(request) : load(request)
    if (loading) await loading
    return readAttribute(request, name) as A[K] | undefined
  }

  /**
   * Sets an attribute; makes the session if there is none; `undefined` removes. The value is encoded now: changing it
   * afterwards changes nothing. Throws a `SessionValueError` for a value that would not come back as it is.
   */
  set<K extends keyof A & string>(name: K, value: A[K] | undefined): Promise<void> {
    return this.#write(() => this.#stage('set', name, value))
  }

  /** Removes an attribute. Makes no session. */
  delete<K extends keyof A & string>(name: K): Promise<void> {
    return this.#write(() => this.#stage('delete', name, undefined))
  }

  /** The names of all attributes. */
  async keys(): Promise<(keyof A & string)[]> {
    const request = this.#request
    assertAlive(request, 'keys')
    await load(request)
    return attributeNames(request) as (keyof A & string)[]
  }

  /** Reads an attribute and removes it: for a message that is shown once. It stays if the handler fails. */
  async take<K extends keyof A & string>(name: K): Promise<A[K] | undefined> {
    assertWritable(this.#request, 'take')
    const value = await this.get(name)
    if (value !== undefined) await this.delete(name)
    return value
  }

  /**
   * Replaces an attribute by what `change` makes of it, exactly: no other request's write comes between, on any node.
   * Saved at once, whatever becomes of the handler. `change` may be called again when another request was faster, and
   * must have no other effect; it may be async; `undefined` removes. Answers the new value. A slow `change` keeps other
   * updates of the session on this server waiting, up to `updateWaitMs`; so does one that calls this server with the same
   * session.
   * @example
   * const visits = await session.update('visits', (n = 0) => n + 1)
   */
  update<K extends keyof A & string>(
    name: K,
    change: (value: A[K] | undefined) => A[K] | undefined | Promise<A[K] | undefined>,
  ): Promise<A[K] | undefined> {
    const request = this.#request
    return this.#write(() => {
      assertWritable(request, 'update')
      checkName(name)
      return updateAttribute(request, name, change as (value: unknown) => unknown) as Promise<A[K] | undefined>
    })
  }

  /**
   * Gives the session a new id and keeps its data; the old id is dead on every node. Call it whenever rights change,
   * above all at login: `user` says whose session it is from now on and sets `authenticatedAt`; `null`: nobody's. Makes a
   * session if there is none. When the session was another user's, its data is dropped unless `keep` says otherwise.
   */
  rotate(options: RotateOptions = {}): Promise<void> {
    return this.#write(() => rotate(this.#request, options))
  }

  /**
   * Ends the session at once, on every node, and starts over: what this request sets from now on makes a new session, with
   * another id and nothing of the old one but the attributes in `keep`. For a logout with a message.
   * @example
   * await session.regenerate()
   * await session.set('message', 'Goodbye')
   */
  regenerate({ keep = false }: { readonly keep?: boolean | readonly string[] | undefined } = {}): Promise<void> {
    return this.#write(async () => {
      assertUnsent(this.#request, 'regenerate')
      checkKeep('session.regenerate', keep)
      await regenerate(this.#request, keep)
    })
  }

  /**
   * Gives the session a lifetime of its own, for "keep me logged in"; `null`: that of the options again. Takes effect with the
   * commit. Makes no session: set an attribute or log in as well.
   * @example
   * await session.setLifetime({ idleTimeoutMs: 30 * 24 * 3_600_000, absoluteTimeoutMs: 0, persistent: true })
   */
  setLifetime(lifetime: SessionLifetime | null): Promise<void> {
    const request = this.#request
    return this.#write(async () => {
      assertWritable(request, 'setLifetime')
      const { store, lifetime: usual } = request.manager.options
      const own = lifetime === null ? null : ownLifetime(lifetime, usual.idleTimeoutMs, store.plainIds === true)
      await loadToWrite(request)
      assertWritable(request, 'setLifetime')
      request.change().lifetime = own
    })
  }

  /** Removes all attributes. The session stays, with its id, its user and its times; what is set later is kept. */
  clear(): Promise<void> {
    return this.#write(async () => {
      const request = this.#request
      assertWritable(request, 'clear')
      await loadToWrite(request)
      assertWritable(request, 'clear')
      for (const name of attributeNames(request)) stageAttribute(request, 'delete', name, undefined)
    })
  }

  /**
   * Reads the session again: in a long request, or on a WebSocket. What this request has changed and not saved yet stays
   * changed. Tells whether the session is still there.
   */
  async reload(): Promise<boolean> {
    assertAlive(this.#request, 'reload')
    return reload(this.#request)
  }

  /**
   * Ends the session at once, on every node, and has the client forget its id. Any later call on it but `regenerate`
   * throws. Requests that are under way with the same session cannot bring it back.
   */
  invalidate(): Promise<void> {
    return this.#write(() => invalidate(this.#request))
  }

  /**
   * Takes over a session that another library kept, if the client has none here: so that users stay logged in when an
   * application changes over. `secret` is what the client proves its old session with: the old cookie, signature
   * included. All requests that bring the same make one session between them. `read` answers what the old session held.
   * Saved at once. Tells whether the client was given a session.
   * @example
   * await sessions.of(request).adopt(oldCookie, async () => ({ attributes: JSON.parse(await redis.get(oldKey)) }))
   */
  adopt(secret: string, read: () => Promise<AdoptedSession<A> | undefined>): Promise<boolean> {
    return this.#write(() => adopt(this.#request, secret, read))
  }

  /** What is known of the session; `undefined` when there is none. */
  async info(options?: ReadOptions): Promise<SessionInfo | undefined> {
    await (options?.fresh ? loadFresh(this.#request) : load(this.#request))
    return infoOf(this.#request)
  }

  /**
   * Saves what is staged now rather than at the end: before `reply.hijack()`, or in a long request. Throws what the end
   * of the request would have been answered with.
   */
  commit(): Promise<void> {
    return this.#write(() => {
      assertWritable(this.#request, 'commit')
      this.#request.face?.collect()
      return commit(this.#request).then(() => {})
    })
  }

  /** What this request has done with its session so far. Never asks the store, never shows an id. */
  report(): SessionReport {
    return reportOf(this.#request)
  }

  /** Begins a write. The response waits for it, also where its framework has asked already what is to be saved. */
  #write<T>(write: () => Promise<T>): Promise<T> {
    this.#request.response.holdLate(this.#request)
    return this.#request.writes.run(write)
  }

  /** Not async up to the store: what is refused is refused at once, and a caller who forgets to await loses nothing. */
  #stage(operation: 'set' | 'delete', name: string, value: unknown): Promise<void> {
    stageAttribute(this.#request, operation, name, value)
    return this.#loadStaged(operation, name, value !== undefined)
  }

  async #loadStaged(operation: string, name: string, isNeeded: boolean): Promise<void> {
    const request = this.#request
    await loadToWrite(request)
    assertAlive(request, operation)
    if (!isNeeded) return
    checkStaged(request, name)
    request.make()
  }

  /** @internal The state behind the face, for adapters. */
  static requestOf(session: AnySession): RequestSession {
    return session.#request
  }
}
