import type { IncomingHttpHeaders } from 'node:http'
import { maskId, newId, type SessionKey } from '../carrier/id.ts'
import type { Token } from '../carrier/token.ts'
import { SessionGoneError, SessionInvalidatedError, SessionSealedError, SessionStoreError } from '../errors.ts'
import type { Manager } from '../manager.ts'
import type { AnySession } from '../session.ts'
import type { Loaded, StoredSession, StoreOptions, StoreUsage } from '../store/store.ts'
import { isPending } from '../store/store-client.ts'
import { MutationWatch } from './freeze.ts'
import { Refused } from './refused.ts'
import type { SessionReport } from './report.ts'

/** Tells whether the response is out of our hands: begun, hijacked, or a WebSocket's. */
export interface Outgoing {
  readonly sent: boolean
  /** Node's own response, whose headers a handler may have sent by itself. */
  readonly raw: { readonly headersSent: boolean; once(event: 'close', listener: () => void): unknown }
}

/** What the request carries and the response allows, seen without a framework. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders
}

/** A rotation that waits for the commit. */
export interface Rotation {
  readonly id: string
  readonly user?: string | undefined
  readonly authenticatedAt?: number | undefined
}

/** One request's dealings with its session: what was loaded, what is staged, what it cost. `Session` is its face. */
export class RequestSession implements StoreUsage {
  readonly manager: Manager
  readonly incoming: Incoming
  outgoing: Outgoing | undefined
  commands = 0
  roundTrips = 0
  storeMs = 0
  outcome: SessionReport['outcome'] = 'untouched'
  commitResult: SessionReport['commit'] = undefined
  /** The id in force: the client's once the store knows it, or a new one. */
  id: string | undefined
  known: StoredSession | undefined
  /** What `set` and `delete` left for the commit; `undefined` removes. */
  staged: Map<string, Uint8Array | undefined> | undefined
  rotation: Rotation | undefined
  /** When the session is this request's own making: its times, until and after it is saved. */
  madeAt: number | undefined
  /** Whether the client must be given the id. */
  idDue = false
  /** Whether `invalidate` ended the session in the store, so the client must forget the id. */
  endedInStore = false
  ended = false
  /** The response is decided: nothing can be saved any more. */
  sealed = false
  /** The handler threw. */
  failed = false
  /** A write that was refused at once; it fails the request unless the caller looked at it. */
  refused: { readonly error: unknown; readonly promise: Refused<never> } | undefined
  /** Writes that have begun and not ended: whoever answers before awaiting them is waited for in their stead. */
  inFlight: Set<Promise<unknown>> | undefined
  readonly watch: MutationWatch | undefined
  /** The face that the handler sees; set by whoever makes the exchange. */
  declare session: AnySession
  #token: Token | 'absent' | 'malformed' | undefined
  #loading: Promise<void> | undefined
  #isLoaded = false

  constructor(manager: Manager, incoming: Incoming, outgoing: Outgoing | undefined) {
    this.manager = manager
    this.incoming = incoming
    this.outgoing = outgoing
    this.watch = manager.options.checkMutations ? new MutationWatch(manager.options.codec) : undefined
  }

  get token(): Token | 'absent' | 'malformed' {
    this.#token ??= this.manager.carrier.read(this.incoming.headers)
    return this.#token
  }

  get key(): SessionKey {
    if (this.id === undefined) throw new TypeError('no session')
    return this.manager.keyOf(this.id)
  }

  /** Whether the store has been asked and has answered, so that `load` need not be awaited. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /**
   * Asks the store, once per request; no promise when the answer is there at once. Rejects with a `SessionStoreError`,
   * except for readers in `anonymous` mode.
   */
  load(): Promise<void> | undefined {
    if (!this.#isLoaded) this.#loading ??= this.#load()
    return this.#loading
  }

  /** Asks the store again, keeping what is staged. Tells whether the session is still there. */
  async reload(): Promise<boolean> {
    const record = await this.#ask(this.key)
    this.known = isFound(record) ? record : undefined
    return this.known !== undefined
  }

  #load(): Promise<void> | undefined {
    const { token, manager } = this
    if (typeof token === 'string') {
      this.outcome = token
      this.#isLoaded = true
      if (token === 'malformed') this.#rejected('malformed', '')
      return undefined
    }
    const answer = this.#ask(manager.keyOf(token.id))
    if (isPending(answer)) return this.#awaitAnswer(token, answer)
    this.#adopt(token, answer)
    this.#isLoaded = true
    return undefined
  }

