/** Something that can stand in one list at a time. */
export interface Member {
  /** Its place there; the list's own business. -1 when it is in none. */
  slot: number
}

/**
 * Those who are here now, in no order. A `Set` would do, but every so often it moves to a new table, and the old one, by
 * then long-lived garbage, keeps what it once held alive through the young generation's collections: measured, that
 * promoted nearly every request to the old generation.
 */
export class IntrusiveList<T extends Member> implements Iterable<T> {
  readonly #members: T[] = []

  get size(): number {
    return this.#members.length
  }

  add(member: T): void {
    member.slot = this.#members.push(member) - 1
  }

  /** Does nothing when it is not here. */
  delete(member: T): void {
    const { slot } = member
    if (slot === -1) return
    const last = this.#members.pop() as T
    if (last !== member) {
      this.#members[slot] = last
      last.slot = slot
    }
    member.slot = -1
  }

  clear(): void {
    for (const member of this.#members) member.slot = -1
    this.#members.length = 0
  }

  /** Over those who are here when it begins. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#members].values()
  }
}
