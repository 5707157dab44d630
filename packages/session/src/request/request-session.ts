import { newId, type SessionKey } from '../carrier/id.ts'
import type { Token } from '../carrier/token.ts'
import { SessionGoneError } from '../errors.ts'
import type { Manager } from '../manager.ts'
import type { StoredSession } from '../store/store.ts'
import type { Stopwatch } from '../store/store-client.ts'
import { assertStillThere } from './assert.ts'
import { Changes } from './changes.ts'
import { MutationWatch } from './freeze.ts'
import { type Incoming, type LiveFace, type Outgoing, ResponseProgress, warnLost } from './outgoing.ts'
import type { Phase, StoredPhase } from './phase.ts'
import { eventOf, type SessionReport } from './report.ts'
import { Writes } from './writes.ts'

const UNREAD: Phase = { name: 'unread' }
const NONE: Phase = { name: 'none' }

/**
 * One request's dealings with its session: which phase it is in, what it wants changed, what it cost. Every change of
 * phase is a method here. `Session` is its face to handlers, `load.ts` begins it, `commit.ts` ends it.
 */
export class RequestSession {
  readonly manager: Manager
  readonly usage: { commands: number; roundTrips: number } & Stopwatch = { commands: 0, roundTrips: 0, storeMs: 0 }
  readonly writes = new Writes()
  readonly watch: MutationWatch | undefined
  /** The synchronous face, if the handler has asked for it. */
  face: LiveFace | undefined
  /** The load under way, or the one that failed. */
  loading: Promise<void> | undefined
  /** Whether the load was answered from this process's memory, by a near cache. */
  isFromMemory = false
  /** The load under way that asks the store after a near cache. */
  refreshing: Promise<void> | undefined
  readonly incoming: Incoming
  readonly response: ResponseProgress
  #token: Token | 'absent' | 'malformed' | undefined
  #phase: Phase = UNREAD
  #changes: Changes | undefined
  #expiredId: string | undefined
  #outcome: SessionReport['outcome'] = 'untouched'
  #commit: SessionReport['commit']
  #failedAfter: number | undefined
  #hasDeadId = false
  #hasChanged = false

  constructor(manager: Manager, incoming: Incoming, outgoing: Outgoing | undefined) {
    this.manager = manager
    this.incoming = incoming
    this.response = new ResponseProgress(outgoing)
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

  get outcome(): SessionReport['outcome'] {
    return this.#outcome
  }

  get commit(): SessionReport['commit'] {
    return this.#commit
  }

  /** The store has the session under this id. */
  found(id: string, record: StoredSession, cookie: StoredPhase['cookie']): void {
    if (cookie !== 'held') this.response.holdLate(this)
    this.#outcome = 'found'
    this.#phase = { name: 'stored', id, record, cookie }
  }

  /** There is none that may be used. */
  missing(reason: 'absent' | 'malformed' | 'unknown' | 'expired' | 'rotated' | 'unreadable', id: string): void {
    this.#outcome = reason
    this.#phase = reason === 'rotated' || reason === 'unreadable' ? { name: reason, id } : NONE
    if (reason === 'expired') this.#expiredId = id
  }

  /** The store did not answer; if that is not to fail the request, it goes on as if there were no session. */
  loadFailed(isRefused: boolean): void {
    this.#outcome = 'failed'
    if (!isRefused) this.#phase = { name: 'unavailable' }
  }

  /** What failed once may be asked for again. */
  forgetFailure(): void {
    if (this.#outcome !== 'failed') return
    this.#outcome = 'untouched'
    this.loading = undefined
    this.#phase = UNREAD
  }

  /** What the store has now of a session that was stored; `undefined`: nothing any longer. */
  reloaded(phase: StoredPhase, record: StoredSession | undefined): void {
    this.#phase = record ? { ...phase, record } : { name: 'gone', id: phase.id }
  }

  /** Gives the request a session if it has none, with this id. Answers when it was made, epoch ms. */
  make(id?: string): number {
    if (this.#phase.name === 'stored') return this.#phase.record.createdAt
    if (this.#phase.name === 'new') return this.#phase.madeAt
    assertStillThere(this)
    const madeAt = this.manager.options.now()
    this.#phase = { name: 'new', id: id ?? newId(), madeAt }
    this.#outcome = 'created'
    return madeAt
  }

  /** Where changes are collected. */
  change(): Changes {
    if (!this.#changes) {
      this.#changes = new Changes()
      this.response.onClosed(() => this.#closed())
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
    const event = events.hears('discarded') ? eventOf(this) : undefined
    this.#changes = undefined
    this.#commit = 'discarded'
    if (event) events.emit('discarded', event)
  }

  /** Has it told, rather than lost silently, when the response left past us, so that the changes can never be saved. */
  #closed(): void {
    if (this.response.isSealed || !this.response.isOut || !this.#changes || this.#changes.isEmpty) return
    this.discard()
    warnLost()
  }

  /** Takes over what the store has now, so that reading goes on with it and a later commit is a delta to it. */
  saved(record: StoredSession, id: string, isCookieDue = false): void {
    this.#commit = 'ok'
    const { madeAt } = this
    const before = this.#phase.name === 'stored' && this.#phase.id === id ? this.#phase : undefined
    this.#hasChanged ||= before !== undefined // what another process has in memory of this session may be older now
    const cookie = before && !isCookieDue ? before.cookie : 'new'
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
    if (events.hears('gone')) events.emit('gone', eventOf(this))
    this.#phase = { name: 'gone', id: this.id ?? '' }
    this.#changes = undefined
    return new SessionGoneError()
  }

  /** Nothing was saved. */
  notSaved(why: 'conflict' | 'failed'): void {
    this.#commit = why
  }

  /** The handler threw: what it wanted changed is dropped. */
  fail(): void {
    if (this.response.isDecided) return
    this.face?.collect()
    this.#failedAfter = this.writes.begun
    this.discard()
    this.face?.revert()
  }

  /** Whether the handler threw. What its error handler wants changed since then counts again. */
  get hasFailed(): boolean {
    return this.#failedAfter === this.writes.begun
  }
}
