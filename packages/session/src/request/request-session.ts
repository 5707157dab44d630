import type { IncomingHttpHeaders } from 'node:http'
import { maskId, newId, type SessionKey } from '../carrier/id.ts'
import type { Token } from '../carrier/token.ts'
import {
  SessionGoneError,
  SessionInvalidatedError,
  SessionSealedError,
  SessionStoreError,
  SessionUnreadableError,
} from '../errors.ts'
import type { Manager } from '../manager.ts'
import type { ResolvedOptions } from '../options.ts'
import { type Loaded, lifetimeOf, type StoredSession, type StoreOptions } from '../store/store.ts'
import { isPending, type Stopwatch } from '../store/store-client.ts'
import { Changes } from './changes.ts'
import { MutationWatch } from './freeze.ts'
import type { Phase, StoredPhase } from './phase.ts'
import type { SessionReport } from './report.ts'
import { Writes } from './writes.ts'

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

/** Hands out values that are changed in place. */
export interface LiveFace {
  /** What was changed in place joins the request's changes. Never throws: what cannot be saved fails the request. */
  collect(): void
  /** Shows the session without what was changed and dropped. */
  revert(): void
}

const UNREAD: Phase = { name: 'unread' }
const NONE: Phase = { name: 'none' }

/**
 * One request's dealings with its session: which phase it is in, what it wants changed, what it cost. Every change of
 * phase is a method here. `Session` is its face to handlers, `commit.ts` ends it.
 */
export class RequestSession {
  readonly manager: Manager
  readonly usage: { commands: number; roundTrips: number } & Stopwatch = { commands: 0, roundTrips: 0, storeMs: 0 }
  readonly writes = new Writes()
  readonly watch: MutationWatch | undefined
  /** The synchronous face, if the handler has asked for it. */
  face: LiveFace | undefined
  readonly incoming: Incoming
  #outgoing: Outgoing | undefined
  #token: Token | 'absent' | 'malformed' | undefined
  #loading: Promise<void> | undefined
  #phase: Phase = UNREAD
  #changes: Changes | undefined
  #expiredId: string | undefined
  #outcome: SessionReport['outcome'] = 'untouched'
  #commit: SessionReport['commit']
  #failedAfter: number | undefined
  #isDecided = false
  #isSealed = false
  #hasDeadId = false
  #isFromMemory = false
  #refreshing: Promise<void> | undefined
  #hasChanged = false

  constructor(manager: Manager, incoming: Incoming, outgoing: Outgoing | undefined) {
    this.manager = manager
    this.incoming = incoming
    this.#outgoing = outgoing
    this.watch = manager.options.checkMutations ? new MutationWatch(manager.options.codec) : undefined
  }

  get token(): Token | 'absent' | 'malformed' {
    this.#token ??= this.manager.carrier.read(this.incoming.headers)
    return this.#token
  }

  get phase(): Phase {
    return this.#phase
  }

  /** The id in force: the client's once the store knows it, or a new one. */
  get id(): string | undefined {
    return 'id' in this.#phase ? this.#phase.id : undefined
  }

  get key(): SessionKey {
    if (this.id === undefined) throw new TypeError('no session')
    return this.manager.keyOf(this.id)
  }

  /** What the store has of the session, as far as this request knows. */
  get record(): StoredSession | undefined {
    return this.#phase.name === 'stored' ? this.#phase.record : undefined
  }

  /** The id that the client sent, when its session is over by this node's clock; by another's it may not be. */
  get expiredId(): string | undefined {
    return this.#expiredId
  }

  /** Whose session it is, or becomes with the commit. */
  get user(): string | undefined {
    const changed = this.#changes?.rotation?.user
    return changed === undefined ? this.record?.user : (changed ?? undefined)
  }

  /** When this request made the session, epoch ms. */
  get madeAt(): number | undefined {
    return 'madeAt' in this.#phase ? this.#phase.madeAt : undefined
  }

  /** What is to be changed; `undefined` while nothing is. */
  get changes(): Changes | undefined {
    return this.#changes
  }

