import type { SessionKey } from '../carrier/id.ts'

/** Keys that sessions had until a moment ago, each until its grace period is over. Bounded in number. */
export class RotatedKeys {
  readonly #most: number
  readonly #until = new Map<SessionKey, number>()

  constructor(most: number) {
    this.#most = most
  }

  add(key: SessionKey, now: number, graceMs = 0): void {
    if (graceMs <= 0) return
    this.#until.set(key, now + graceMs)
    if (this.#until.size <= this.#most) return
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest)
      return
    }
  }

  has(key: SessionKey, now: number): boolean {
    return now < (this.#until.get(key) ?? -Infinity)
  }

  /** Drops those that have passed, up to the first that has not. */
  sweep(now: number): void {
    for (const [key, until] of this.#until) {
      if (now < until) return
      this.#until.delete(key)
    }
  }

  clear(): void {
    this.#until.clear()
  }
}
