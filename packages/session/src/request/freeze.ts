import type { Codec } from '../codec/codec.ts'

/** Freezes plain objects and arrays, all the way down. Tells whether that covers the value: nothing in it can change. */
export function deepFreeze(value: unknown): boolean {
  return typeof value !== 'object' || value === null || freeze(value, new Set())
}

function freeze(value: unknown, seen: Set<object>): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return true
  seen.add(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return false
  let whole = true
  for (const key of Reflect.ownKeys(value)) whole = freeze((value as Record<PropertyKey, unknown>)[key], seen) && whole
  Object.freeze(value)
  return whole
}

interface Watched {
  readonly value: unknown
  readonly bytes: Uint8Array
}

/** Remembers values that cannot be frozen, and finds the one that was changed in place. For development. */
export class MutationWatch {
  readonly #codec: Codec
  readonly #watched = new Map<string, Watched[]>()

  constructor(codec: Codec) {
    this.#codec = codec
  }

  /** Remembers what the value is like now. */
  add(attribute: string, value: unknown): void {
    // The value is encoded again: the bytes in the store may be another program's, spelled in another way.
    const watched = { value, bytes: this.#codec.encode(value) }
    const others = this.#watched.get(attribute)
    if (others) others.push(watched)
    else this.#watched.set(attribute, [watched])
  }

  /** The attribute was set: what was handed out before does not matter any more. */
  drop(attribute: string): void {
    this.#watched.delete(attribute)
  }

  /** The session was replaced: none of it matters any more. */
  clear(): void {
    this.#watched.clear()
  }

  /** The name of an attribute whose value is not what it was. */
  changed(): string | undefined {
    for (const [attribute, values] of this.#watched) {
      if (values.some((watched) => !this.#isSame(watched))) return attribute
    }
    return undefined
  }

  #isSame({ value, bytes }: Watched): boolean {
    try {
      return Buffer.compare(this.#codec.encode(value), bytes) === 0
    } catch {
      return false // it has become something that cannot be encoded at all
    }
  }
}