  /** Asks the store, once per request; no promise when there is nothing to wait for. Rejects with a `SessionStoreError`. */
  load(): Promise<void> | undefined {
    if (this.#phase.name !== 'unread') return undefined
    this.#loading ??= this.#load(false)
    return this.#loading
  }

  /** As `load`, but asks the store itself, where `load` was answered from this process's memory or would be. */
  loadFresh(): Promise<void> | undefined {
    const phase = this.#phase
    if (phase.name === 'unread') {
      this.#loading ??= this.#load(true)
      return this.#loading
    }
    if (!this.#isFromMemory || phase.name !== 'stored') return this.#refreshing
    this.#isFromMemory = false
    this.#refreshing = this.#reload(phase).finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** As `loadFresh`, for a writer, to be awaited within an async function as it may throw: it must not make a second session beside one that the store could not tell of. */
  loadToWrite(): Promise<void> | undefined {
    const loading = this.loadFresh()
    if (loading) return loading.then(() => this.#assertSavable())
    this.#assertSavable()
    return undefined
  }

  #assertSavable(): void {
    this.assertLoadSucceeded()
    this.assertStillThere()
  }

  /** Asks the store again, keeping what is to be changed. Tells whether the session is (still) there. */
  async reload(): Promise<boolean> {
    if (this.#phase.name === 'stored') await this.#reload(this.#phase)
    else {
      this.#forgetFailure()
      await this.loadFresh()
    }
    return this.#phase.name === 'stored'
  }

  async #reload(phase: StoredPhase): Promise<void> {
    const loaded = await this.#ask(this.key)
    if (this.#phase !== phase) return // it was written to meanwhile: what is known is newer
    if (isFound(loaded)) this.#phase = { ...phase, record: loaded }
    else this.#phase = { name: 'gone', id: phase.id }
  }

  /** What failed once may be asked for again. */
  #forgetFailure(): void {
    if (this.#outcome !== 'failed') return
    this.#outcome = 'untouched'
    this.#loading = undefined
    this.#phase = UNREAD
  }

  #load(isFresh: boolean): Promise<void> | undefined {
    const { token, manager } = this
    if (typeof token === 'string') {
      this.#missing(token, '')
      return undefined
    }
    const { carrier, options, keyOf } = manager
    const key = keyOf(token.id)
    const wantsFresh = isFresh || options.store.peek === undefined || carrier.hasWritten(this.incoming.headers)
    const known = wantsFresh ? undefined : options.store.peek?.(key, this.storeOptions(Infinity))
    if (known) {
      this.#isFromMemory = true
      this.#answered(token, known)
      return undefined
    }
    const answer = this.#ask(key, wantsFresh)
    if (isPending(answer)) return this.#awaitAnswer(token, answer)
    this.#answered(token, answer)
    return undefined
  }

  async #awaitAnswer(token: Token, answer: Promise<Loaded>): Promise<void> {
    try {
      this.#answered(token, await answer)
    } catch (error) {
      this.#outcome = 'failed'
      if (this.manager.options.onStoreFailure === 'reject') throw error
      this.#phase = { name: 'unavailable' }
    }
  }

  #ask(key: SessionKey, fresh = true): Loaded | Promise<Loaded> {
    const { storeClient, options } = this.manager
    const call = (giveUpAt: number) => options.store.load(key, this.storeOptions(giveUpAt, fresh))
    return storeClient.run('load', key, call, this.usage)
  }

  #answered(token: Token, loaded: Loaded): void {
    if (this.#phase.name !== 'unread') return // ended meanwhile
    if (!isFound(loaded)) {
      this.#missing(loaded ?? 'unknown', token.id)
      return
    }
    const { carrier, events, options } = this.manager
    const isRenewed = token.stale || ((loaded.own?.persistent ?? carrier.isPersistent) && isTouched(loaded, options))
    this.#outcome = 'found'
    this.#phase = { name: 'stored', id: token.id, record: loaded, cookie: isRenewed ? 'renew' : 'held' }
    if (events.hears('loaded')) events.emit('loaded', this.event())
  }

  #missing(reason: 'absent' | 'malformed' | 'unknown' | 'expired' | 'rotated' | 'unreadable', id: string): void {
    const { events, options } = this.manager
    this.#outcome = reason
    this.#phase = reason === 'rotated' || reason === 'unreadable' ? { name: reason, id } : NONE
    if (reason === 'absent') return
    if (reason === 'unreadable') {
      this.manager.tellUnreadable(id)
      return
    }
    if (reason === 'expired') this.#expiredId = id
    const event = { at: options.now(), session: id && events.hash(id) }
    if (reason === 'expired' && events.hears('expired')) events.emit('expired', event)
    if (events.hears('rejected')) events.emit('rejected', { ...event, reason })
  }

