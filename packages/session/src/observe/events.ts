import { hash } from 'node:crypto'
import type { StoreFailure } from '../errors.ts'

/** What is said about one session. It never contains an id: `session` is a salted hash of it. */
export interface SessionEvent {
  /** Epoch ms. */
  readonly at: number
  /** A salted hash of the id, to join log lines by. */
  readonly session: string
  readonly user?: string
}

/** Which call to the store an event is about. */
export type StoreOperation = 'load' | 'commit' | 'destroy' | 'ofUser' | 'list' | 'watch'

/** Every event and what its listeners are given. */
export interface SessionEvents {
  /** A new session was saved. */
  created: SessionEvent
  /** A request asked for its session and found it. */
  loaded: SessionEvent
  /** The id was changed; `session` is the new one's hash. */
  rotated: SessionEvent & { readonly previous: string }
  /** A session was ended: by `invalidate`, by `regenerate` (or by being handed on), by hand, or because the user had too many. */
  ended: SessionEvent & { readonly reason: 'invalidated' | 'regenerated' | 'by-handle' | 'of-user' | 'too-many' }
  /** A session came too late; the store still had it. */
  expired: SessionEvent
  /** A client's cookie led to no session. `session` is empty when it was malformed. */
  rejected: SessionEvent & { readonly reason: 'malformed' | 'unknown' | 'expired' | 'rotated' }
  /** What a request wrote was not saved, because the session was ended meanwhile. */
  gone: SessionEvent
  /** `update` gave up, or a new key was taken. */
  conflict: SessionEvent
  /** What a request wrote was dropped, because its handler failed. */
  discarded: SessionEvent
  /**
   * A stored value could not be read any longer; the attribute reads as absent. `attribute` is empty, once for a session,
   * when all of it is in another form than JSON, as with Spring's default serializer.
   */
  unreadable: SessionEvent & { readonly attribute: string; readonly error: unknown }
  /** The store refused a call, failed, took too long, or was not asked because the circuit is open. */
  storeError: {
    readonly at: number
    readonly operation: StoreOperation | 'background'
    readonly failure: StoreFailure
    readonly error: unknown
  }
  /** One call to the store, failed or not; `ms` by the monotonic clock. */
  store: { readonly operation: StoreOperation; readonly ms: number; readonly ok: boolean }
  /** The circuit opened, or closed again after `ms`, in which `refused` calls were refused at once. */
  circuit: { readonly at: number; readonly open: boolean; readonly refused: number; readonly ms: number }
}

/** Every event's name, for those who listen to all. */
export const EVENT_NAMES = [
  'created',
  'loaded',
  'rotated',
  'ended',
  'expired',
  'rejected',
  'gone',
  'conflict',
  'discarded',
  'unreadable',
  'storeError',
  'store',
  'circuit',
] as const satisfies readonly (keyof SessionEvents)[]

/** Is told of one event. What it throws becomes a process warning: a listener never breaks a request. */
export type SessionListener<E extends keyof SessionEvents> = (event: SessionEvents[E]) => void

type Listeners = { [E in keyof SessionEvents]?: SessionListener<E>[] }

/** Hands events to listeners; costs next to nothing while nobody listens. */
export class EventHub {
  readonly #listeners: Listeners = {}
  readonly #salt: string

  constructor(salt: string) {
    this.#salt = salt
  }

  /** Adds a listener and returns the function that takes it off. */
  on<E extends keyof SessionEvents>(event: E, listener: SessionListener<E>): () => void {
    if (!(EVENT_NAMES as readonly string[]).includes(event)) {
      throw new TypeError(
        `sessions.on: event is ${JSON.stringify(event)}, but must be one of ${EVENT_NAMES.join(', ')}`,
      )
    }
    const listeners = this.#of(event)
    // Lists are replaced, never changed, so an event under way reaches those who listened when it began.
    this.#put(event, [...listeners, listener])
    return () =>
      this.#put(
        event,
        this.#of(event).filter((other) => other !== listener),
      )
  }

  /** Whether anyone listens: ask before building an event. */
  hears(event: keyof SessionEvents): boolean {
    const listeners = this.#listeners[event]
    return listeners !== undefined && listeners.length > 0
  }

  emit<E extends keyof SessionEvents>(name: E, event: SessionEvents[E]): void {
    for (const listener of this.#of(name)) {
      try {
        listener(event)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error), 'SessionListenerWarning')
      }
    }
  }

  /** The hash that stands for an id (or key) in events. */
  hash(id: string): string {
    return hash('sha256', this.#salt + id, 'base64url').slice(0, 16)
  }

  #of<E extends keyof SessionEvents>(event: E): readonly SessionListener<E>[] {
    return this.#listeners[event] ?? []
  }

  #put<E extends keyof SessionEvents>(event: E, listeners: SessionListener<E>[]): void {
    this.#listeners[event] = listeners as Listeners[E]
  }
}
