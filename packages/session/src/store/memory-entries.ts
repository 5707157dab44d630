import type { SessionKey } from '../carrier/id.ts'
import { type Linked, LinkedList } from '../linked-list.ts'
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

/** One session's place among the others. It stays in the map for as long as the session lives, whatever it holds. */
interface Place extends Linked<Place> {
  readonly key: SessionKey
  entry: Entry
  bytes: number
}

/** Sessions in the order of their last write or touch, bounded in number and bytes, with an index by user. */
export class LruMap {
  readonly #options: LruOptions
  readonly #places = new Map<SessionKey, Place>()
  /** What was used least recently comes first. */
  readonly #order = new LinkedList<Place>()
  readonly #keysOfUser = new Map<string, Set<SessionKey>>()
  #bytes = 0
  #sweeping: IterableIterator<Place> | undefined

  constructor(options: LruOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#places.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: SessionKey): Entry | undefined {
    return this.#places.get(key)?.entry
  }

  /** Puts an entry where the most recent ones are; drops the least recent ones if there is no room. */
  put(key: SessionKey, entry: Entry): void {
    const bytes = weight(entry)
    const place = this.#places.get(key)
    if (place) {
      this.#bytes += bytes - place.bytes
      this.#reindex(key, place.entry.user, entry.user)
      place.entry = entry
      place.bytes = bytes
      this.#order.moveToEnd(place)
    } else {
      const added: Place = { key, entry, bytes, before: undefined, after: undefined }
      this.#places.set(key, added)
      this.#bytes += bytes
      this.#reindex(key, undefined, entry.user)
      this.#order.add(added)
    }
    while (this.#isOverfull()) this.#evict(key)
  }

  delete(key: SessionKey): void {
    const place = this.#places.get(key)
    if (!place) return
    this.#places.delete(key)
    this.#order.remove(place)
    this.#bytes -= place.bytes
    this.#reindex(key, place.entry.user, undefined)
  }

  /** Forgets an entry whose session ends with it. */
  end(key: SessionKey): void {
    if (!this.#places.has(key)) return
    this.delete(key)
    this.#options.onEnd(key)
  }

  keysOf(user: string): readonly SessionKey[] {
    return [...(this.#keysOfUser.get(user) ?? [])]
  }

  /** Entries from a position on, and the position after them; none after the last. */
  page(from: number, limit: number): { entries: [SessionKey, Entry][]; next?: number } {
    const places = [...this.#places.values().drop(from).take(limit)]
    const entries = places.map(({ key, entry }): [SessionKey, Entry] => [key, entry])
    return from + entries.length < this.#places.size ? { entries, next: from + limit } : { entries }
  }

  /** Looks at up to `most` entries, going on where it stopped last, and drops those that have ended. */
  sweep(now: number, most: number): number {
    let dropped = 0
    this.#sweeping ??= this.#places.values()
    for (let looked = 0; looked < most; looked++) {
      const { value, done } = this.#sweeping.next()
      if (done) {
        this.#sweeping = undefined
        break
      }
      if (value.entry.endsAt > now) continue
      this.end(value.key)
      dropped++
    }
    return dropped
  }

  clear(): void {
    this.#places.clear()
    this.#keysOfUser.clear()
    this.#bytes = 0
    this.#order.clear()
  }

  #reindex(key: SessionKey, before: string | undefined, after: string | undefined): void {
    if (before === after) return
    if (before !== undefined) {
      const keys = this.#keysOfUser.get(before)
      keys?.delete(key)
      if (keys?.size === 0) this.#keysOfUser.delete(before)
    }
    if (after === undefined) return
    const keys = this.#keysOfUser.get(after)
    if (keys) keys.add(key)
    else this.#keysOfUser.set(after, new Set([key]))
  }

  #isOverfull(): boolean {
    const { maxSessions, maxBytes } = this.#options
    return this.#places.size > maxSessions || (this.#bytes > maxBytes && this.#places.size > 1)
  }

  /** Ends the session that was used least recently, or the next one if that is to be spared. */
  #evict(spared: SessionKey): void {
    const { first } = this.#order
    const place = first?.key === spared ? first.after : first
    if (!place) return
    this.end(place.key)
    this.#options.onEvict(place.key)
  }
}

/** Roughly what a session takes in memory, bytes. */
export function weight({ attributes }: Pick<StoredSession, 'attributes'>): number {
  let bytes = ENTRY_BYTES
  for (const [name, value] of attributes) bytes += ATTRIBUTE_BYTES + 2 * name.length + value.length
  return bytes
}