  /** Looks for a session under an id that the request did not bring. If it is there, the client is given the id. */
  async findUnder(id: string): Promise<boolean> {
    const loaded = await this.#ask(this.manager.keyOf(id))
    if (!isFound(loaded)) return false
    this.#outcome = 'found'
    this.#phase = { name: 'stored', id, record: loaded, cookie: 'new' }
    return true
  }

  /** Gives the request a session if it has none, with this id. Answers when it was made, epoch ms. */
  make(id?: string): number {
    if (this.#phase.name === 'stored') return this.#phase.record.createdAt
    if (this.#phase.name === 'new') return this.#phase.madeAt
    this.assertStillThere()
    const madeAt = this.manager.options.now()
    this.#phase = { name: 'new', id: id ?? newId(), madeAt }
    this.#outcome = 'created'
    return madeAt
  }

  /** Where changes are collected. */
  change(): Changes {
    if (!this.#changes) {
      this.#changes = new Changes()
      this.#outgoing?.raw.once('close', () => this.#closed())
    }
    return this.#changes
  }

  /** Forgets what was to be changed, and answers it. */
  takeChanges(): Changes | undefined {
    const changes = this.#changes
    this.#changes = undefined
    return changes
  }

  /** Drops what was to be changed. What `update`, `commit` and `invalidate` did stays done. */
  discard(): void {
    const { events } = this.manager
    if (!this.#changes || this.#changes.isEmpty) return
    const event = events.hears('discarded') ? this.event() : undefined
    this.#changes = undefined
    this.#commit = 'discarded'
    if (event) events.emit('discarded', event)
  }

  /** Has it told, rather than lost silently, when the response left past us, so that the changes can never be saved. */
  #closed(): void {
    if (this.#isSealed || !this.isOut || !this.#changes || this.#changes.isEmpty) return
    this.discard()
    process.emitWarning(
      'A response was hijacked, or written through reply.raw, with session changes unsaved: they are lost. ' +
        'Call session.commit() before',
      { type: 'SessionWarning', code: 'SESSION_DISCARDED' },
    )
  }

  /** Takes over what the store has now, so that reading goes on with it and a later commit is a delta to it. */
  saved(record: StoredSession, id: string, isCookieDue = false): void {
    this.#commit = 'ok'
    // What another process has in memory of this session may be older now.
    if (this.#phase.name === 'stored' && this.#phase.id === id) this.#hasChanged = true
    const { madeAt } = this
    const isHeld = this.#phase.name === 'stored' && this.#phase.id === id && !isCookieDue
    const cookie = isHeld && this.#phase.name === 'stored' ? this.#phase.cookie : 'new'
    this.#phase = { name: 'stored', id, record, cookie, ...(madeAt === undefined ? {} : { madeAt }) }
  }

  /** The session is over, and so is what was to be changed. `hadId`: the client knew it. */
  end(hadId: boolean): void {
    this.begin(hadId)
    this.#phase = { name: 'ended' }
  }

  /** As `end`, but these changes, or a later write, make a new session. */
  begin(hadId: boolean, changes?: Changes): void {
    if (this.#outcome === 'untouched' && typeof this.token !== 'string') this.#outcome = hadId ? 'found' : 'unknown'
    this.#hasDeadId ||= hadId
    this.#phase = NONE
    this.#changes = changes
    this.watch?.clear()
    this.face?.revert()
  }

  /** Whether the client holds the id of a session that this request ended, and gets no other: it must forget it. */
  get mustForgetId(): boolean {
    return this.#hasDeadId && this.#phase.name !== 'stored'
  }

  /** Whether the client must be told that it has changed a session that another process may have in memory. */
  get mustTellOfWrite(): boolean {
    return this.#hasChanged && this.manager.options.store.lagMs !== undefined
  }

  /** Another request ended the session: says so, and gives the error to throw. */
  gone(): SessionGoneError {
    const { events } = this.manager
    this.#commit = 'gone'
    if (events.hears('gone')) events.emit('gone', this.event())
    this.#phase = { name: 'gone', id: this.id ?? '' }
    this.#changes = undefined
    return new SessionGoneError()
  }

  /** Notes what became of a commit that saved nothing. */
  notSaved(why: 'conflict' | 'failed'): void {
    this.#commit = why
  }

  /** The handler threw: what it wanted changed is dropped. */
  fail(): void {
    if (this.#isDecided) return
    this.face?.collect()
    this.#failedAfter = this.writes.begun
    this.discard()
    this.face?.revert()
  }

  /** Whether the handler threw. What its error handler wants changed since then counts again. */
  get hasFailed(): boolean {
    return this.#failedAfter === this.writes.begun
  }

  /** The answer is given: a handler that fails from now on fails too late to change it. */
  decide(): void {
    this.#isDecided = true
  }

  /** The response is decided: nothing can be saved any more. */
  seal(): void {
    this.#isSealed = true
  }

  get isSealed(): boolean {
    return this.#isSealed
  }

  /** The response has become known. */
  respondWith(outgoing: Outgoing): void {
    this.#outgoing = outgoing
  }

  /** The response waits for us: whatever its framework believes, it is not out before the session is sealed. */
  holdResponse(): void {
    this.#outgoing = undefined
  }

  /** Whether the response has begun without us. */
  get isOut(): boolean {
    const outgoing = this.#outgoing
    return outgoing !== undefined && (outgoing.sent || outgoing.raw.headersSent)
  }

  /** Throws unless a write could still be saved. */
  assertWritable(operation: string): void {
    this.assertAlive(operation)
    this.assertUnsent(operation)
  }

  /** Throws when the response is out of our hands. */
  assertUnsent(operation: string): void {
    if (this.#isSealed || this.isOut) throw new SessionSealedError(operation)
  }

  /** Throws after `invalidate`. */
  assertAlive(operation: string): void {
    if (this.#phase.name === 'ended') throw new SessionInvalidatedError(operation)
  }

  /**
   * Throws when the load failed. Readers may have been let pass as anonymous; a writer must not found a second session
   * beside one that may exist.
   */
  assertLoadSucceeded(): void {
    if (this.#outcome !== 'failed') return
    this.#commit = 'failed'
    throw new SessionStoreError('failed', 'The session could not be loaded, so it cannot be written', 1000)
  }

  /** Throws when another request ended or rotated the session, or it cannot be read: a write must not make one beside it. */
  assertStillThere(): void {
    if (this.#phase.name === 'unreadable') throw new SessionUnreadableError()
    if (this.#phase.name === 'gone' || this.#phase.name === 'rotated') throw this.gone()
  }

  /**
   * Asks the store once more before a client is handed the id that it has already: another request may have rotated it
   * since it was loaded, and the client must not get the old id after the new one. Never fails the request.
   */
  async confirmRenewal(): Promise<void> {
    const phase = this.#phase
    if (phase.name !== 'stored' || phase.cookie !== 'renew') return
    const loaded = await Promise.resolve(this.#ask(this.key)).catch(() => undefined)
    if (!isFound(loaded)) this.#phase = { ...phase, cookie: 'held' }
  }

  /** Asks the store whether a session had this id until a moment ago. */
  async wasRotated(id: string): Promise<boolean> {
    return (await this.#ask(this.manager.keyOf(id))) === 'rotated'
  }

  /** What the store is told along with every call. */
  storeOptions(giveUpAt: number, fresh = false): StoreOptions {
    const { options, onBackgroundError } = this.manager
    return { now: options.now(), lifetime: options.lifetime, usage: this.usage, onBackgroundError, giveUpAt, fresh }
  }

  /** The part that all events of this session share. */
  event(id: string = this.id ?? ''): { at: number; session: string; user?: string } {
    const { user } = this
    const event = { at: this.manager.options.now(), session: id && this.manager.events.hash(id) }
    return user === undefined ? event : { ...event, user }
  }

  report(): SessionReport {
    const { token } = this
    const sent = typeof token === 'string' ? undefined : maskId(token.id)
    return {
      cookie: typeof token === 'string' ? token : 'present',
      ...(sent === undefined ? {} : { maskedCookie: sent }),
      outcome: this.#outcome,
      ...(this.#commit === undefined ? {} : { commit: this.#commit }),
      storeCommands: this.usage.commands,
      storeRoundTrips: this.usage.roundTrips,
      storeMs: this.usage.storeMs,
      ...(this.#isFromMemory ? { fromMemory: true } : {}),
    }
  }
}

/** Whether the load wrote the access down. */
function isTouched(loaded: StoredSession, { now, lifetime }: ResolvedOptions): boolean {
  return loaded.isTouched ?? now() - loaded.lastAccessedAt >= lifetimeOf(loaded, lifetime).touchEveryMs
}

const isFound = (loaded: Loaded): loaded is StoredSession => typeof loaded === 'object'
