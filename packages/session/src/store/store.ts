import type { SessionKey } from '../carrier/id.ts'

/** How long sessions live. One object for all of a manager's calls. */
export interface Lifetime {
  /** A session ends this long after its last access. */
  readonly idleTimeoutMs: number
  /** A session ends this long after it was made, however busy; `0` means never. */
  readonly absoluteTimeoutMs: number
  /** An access is written down at most this often, so a session may outlive its idle timeout by as much. */
  readonly touchEveryMs: number
}

/** A lifetime that one session has for itself, instead of its manager's. */
export interface OwnLifetime {
  /** It ends this long after its last access; negative: never. */
  readonly idleTimeoutMs: number
  /** … and this long after it was made; `0`: never. Left out: the manager's. */
  readonly absoluteTimeoutMs?: number
  /** Whether the client's cookie outlives the browser session. Left out: the manager's. */
  readonly persistent?: boolean
}

/** Counts what a call cost. A store adds to it; it never reads it. */
export interface StoreUsage {
  /** Commands sent by this client. What a script does inside the server is not counted. */
  commands: number
  /** How often the call waited for the network. */
  roundTrips: number
}

/** What every call to a store is told. */
export interface StoreOptions {
  /** The manager's clock, epoch ms. A store decides about expiry by it and by nothing else. */
  readonly now: number
  readonly lifetime: Lifetime
  readonly usage?: StoreUsage
  /** Told of failures in work that no caller waits for, such as tidying an index. */
  readonly onBackgroundError?: (error: unknown) => void
  /**
   * When the caller gives up (ms of this process's `performance.now()`): it answers its request then, so a change must not
   * happen later. A store over a network sees to that where changes are made, not where they are sent. Without it: never.
   */
  readonly giveUpAt?: number
  /** Asks the backend itself, whatever this process has in memory. */
  readonly fresh?: boolean
}

/** One session as the store has it. */
export interface StoredSession {
  /** Epoch ms. */
  readonly createdAt: number
  /** The access before this one, epoch ms. */
  readonly lastAccessedAt: number
  /** The idle timeout that it has now; negative means never. */
  readonly idleTimeoutMs: number
  /** Its own lifetime. A session without one has that of whoever asks, also when that was another when it was made. */
  readonly own?: OwnLifetime
  /** Whether this very load wrote the access down. Left out: it is reckoned from the times. */
  readonly isTouched?: boolean
  readonly user?: string
  /** When the user last proved who they are, epoch ms. */
  readonly authenticatedAt?: number
  /** The codec's bytes by attribute name. Later commits do not change it. */
  readonly attributes: ReadonlyMap<string, Uint8Array>
}

/**
 * What a store answers to `load`. `rotated`: the session lives under another key, or its client was given a new session,
 * not longer ago than the grace period; what lies under this key is no session. `unreadable`: another application wrote it
 * in a form of its own; it can only be ended.
 */
export type Loaded = StoredSession | 'expired' | 'rotated' | 'unreadable' | undefined

/** How a session ended. `rotated`: it goes on under another id, which its client has. */
export type HowEnded = 'ended' | 'rotated'

/** Is told the key of a session that ended; without a key, that some may have ended unheard. */
export type EndsTold = (key: SessionKey | undefined, how?: HowEnded) => void

/** What one commit changes. Applied as a whole or not at all. */
export interface SessionDelta {
  /** Makes the session; `conflict` when the key is taken. Without it the session must exist, else `gone`. */
  readonly create?: { readonly createdAt: number }
  readonly set?: ReadonlyMap<string, Uint8Array>
  readonly remove?: readonly string[]
  /** Applies only while the attribute has these bytes (`undefined`: is absent), else `conflict`. */
  readonly expect?: { readonly name: string; readonly value: Uint8Array | undefined }
  /** Moves the session to this key. From then on the old key is `rotated` for `graceMs`, and unknown after it. */
  readonly renameTo?: SessionKey
  /** A session that moves starts over: it keeps neither attributes nor user nor lifetime, and its times start here. */
  readonly anew?: { readonly createdAt: number }
  /** How long the old key of a moved session is known as such, ms. @default 0 */
  readonly graceMs?: number
  /** The user whose session it becomes; `null`: nobody's. */
  readonly user?: string | null
  readonly authenticatedAt?: number
  /** Gives it a lifetime of its own, counted from its last access; `null`: the manager's again. */
  readonly lifetime?: OwnLifetime | null
  /** The user whose session it was when it was loaded, so that the store finds that user's index. */
  readonly previousUser?: string
}

/** `gone`: another request ended the session meanwhile. `conflict`: see `SessionDelta.create` and `expect`. */
export type CommitResult = 'ok' | 'gone' | 'conflict'

/** One session in a list: its key, never its id. */
export interface SessionListing {
  readonly key: SessionKey
  readonly createdAt: number
  readonly lastAccessedAt: number
  readonly user?: string
  readonly authenticatedAt?: number
}

/** A part of all sessions, and where the next part begins; no `cursor` after the last. */
export interface SessionPage {
  readonly sessions: readonly SessionListing[]
  readonly cursor?: string
}

/**
 * Keeps sessions between requests, as bytes. Absence is data: only a broken backend throws.
 * `storeContract` of `@session-cluster/session/testing` is what a store has to pass.
 */
