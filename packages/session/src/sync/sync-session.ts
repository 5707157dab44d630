import { assertLoadSucceeded, assertWritable } from '../request/assert.ts'
import { attributeNames, bytesOf, encodeAttribute, readLiveAttribute, stageAttribute } from '../request/attribute.ts'
import { reload } from '../request/load.ts'
import type { RequestSession } from '../request/request-session.ts'
import { Session } from '../session.ts'
import type { Sessions } from '../sessions.ts'
import { type CookieView, cookieView, refuseCookieOptions } from './cookie-view.ts'

/** Told when something has been done, as Node's callbacks are. */
export type Callback = (error?: unknown) => void

/**
 * A session that is read and written at once, as `@fastify/session` and `express-session` have it: attributes are
 * properties, and what was changed in place is saved when the handler has succeeded, before the response leaves.
 */
export type SyncSession<A extends object = Record<string, unknown>> = SyncSessionMethods<A> & Partial<A>

/** What a `SyncSession` can do beside having attributes. Each promise may be taken as a callback instead. */
export interface SyncSessionMethods<A extends object = Record<string, unknown>> {
  /** The secret that the client holds, or will hold when this is saved; `undefined` while there is no session. */
  readonly id: string | undefined
  /** The same, under the name that `@fastify/session` gives it. */
  readonly sessionId: string | undefined
  /** What the client's cookie is like. It is the manager's: assigning to it throws. */
  readonly cookie: CookieView
  get<K extends keyof A & string>(name: K): A[K] | undefined
  /** `undefined` removes. Throws a `SessionValueError` for a value that would not come back as it is. */
  set<K extends keyof A & string>(name: K, value: A[K] | undefined): void
  delete<K extends keyof A & string>(name: K): void
  /** All attributes, in an object of their own. */
  data(): Partial<A>
  /**
   * Ends the session at once, on every server; `request.session` becomes a new one with another id, which is empty but for
   * the attributes in `keep`.
   */
  regenerate(keep?: readonly string[]): Promise<void>
  regenerate(callback: Callback): void
  regenerate(keep: readonly string[], callback: Callback): void
  /** Ends the session at once, on every server, and takes the client's cookie back; `request.session` becomes `null`. */
  destroy(): Promise<void>
  destroy(callback: Callback): void
  /** Saves now rather than at the end of the request. */
  save(): Promise<void>
  save(callback: Callback): void
  /** Drops what is not saved and reads the session again; `request.session` becomes the session as it is now. */
  reload(): Promise<void>
  reload(callback: Callback): void
  /** Nothing is left to do: whoever has a `SyncSession` has touched the session by reading it. */
  touch(): void
  /** Cookie options are the manager's: throws a `TypeError` when it is given one. */
  options(options: object): void
  /** Whether something has changed that is not saved yet. */
  isModified(): boolean
}

interface Known {
  readonly value: unknown
  readonly bytes: Uint8Array
}

/** What one request's `request.session` is at the moment. `null` after `destroy`. */
export class SyncFace {
  readonly session: Session
  readonly state: RequestSession
  #current: LiveSession | null | undefined

  constructor(session: Session, state: RequestSession) {
    this.session = session
    this.state = state
  }

