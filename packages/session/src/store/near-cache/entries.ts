import type { SessionKey } from '../../carrier/id.ts'
import { type Linked, LinkedList } from '../../linked-list.ts'
import { packed } from '../memory.ts'
import { weight } from '../memory-entries.ts'
import type { StoredSession } from '../store.ts'

/** One session in memory. */
export interface CachedSession extends Linked<CachedSession> {
  readonly key: SessionKey
  readonly session: StoredSession
  /** Not older than this: when its read was sent, monotonic ms. */
  readonly readAt: number
  /** When Redis itself forgets it at the latest, monotonic ms. */
  readonly livesUntil: number
  readonly bytes: number
}

/** What a read brought. */
export type Found = Pick<CachedSession, 'session' | 'readAt' | 'livesUntil'>

/** A read under way. What it brings is kept only if nothing was said about the session meanwhile. */
export interface Placeholder {
  isSpoilt: boolean
}

/** Bounds of the memory. */
export interface Bounds {
  readonly maxEntries: number
  readonly maxBytes: number
}

/** What an entry takes beside the session itself: the bounds of its age, and its place. Measured roughly. */
const ENTRY_BYTES = 150

/** Sessions by their last use, bounded in number and bytes, and the reads that are to bring more. */
export class Entries {
  readonly #bounds: Bounds
  readonly #entries = new Map<SessionKey, CachedSession>()
  /** What was used least recently comes first. */
  readonly #order = new LinkedList<CachedSession>()
  readonly #reading = new Map<SessionKey, Placeholder>()
  #bytes = 0
  evictions = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: SessionKey): CachedSession | undefined {
    return this.#entries.get(key)
  }

  /** Puts an entry where those used last are. */
  used(entry: CachedSession): void {
    this.#order.moveToEnd(entry)
  }

  /** Stands for a read that begins now; `undefined` when another one for the same session does already. */
  reserve(key: SessionKey): Placeholder | undefined {
    if (this.#reading.has(key)) return undefined
    const placeholder = { isSpoilt: false }
    this.#reading.set(key, placeholder)
    return placeholder
  }

  /** The read is over. Keeps what it brought, unless it was spoilt. */
  fill(key: SessionKey, placeholder: Placeholder, found?: Found): void {
    if (this.#reading.get(key) === placeholder) this.#reading.delete(key)
    if (placeholder.isSpoilt || !found) return
    this.#remove(key)
    const session = { ...found.session, attributes: packed(new Map(found.session.attributes)) }
    const bytes = ENTRY_BYTES + weight(session)
    const entry: CachedSession = { ...found, key, session, bytes, before: undefined, after: undefined }
    this.#entries.set(key, entry)
    this.#order.add(entry)
    this.#bytes += entry.bytes
    this.#makeRoom()
  }

  /** Forgets a session, and what is being read of it. Tells whether there was anything. */
  drop(key: SessionKey): boolean {
    const placeholder = this.#reading.get(key)
    if (placeholder) {
      placeholder.isSpoilt = true
      this.#reading.delete(key)
    }
    return this.#remove(key) || placeholder !== undefined
  }

  flush(): void {
    for (const placeholder of this.#reading.values()) placeholder.isSpoilt = true
    this.#reading.clear()
    this.#entries.clear()
    this.#order.clear()
    this.#bytes = 0
  }

  #remove(key: SessionKey): boolean {
    const entry = this.#entries.get(key)
    if (!entry) return false
    this.#bytes -= entry.bytes
    this.#order.remove(entry)
    return this.#entries.delete(key)
  }

  #makeRoom(): void {
    const { maxEntries, maxBytes } = this.#bounds
    while (this.#entries.size > maxEntries || this.#bytes > maxBytes) {
      const { first } = this.#order
      if (!first) return
      this.#remove(first.key)
      this.evictions++
    }
  }
}
