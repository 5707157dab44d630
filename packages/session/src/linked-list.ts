/** What a member of a list knows of its neighbours; nothing while it is in none. */
export interface Linked<T> {
  before: T | undefined
  after: T | undefined
}

/**
 * A list whose members are moved and taken out at once. A `Map` or a `Set` keeps an order too, but where each request adds to
 * it and deletes from it, its table is made again every few times, and each dead table, once V8 has moved it to the old
 * generation, keeps what it held alive until the next full collection (a third of the cost of a write to memory). Members
 * forget each other when they leave, for the same reason.
 */
export class LinkedList<T extends Linked<T>> {
  #first: T | undefined
  #last: T | undefined

  get first(): T | undefined {
    return this.#first
  }

  /** Puts something that is in no list at the end. */
  add(member: T): void {
    member.before = this.#last
    if (this.#last) this.#last.after = member
    else this.#first = member
    this.#last = member
  }

  remove(member: T): void {
    const { before, after } = member
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    member.before = undefined
    member.after = undefined
  }

  moveToEnd(member: T): void {
    this.remove(member)
    this.add(member)
  }

  clear(): void {
    this.#first = undefined
    this.#last = undefined
  }
}