export interface SessionStore extends AsyncDisposable {
  /** True when sessions lie under their plain ids, as Spring Session keeps them; else under `hashId(id)`. */
  readonly plainIds?: boolean
  /** True when every call is answered from this process's memory, so that no time-out need be kept for it. */
  readonly isLocal?: boolean
  /**
   * Reads a session and, at most every `touchEveryMs`, writes down the access.
   * `undefined` when there is none; `expired` when the store still has it but its time is over: it is not touched then.
   * A store that need not wait may answer without a promise.
   */
  load(key: SessionKey, options: StoreOptions): Loaded | Promise<Loaded>
  /** The session, where this process has it in memory and may answer from there. Asks nobody; after `undefined` ask `load`. */
  peek?(key: SessionKey, options: StoreOptions): StoredSession | undefined
  /** Applies only what changed. A session that another request destroyed is `gone`: it is not brought back. */
  commit(key: SessionKey, delta: SessionDelta, options: StoreOptions): Promise<CommitResult>
  /** Forgets the session and tells whether there was one. If so, its key is `rotated` for `graceMs` (default 0). */
  destroy(key: SessionKey, options: StoreOptions & { readonly graceMs?: number }): Promise<boolean>
  /** A user's live sessions, in no order. */
  ofUser(user: string, options: StoreOptions): Promise<SessionListing[]>
  /** Live sessions, about `limit` at a time; one that is made or ends meanwhile may be missing or appear twice. */
  list(options: StoreOptions & { readonly cursor?: string; readonly limit?: number }): Promise<SessionPage>
  /**
   * Tells of every session that ends or is moved to another key, by whichever process, from when it resolves until it is
   * disposed of. `told` without a key: some may have been missed.
   */
  watchEnds?(told: EndsTold): Promise<AsyncDisposable>
  /** Whether there is such a session, without counting as an access. */
  isAlive?(key: SessionKey, options: StoreOptions): boolean | Promise<boolean>
  /**
   * Resolves when no process answers from its memory any longer with a session that was ended, or moved away, before. It
   * never rejects. Without it that is so as soon as the session is ended.
   */
  confirmEnd?(key: SessionKey): Promise<void>
  /** How long after a client's write was answered another process may still answer this client as if it had not written, ms. */
  readonly lagMs?: number
  /** What a near cache has counted. */
  readonly cacheStats?: CacheStats
  /** Where a session with this id lies, in the backend's own terms. */
  keyOf?(id: string): string
  /**
   * Which server of a backend that has several answers calls about this session (`undefined`: about many sessions). Each
   * name has a circuit of its own.
   */
  serverOf?(key: SessionKey | undefined): string
  /** Calls the listener whenever a lost connection is back, so that the circuit is closed at once. */
  onReconnect?(listener: () => void): void
  /** Is told that every call about this session times out, though the connection seems well: makes a new connection. */
  reconnect?(key: SessionKey): void
}

/** What a near cache has counted since it was made, and holds now. */
export interface CacheStats {
  /** Reads that were answered from memory. */
  readonly hits: number
  /** Reads that were answered by the backend. */
  readonly misses: number
  /** Sessions dropped because the backend said that they had changed. */
  readonly invalidations: number
  /** How often everything was dropped, because a change may have been missed. */
  readonly flushes: number
  /** Sessions dropped for lack of room. */
  readonly evictions: number
  /** How long ago what was answered from memory had been read: hits by upper bound, ms. */
  readonly hitAges: ReadonlyMap<number, number>
  /** … and the sum of it, ms. */
  readonly hitAgeSumMs: number
  /** Sessions in memory now, and what they take, bytes. */
  readonly entries: number
  readonly bytes: number
  /** Whether reads may be answered from memory now. */
  readonly isLive: boolean
}

/**
 * What a store throws when its backend *answered* that it will not do it. Nothing has happened, and the circuit takes it
 * for an answer like any other, unless it `isOutage`: the backend says that it can serve nobody for now.
 */
export class StoreRefusedError extends Error {
  /** The backend's own word for it, such as `OOM`. */
  readonly reason: string
  readonly isOutage: boolean

  constructor(
    reason: string,
    message: string,
    { isOutage = false, cause }: { isOutage?: boolean; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StoreRefusedError'
    this.reason = reason
    this.isOutage = isOutage
  }
}

/** What a store throws when the connection broke after it was asked: nobody knows whether it has happened, or will. */
export class StoreLostError extends Error {
  constructor(cause?: unknown) {
    super('the connection broke before the answer came', cause === undefined ? undefined : { cause })
    this.name = 'StoreLostError'
  }
}

/** A session's times, as far as its end depends on them. */
export type Times = Pick<StoredSession, 'createdAt' | 'lastAccessedAt' | 'own'>

/** The lifetime of one session. A short one of its own is touched the more often for it. */
export function lifetimeOf({ own }: Pick<StoredSession, 'own'>, lifetime: Lifetime): Lifetime {
  if (!own) return lifetime
  const { idleTimeoutMs, absoluteTimeoutMs = lifetime.absoluteTimeoutMs } = own
  const oftenEnough = idleTimeoutMs < 0 ? Infinity : Math.floor(idleTimeoutMs / 30)
  return { idleTimeoutMs, absoluteTimeoutMs, touchEveryMs: Math.min(lifetime.touchEveryMs, oftenEnough) }
}

/** When a session that was last accessed at `lastAccessedAt` ends, epoch ms; `Infinity` when it never does. */
export function deadline(times: Times, lifetime: Lifetime): number {
  const { idleTimeoutMs, absoluteTimeoutMs, touchEveryMs } = lifetimeOf(times, lifetime)
  const idle =
    idleTimeoutMs < 0 ? Infinity : times.lastAccessedAt + idleTimeoutMs + (idleTimeoutMs === 0 ? 0 : touchEveryMs)
  return absoluteTimeoutMs > 0 ? Math.min(idle, times.createdAt + absoluteTimeoutMs) : idle
}
