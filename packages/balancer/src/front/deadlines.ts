import { IntrusiveList, type Member } from '../pool/intrusive-list.ts'

/** Something that must not take longer than until `deadline` (ms on the monotonic clock; Infinity: no bound now). */
export interface Bounded extends Member {
  deadline: number
  onDeadline(): void
}

/**
 * Watches many deadlines with one timer: arming one is an assignment, not a timer of its own. They fire late by at most
 * a tenth of the shortest usual bound, never early.
 */
export class Deadlines {
  readonly #watched = new IntrusiveList<Bounded>()
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined

  /** @param shortestMs the shortest bound that will be asked for */
  constructor(shortestMs: number) {
    this.#everyMs = Math.min(Math.max(Math.floor(shortestMs / 10), 10), 500)
  }

  watch(bounded: Bounded): void {
    this.#watched.add(bounded)
    this.#timer ??= setInterval(() => this.#sweep(), this.#everyMs).unref()
  }

  forget(bounded: Bounded): void {
    this.#watched.delete(bounded)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#watched.clear()
  }

  #sweep(): void {
    const now = performance.now()
    for (const bounded of this.#watched) if (bounded.deadline <= now) bounded.onDeadline()
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
