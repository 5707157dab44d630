import { SessionNotRegisteredError } from './errors.ts'
import type { SessionEvents, SessionListener } from './events.ts'
import { Exchange, type Incoming, type Outgoing } from './exchange.ts'
import type { Host } from './host.ts'
import type { ResolvedOptions } from './options.ts'
import { Roster } from './roster.ts'
import { Session } from './session.ts'
import type { SessionStore } from './store/store.ts'

/** What an adapter leaves in a request's slot until the session is asked for: its response, or `null` before that. */
type Held = Exchange | Outgoing | null | undefined

/**
 * All sessions of one kind: one store, one cookie, one set of rules. Made by `createSessions`.
 * `A` lists the attributes and their types.
 */
export class Sessions<A extends object = Record<string, unknown>> extends Roster {
  /** The options in force, defaults included. */
  readonly options: ResolvedOptions
  /** @internal The property under which adapters keep a request's exchange: one per manager, so several live side by side. */
  readonly slot: symbol = Symbol('sessions')
  readonly #host: Host

  /** @internal Use `createSessions`. */
  constructor(host: Host) {
    super(host)
    this.#host = host
    this.options = host.options
  }

  /** The store that the sessions lie in. */
  get store(): SessionStore {
    return this.options.store
  }

  /** Whether the store is left alone for now, because it kept failing. */
  get isCircuitOpen(): boolean {
    return this.#host.guard.isOpen
  }

  /**
   * The request's session. Synchronous and free: nothing is read before it is asked for an attribute. Throws a
   * `SessionNotRegisteredError` when the plugin (or `withSessions`) does not cover the request.
   * @example
   * app.get('/cart', async (request) => (await sessions.of(request).get('cart')) ?? [])
   */
  of(request: object): Session<A> {
    const held = (request as Record<symbol, Held>)[this.slot]
    if (held instanceof Exchange) return held.session
    if (held === undefined) throw new SessionNotRegisteredError()
    const exchange = this.begin((request as { raw: Incoming }).raw, held ?? undefined)
    ;(request as Record<symbol, Held>)[this.slot] = exchange
    return exchange.session
  }

  /** Has a function told of every event of one kind; returns the function that ends it. */
  on<E extends keyof SessionEvents>(event: E, listener: SessionListener<E>): () => void {
    return this.#host.events.on(event, listener)
  }

  /** @internal For adapters: begins a request. */
  begin(incoming: Incoming, outgoing: Outgoing | undefined): Exchange {
    const exchange = new Exchange(this.#host, incoming, outgoing)
    exchange.session = new Session(exchange)
    return exchange
  }
}

/** Sessions whatever their attributes are. */
// biome-ignore lint/suspicious/noExplicitAny: `Sessions` is invariant in its attributes
export type AnySessions = Sessions<any>