  /** The session must be loaded. It may be changed in place, so the response waits from now on. */
  get current(): LiveSession | null {
    this.state.response.holdLate(this.state)
    if (this.#current === undefined) this.#current = new LiveSession(this)
    return this.#current
  }

  /** What was changed in place joins the changes that are to be saved; a value that cannot be saved fails the request. */
  collect(): void {
    try {
      if (this.#current?.stage()) this.state.writes.count()
    } catch (error) {
      this.state.writes.refuse(error)
    }
  }

  revert(): void {
    this.#current?.fill()
  }

  /** `request.session` becomes another one; the old object goes on holding what it held, but is saved no more. */
  async regenerate(keep: readonly string[]): Promise<void> {
    const before = this.#current
    before?.stage()
    this.#current = undefined
    try {
      await this.session.regenerate({ keep })
    } catch (error) {
      this.#current = before
      throw error
    }
  }

  async destroy(): Promise<void> {
    await this.session.invalidate()
    this.#current = null
  }

  async save(): Promise<void> {
    this.#current?.stage()
    await this.session.commit()
  }

  async reload(): Promise<void> {
    const { state } = this
    state.takeChanges()
    if (state.record && !(await reload(state))) throw state.gone()
    this.#current = undefined
  }
}

/** Its own properties are the attributes; what it inherits, and what is private, is not. */
class LiveSession implements SyncSessionMethods {
  readonly #face: SyncFace
  /** What each attribute was when it was last read or staged. */
  readonly #known = new Map<string, Known>()

  constructor(face: SyncFace) {
    this.#face = face
    this.fill()
  }

  /** Holds what the session has, and nothing else. */
  fill(): void {
    const { state } = this.#face
    for (const name of Object.keys(this)) delete this.#own[name]
    this.#known.clear()
    for (const name of attributeNames(state)) {
      if (isReserved(name)) continue // a program that has it reads it through the other face
      const [value, bytes] = [readLiveAttribute(state, name), bytesOf(state, name)]
      if (value === undefined || !bytes) continue
      this.#known.set(name, { value, bytes })
      this.#own[name] = value
    }
  }

  get #own(): Record<string, unknown> {
    return this as unknown as Record<string, unknown>
  }

  get id(): string | undefined {
    const { state } = this.#face
    if (!state.record && this.isModified()) state.make()
    return (state.record && state.changes?.rotation?.id) ?? state.id
  }

  get sessionId(): string | undefined {
    return this.id
  }

  get cookie(): CookieView {
    return cookieView(this.#face.state.manager.options)
  }

  get(name: string): unknown {
    return isReserved(name) ? undefined : this.#own[name]
  }

  set(name: string, value: unknown): void {
    const { state } = this.#face
    state.response.holdLate(state)
    assertWritable(state, 'set')
    if (this.#put(name, value)) state.writes.count()
    if (value === undefined) delete this.#own[name]
    else this.#own[name] = value
  }

  delete(name: string): void {
    this.set(name, undefined)
  }

  data(): Record<string, unknown> {
    return { ...this.#own }
  }

  regenerate(first?: readonly string[] | Callback, second?: Callback): Promise<void> {
    const [keep, callback] = typeof first === 'function' ? [[], first] : [first ?? [], second]
    return told(this.#face.regenerate(keep.filter((name) => Object.hasOwn(this, name))), callback)
  }

  destroy(callback?: Callback): Promise<void> {
    return told(this.#face.destroy(), callback)
  }

  save(callback?: Callback): Promise<void> {
    return told(this.#face.save(), callback)
  }

  reload(callback?: Callback): Promise<void> {
    return told(this.#face.reload(), callback)
  }

  touch(): void {}

  options(options: object): void {
    refuseCookieOptions(options)
  }

  isModified(): boolean {
    this.stage()
    const { changes } = this.#face.state
    return changes !== undefined && !changes.isEmpty
  }

  /** Stages what has changed since it was last known. Tells whether anything has. */
  stage(): boolean {
    const names = new Set([...Object.keys(this), ...this.#known.keys()])
    const changed = [...names].filter((name) => this.#hasChanged(name))
    return changed.filter((name) => this.#put(name, this.#own[name])).length > 0
  }

  #hasChanged(name: string): boolean {
    const value = this.#own[name]
    const known = this.#known.get(name)
    if (known?.value === value && !isMutable(value)) return false
    if (!known || value === undefined || isReserved(name)) return true
    return Buffer.compare(encodeAttribute(this.#face.state, name, value), known.bytes) !== 0
  }

  /** Stages a value, unless the session has the same already. */
  #put(name: string, value: unknown): boolean {
    const { state } = this.#face
    if (isReserved(name)) {
      throw new TypeError(`request.session.${name} is the session's own; give the attribute another name`)
    }
    assertLoadSucceeded(state)
    const before = bytesOf(state, name)
    if (value === undefined) {
      this.#known.delete(name)
      if (before === undefined) return false
    } else {
      const bytes = encodeAttribute(state, name, value)
      this.#known.set(name, { value, bytes })
      if (before && Buffer.compare(bytes, before) === 0) return false
    }
    stageAttribute(state, value === undefined ? 'delete' : 'set', name, value)
    return true
  }
}

const isMutable = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Names that would hide the session's own methods. */
const isReserved = (name: string): boolean => name in LiveSession.prototype

/** Tells by callback if there is one, else by the promise. */
function told(done: Promise<void>, callback: Callback | undefined): Promise<void> {
  if (!callback) return done
  done.then(
    () => process.nextTick(callback),
    (error: unknown) => process.nextTick(callback, error),
  )
  return Promise.resolve()
}

/** The synchronous face of a request's session, the same at every call. */
export function syncFaceOf(sessions: Sessions, request: object): SyncFace {
  const session = sessions.of(request)
  const state = Session.requestOf(session)
  state.face ??= new SyncFace(session, state)
  return state.face as SyncFace
}
