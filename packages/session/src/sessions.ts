import { SessionNotRegisteredError } from './errors.ts'
import type { Manager } from './manager.ts'
import { type EndListener, tell } from './observe/end-watch.ts'
import type { SessionEvents, SessionListener } from './observe/events.ts'
import type { ResolvedOptions } from './options.ts'
import type { Incoming, Outgoing } from './request/outgoing.ts'
import { RequestSession } from './request/request-session.ts'
import { type AnySession, Session } from './session.ts'
import { show } from './show.ts'
import type { SessionStore } from './store/store.ts'
import { SessionAdmin } from './users/session-admin.ts'

/** What an adapter leaves in a request's slot until the session is asked for: its response, or `null` before that. */
type Held = AnySession | Outgoing | null | undefined

/** Throws a `TypeError` unless this is what `createSessions` returned. */
export function assertSessions(who: string, sessions: unknown): void {
  if (!(sessions instanceof Sessions)) {
    throw new TypeError(`${who}: sessions is ${show(sessions)}, but must be what createSessions() returned`)
  }
}

/** Stands for a response that is out of our hands from the start. */
const GONE: Outgoing = { sent: true, raw: { headersSent: true, once: () => undefined } }

/**
 * All sessions of one kind: one store, one cookie, one set of rules. Made by `createSessions`.
 * `A` lists the attributes and their types.
 */
export class Sessions<A extends object = Record<string, unknown>> extends SessionAdmin {
  /** The options in force, defaults included. */
  readonly options: ResolvedOptions
  /** @internal The property under which adapters keep a request's session: one per manager, so several live side by side. */
  readonly slot: symbol = Symbol('sessions')
  readonly #manager: Manager

  /** @internal Use `createSessions`. */
  constructor(manager: Manager) {
    super(manager)
    this.#manager = manager
    this.options = manager.options
  }

  /** The store that the sessions lie in. */
  get store(): SessionStore {
    return this.options.store
  }

  /** Whether the store is left alone for now, because it kept failing. */
  get isCircuitOpen(): boolean {
    return this.#manager.storeClient.isOpen
  }

  /**
   * The request's session. Synchronous and free: nothing is read before it is asked for an attribute. Throws a
   * `SessionNotRegisteredError` when the plugin (or `withSessions`) does not cover the request.
   * @example
   * app.get('/cart', async (request) => (await sessions.of(request).get('cart')) ?? [])
   */
  of(request: object): Session<A> {
    const held = (request as Record<symbol, Held>)[this.slot]
    if (held instanceof Session) return held
    if (held === undefined) throw new SessionNotRegisteredError()
    const session = this.begin((request as { raw: Incoming }).raw, held ?? undefined)
    ;(request as Record<symbol, Held>)[this.slot] = session
    return session
  }

  /**
   * The session that a raw request bears, where no response can be waited for: an `upgrade`, socket.io's handshake. It can
   * be read, read again and invalidated; a write is refused with a `SessionSealedError`.
   * @example
   * server.on('upgrade', async (request, socket) => {
   *   if (!(await sessions.from(request).get('user'))) socket.destroy()
   * })
   */
  from(request: Incoming): Session<A> {
    if (typeof request?.headers !== 'object' || request.headers === null) {
      throw new TypeError(`sessions.from: request is ${show(request)}, but must be a request of node:http`)
    }
    return this.begin(request, GONE)
  }

  /** Has a function told of every event of one kind; returns the function that ends it. */
  on<E extends keyof SessionEvents>(event: E, listener: SessionListener<E>): () => void {
    return this.#manager.events.on(event, listener)
  }

  /**
   * Calls the listener, once, when this session ends: by `invalidate`, `endUser` or `end` on whatever node, by rotation
   * (`rotated`: its client has a new id, under which it goes on), as one too many, or by expiry. Within a second; an expiry,
   * or an end by another application, within ten. For what outlives its request: close the WebSocket or event stream. The
   * session must be saved. The listener is called, too, when there is no session, or it cannot be watched (`unwatched`).
   * Answers the function that ends the watch.
   * @example
   * socket.on('close', sessions.onEnded(sessions.of(request), () => socket.close()))
   */
  onEnded(session: AnySession, listener: EndListener): () => void {
    const { ends, keyOf, onBackgroundError } = this.#manager
    const stop = new AbortController()
    const watch = async (): Promise<void> => {
      const info = await session.info()
      if (stop.signal.aborted) return
      if (!info) return tell(listener, 'ended')
      const key = keyOf(info.id)
      stop.signal.addEventListener('abort', () => ends.remove(key, listener))
      await ends.add(key, listener)
    }
    watch().catch((error: unknown) => {
      onBackgroundError(error)
      if (!stop.signal.aborted) tell(listener, 'unwatched')
    })
    return () => stop.abort()
  }

  /** @internal For adapters: begins a request. */
  begin(incoming: Incoming, outgoing: Outgoing | undefined): Session<A> {
    return new Session(new RequestSession(this.#manager, incoming, outgoing))
  }

  /** @internal For adapters: the state of a request whose session was asked for. */
  requestOf(request: object): RequestSession | undefined {
    const held = (request as Record<symbol, Held>)[this.slot]
    return held instanceof Session ? Session.requestOf(held) : undefined
  }
}

/** Sessions whatever their attributes are. */
// biome-ignore lint/suspicious/noExplicitAny: `Sessions` is invariant in its attributes
export type AnySessions = Sessions<any>
