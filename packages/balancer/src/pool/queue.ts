import type { Clock, Timer } from '../clock.ts'
import type { Upstream } from './upstream.ts'

/** Someone who waits for a place; told once, unless it left the line before. */
export interface Waiter {
  /** Whether a place on this upstream is of use to it now. */
  canUse(upstream: Upstream): boolean
  /** A place may be free: try again. It leaves the line when it goes, and joins it again when it must go on waiting. */
  onPlace(): void
  /** The wait was too long. */
  onTimeout(): void
}

/** Requests that wait because every upstream they could use is full: first come, first served, bounded in number and time. */
export class WaitingLine {
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

  /** Whoever is in the line already keeps place and time. @returns false when the line is full */
  join(waiter: Waiter): boolean {
    if (this.#waiting.has(waiter)) return true
    if (this.#waiting.size >= this.#max) return false
    const timer = this.#clock.after(this.#timeoutMs, () => {
      if (this.#waiting.delete(waiter)) waiter.onTimeout()
    })
    this.#waiting.set(waiter, timer)
    return true
  }

  quit(waiter: Waiter): void {
    if (this.#waiting.size === 0) return
    this.#waiting.get(waiter)?.cancel()
    this.#waiting.delete(waiter)
  }

  /** A place on the upstream is free: the first who can use it goes. */
  free(upstream: Upstream): void {
    if (this.#waiting.size === 0) return
    for (const waiter of this.#waiting.keys()) {
      if (!waiter.canUse(upstream)) continue
      waiter.onPlace()
      if (!this.#waiting.has(waiter)) return
    }
  }

  /** The pool changed so that everyone's chances did: all try again. */
  wakeAll(): void {
    for (const waiter of [...this.#waiting.keys()]) if (this.#waiting.has(waiter)) waiter.onPlace()
  }
}
