import type { Clock, Timer } from '../clock.ts'
import type { Upstream } from './upstream.ts'

/** A request that waits for a place. */
export interface Waiter {
  /** Whether a place on this upstream is of use to it now. */
  canUse(upstream: Upstream): boolean
  /** A place may be free. @returns whether it took one: it is then no longer in the queue */
  tryAgain(): boolean
  /** The wait was too long. */
  onTimeout(): void
}

/** Requests that wait because every upstream they could use is full: first come, first served, bounded in number and time. */
export class RequestQueue {
  readonly #clock: Clock
  readonly #max: number
  readonly #timeoutMs: number
  readonly #waiting = new Map<Waiter, Timer>()

  constructor(clock: Clock, max: number, timeoutMs: number) {
    this.#clock = clock
    this.#max = max
    this.#timeoutMs = timeoutMs
  }

  get length(): number {
    return this.#waiting.size
  }

  /** @returns false when the queue is full */
  join(waiter: Waiter): boolean {
    if (this.#waiting.size >= this.#max) return false
    const timer = this.#clock.after(this.#timeoutMs, () => {
      if (this.#waiting.delete(waiter)) waiter.onTimeout()
    })
    this.#waiting.set(waiter, timer)
    return true
  }

  leave(waiter: Waiter): void {
    this.#waiting.get(waiter)?.cancel()
    this.#waiting.delete(waiter)
  }

  /** A place on the upstream is free: the first who can use it takes it. */
  onFree(upstream: Upstream): void {
    if (this.#waiting.size === 0) return
    for (const waiter of this.#waiting.keys()) if (waiter.canUse(upstream) && this.#offer(waiter)) return
  }

  /** The pool changed so that everyone's chances did: all try again. */
  wakeAll(): void {
    for (const waiter of [...this.#waiting.keys()]) if (this.#waiting.has(waiter)) this.#offer(waiter)
  }

  // Whoever gets no place keeps its own in the queue, and its time.
  #offer(waiter: Waiter): boolean {
    if (!waiter.tryAgain()) return false
    this.leave(waiter)
    return true
  }
}