  async #awaitAnswer(token: Token, answer: Promise<Loaded>): Promise<void> {
    try {
      this.#adopt(token, await answer)
    } catch (error) {
      this.outcome = 'failed'
      if (this.manager.options.onStoreFailure === 'reject') throw error
    }
    this.#isLoaded = true
  }

  #ask(key: SessionKey): Loaded | Promise<Loaded> {
    return this.manager.storeClient.run('load', () => this.manager.options.store.load(key, this.storeOptions()), this)
  }

  #adopt(token: Token, record: Loaded): void {
    if (!isFound(record)) {
      this.outcome = record ?? 'unknown'
      this.#rejected(this.outcome as 'unknown' | 'expired', token.id)
      return
    }
    const { carrier, events, options } = this.manager
    this.outcome = 'found'
    this.id = token.id
    this.known = record
    const isTouched = options.now() - record.lastAccessedAt >= options.lifetime.touchEveryMs
    this.idDue = token.stale || (carrier.isRenewed && isTouched)
    if (events.hears('loaded')) events.emit('loaded', this.event())
  }

  #rejected(reason: 'malformed' | 'unknown' | 'expired', id: string): void {
    const { events, options } = this.manager
    const event = { at: options.now(), session: id && events.hash(id) }
    if (reason === 'expired' && events.hears('expired')) events.emit('expired', event)
    if (events.hears('rejected')) events.emit('rejected', { ...event, reason })
  }

  /** What the store is told along with every call. */
  storeOptions(): StoreOptions {
    const { options, onBackgroundError } = this.manager
    return { now: options.now(), lifetime: options.lifetime, usage: this, onBackgroundError }
  }

  /** The part that all events of this session share. */
  event(id: string = this.id ?? ''): { at: number; session: string; user?: string } {
    const user = this.rotation?.user ?? this.known?.user
    const event = { at: this.manager.options.now(), session: id && this.manager.events.hash(id) }
    return user === undefined ? event : { ...event, user }
  }

  /** Gives the request a session if it has none. */
  make(): void {
    if (this.id !== undefined) return
    this.id = newId()
    this.madeAt = this.manager.options.now()
    this.outcome = 'created'
  }

  /** Whether the store has this session, as far as this request knows. */
  get isStored(): boolean {
    return this.known !== undefined
  }

  /** Throws unless a write could still be saved. */
  assertWritable(operation: string): void {
    this.assertAlive(operation)
    if (this.sealed || this.isOut) throw new SessionSealedError(operation)
  }

  /** Whether the response has begun without us. */
  get isOut(): boolean {
    const { outgoing } = this
    return outgoing !== undefined && (outgoing.sent || outgoing.raw.headersSent)
  }

  /**
   * Waits for writes that nobody has awaited; no promise when there are none. A failure among them fails the request,
   * as nobody else would hear of it.
   */
  writes(): Promise<void> | undefined {
    return this.inFlight?.size ? this.#awaitWrites(this.inFlight) : undefined
  }

  async #awaitWrites(inFlight: ReadonlySet<Promise<unknown>>): Promise<void> {
    while (inFlight.size > 0) {
      for (const result of await Promise.allSettled(inFlight)) {
        if (result.status === 'rejected') {
          this.refused ??= { error: result.reason, promise: Refused.with(result.reason) }
        }
      }
    }
  }

  /**
   * Throws when the load failed. Readers may have been let pass as anonymous; a writer must not found a second session
   * beside one that may exist.
   */
  assertLoadSucceeded(): void {
    if (this.outcome !== 'failed') return
    this.commitResult = 'failed'
    throw new SessionStoreError('failed', 'The session could not be loaded, so it cannot be written', 1000)
  }

  /** Throws after `invalidate`. */
  assertAlive(operation: string): void {
    if (this.ended) throw new SessionInvalidatedError(operation)
  }

  /** Another request ended the session: says so, and gives the error to throw. */
  gone(): SessionGoneError {
    const { events } = this.manager
    this.commitResult = 'gone'
    if (events.hears('gone')) events.emit('gone', this.event())
    return new SessionGoneError()
  }

  report(): SessionReport {
    const { token } = this
    const sent = typeof token === 'string' ? undefined : maskId(token.id)
    return {
      cookie: typeof token === 'string' ? token : 'present',
      ...(sent === undefined ? {} : { maskedCookie: sent }),
      outcome: this.outcome,
      ...(this.commitResult === undefined ? {} : { commit: this.commitResult }),
      storeCommands: this.commands,
      storeRoundTrips: this.roundTrips,
      storeMs: this.storeMs,
    }
  }
}

const isFound = (record: Loaded): record is StoredSession => record !== undefined && record !== 'expired'
