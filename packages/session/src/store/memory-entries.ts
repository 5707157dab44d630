import type { SessionKey } from '../carrier/id.ts'
import type { StoredSession } from './store.ts'

/** A session in memory, and when it ends by itself (epoch ms). */
export interface Entry extends StoredSession {
  readonly endsAt: number
}

/** How much memory holds. */
export interface LruOptions {
  readonly maxSessions: number
  readonly maxBytes: number
  /** Told of every session that ends. */
  readonly onEnd: (key: SessionKey) => void
  readonly onEvict: (key: SessionKey) => void
}

/** What a session takes beside its attributes: the entry, its maps and its places in them, measured roughly. */
const ENTRY_BYTES = 600
const ATTRIBUTE_BYTES = 200

/** Sessions in the order of their last write or touch, bounded in number and bytes, with an index by user. */
export class LruMap {
  readonly #options: LruOptions
  readonly #entries = new Map<SessionKey, Entry>()
  readonly #keysOfUser = new Map<string, Set<SessionKey>>()
  #bytes = 0
  #sweeping: IterableIterator<[SessionKey, Entry]> | undefined

  constructor(options: LruOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: SessionKey): Entry | undefined {
    return this.#entries.get(key)
  }

  /** Puts an entry where the most recent ones are; drops the least recent ones if there is no room. */
  put(key: SessionKey, entry: Entry): void {
    this.delete(key)
    this.#entries.set(key, entry)
    this.#bytes += weight(entry)
    if (entry.user !== undefined) this.#index(entry.user, key)
    while (this.#isOverfull()) this.#evict(key)
  }

  delete(key: SessionKey): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#bytes -= weight(entry)
    if (entry.user === undefined) return
    const keys = this.#keysOfUser.get(entry.user)
    keys?.delete(key)
    if (keys?.size === 0) this.#keysOfUser.delete(entry.user)
  }

  /** Forgets an entry whose session ends with it. */
  end(key: SessionKey): void {
    if (!this.#entries.has(key)) return
    this.delete(key)
    this.#options.onEnd(key)
  }

  keysOf(user: string): readonly SessionKey[] {
    return [...(this.#keysOfUser.get(user) ?? [])]
  }

  /** Entries from a position on, and the position after them; none after the last. */
  page(from: number, limit: number): { entries: [SessionKey, Entry][]; next?: number } {
    const entries = [...this.#entries.entries().drop(from).take(limit)]
    return from + entries.length < this.#entries.size ? { entries, next: from + limit } : { entries }
  }

  /** Looks at up to `most` entries, going on where it stopped last, and drops those that have ended. */
  sweep(now: number, most: number): number {
    let dropped = 0
    this.#sweeping ??= this.#entries.entries()
    for (let looked = 0; looked < most; looked++) {
      const { value, done } = this.#sweeping.next()
      if (done) {
        this.#sweeping = undefined
        break
      }
      const [key, { endsAt }] = value
      if (endsAt > now) continue
      this.end(key)
      dropped++
    }
    return dropped
  }

  clear(): void {
    this.#entries.clear()
    this.#keysOfUser.clear()
    this.#bytes = 0
  }

  #index(user: string, key: SessionKey): void {
    const keys = this.#keysOfUser.get(user)
    if (keys) keys.add(key)
    else this.#keysOfUser.set(user, new Set([key]))
  }

  #isOverfull(): boolean {
    const { maxSessions, maxBytes } = this.#options
    return this.#entries.size > maxSessions || (this.#bytes > maxBytes && this.#entries.size > 1)
  }

  #evict(spared: SessionKey): void {
    for (const key of this.#entries.keys()) {
      if (key === spared) continue
      this.end(key)
      this.#options.onEvict(key)
      return
    }
  }
}

function weight({ attributes }: Entry): number {
  let bytes = ENTRY_BYTES
  for (const [name, value] of attributes) bytes += ATTRIBUTE_BYTES + 2 * name.length + value.length
  return bytes
}
