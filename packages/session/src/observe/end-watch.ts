import type { SessionKey } from '../carrier/id.ts'
import type { Manager } from '../manager.ts'
import type { HowEnded } from '../store/store.ts'

/** Is told once how a watched session ended. `unwatched`: the store cannot be asked, so its end could not be told. */
export type EndListener = (how: HowEnded | 'unwatched') => void

/** How often watched sessions are looked at, for those whose end nobody tells of: by expiry, or by another application. */
const LOOK_EVERY_MS = 10_000

/** How soon they are looked at again when that failed, ms at first: a store that has just come back is not there for everybody at once. */
const LOOK_AGAIN_MS = 100

/**
 * Tells those who asked when a session ends, on whatever node. The store's own word arrives at once; when some may have been
 * missed, and now and then, the sessions themselves are looked at. Costs nothing while nobody asks.
 */
export class EndWatch {
  readonly #manager: Manager
  readonly #listeners = new Map<SessionKey, Set<EndListener>>()
  #feed: Promise<AsyncDisposable> | undefined
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #soonMs = LOOK_AGAIN_MS

  constructor(manager: Manager) {
    this.#manager = manager
  }

  /** Adds a listener. Rejects when the session cannot be watched. */
  async add(key: SessionKey, listener: EndListener): Promise<void> {
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    try {
      this.#feed ??= this.#open()
      await this.#feed
      // Only now: one that ended while the feed was being opened is seen here.
      await this.#look(key)
    } catch (error) {
      this.remove(key, listener)
      throw error
    }
  }

  async #open(): Promise<AsyncDisposable> {
    const { store } = this.#manager.options
    if (!store.watchEnds) throw new TypeError('sessions.onEnded: this store cannot tell of sessions that end')
    this.#timer = setInterval(() => void this.#lookAtAll(), LOOK_EVERY_MS).unref()
    const watch = (): Promise<AsyncDisposable> =>
      (store.watchEnds as NonNullable<typeof store.watchEnds>)((key, how) => {
        if (key === undefined) void this.#lookAtAll()
        else this.#tell(key, how ?? 'ended')
      })
    try {
      return await this.#manager.storeClient.run('watch', undefined, watch)
    } catch (error) {
      this.#close()
      throw error
    }
  }

  remove(key: SessionKey, listener: EndListener): void {
    const listeners = this.#listeners.get(key)
    listeners?.delete(listener)
    if (listeners?.size === 0) this.#listeners.delete(key)
    if (this.#listeners.size === 0) this.#close()
  }

  #close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    const feed = this.#feed
    this.#feed = undefined
    feed?.then((open) => open[Symbol.asyncDispose]()).catch(this.#manager.onBackgroundError)
  }

  /** A look that fails is told as `storeError`. The session may have ended while nobody could tell, so another follows soon. */
  async #lookAtAll(): Promise<void> {
    const looks = await Promise.allSettled([...this.#listeners.keys()].map((key) => this.#look(key)))
    const hasFailed = looks.some(({ status }) => status === 'rejected')
    this.#soonMs = hasFailed ? Math.min(2 * this.#soonMs, LOOK_EVERY_MS) : LOOK_AGAIN_MS
    clearTimeout(this.#soon)
    if (hasFailed && this.#listeners.size > 0)
      this.#soon = setTimeout(() => void this.#lookAtAll(), this.#soonMs).unref()
  }

  async #look(key: SessionKey): Promise<void> {
    const { storeClient, options, onBackgroundError } = this.#manager
    const call = (giveUpAt: number) =>
      options.store.isAlive?.(key, { now: options.now(), lifetime: options.lifetime, onBackgroundError, giveUpAt })
    if ((await storeClient.run('watch', key, async (giveUpAt) => call(giveUpAt))) === false) this.#tell(key, 'ended')
  }

  #tell(key: SessionKey, how: HowEnded): void {
    const listeners = this.#listeners.get(key)
    if (!listeners) return
    this.#listeners.delete(key)
    if (this.#listeners.size === 0) this.#close()
    for (const listener of listeners) tell(listener, how)
  }
}

/** Calls a listener; what it throws becomes a process warning. */
export function tell(listener: EndListener, how: HowEnded | 'unwatched'): void {
  try {
    listener(how)
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), 'SessionListenerWarning')
  }
}
