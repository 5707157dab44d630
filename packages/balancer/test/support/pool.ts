import type { Clock } from '../../src/clock.ts'
import type { PickKey } from '../../src/policies/policy.ts'
import { Pool, type PoolOptions } from '../../src/pool/pool.ts'

/** A clock that moves only when told. */
export class FakeClock implements Clock {
  time = 0
  #timers: { at: number; fn: () => void }[] = []

  now(): number {
    return this.time
  }

  after(ms: number, fn: () => void): { cancel(): void } {
    const timer = { at: this.time + ms, fn }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** Lets time pass; timers run at their own moments, in order. */
  advance(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((one, other) => one.at - other.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.time = next.at
      next.fn()
    }
    this.time = end
  }
}

/** A pool of upstreams with these names, on a fake clock. */
export function fakePool(
  names: readonly string[],
  options: Partial<PoolOptions> = {},
): { pool: Pool; clock: FakeClock } {
  const clock = new FakeClock()
  const pool = new Pool({ clock, random: () => 0.5, ...options })
  for (const name of names) pool.add({ name, url: `http://${name}.test:80` })
  return { pool, clock }
}

/** A request with these headers. */
export function fakeRequest(headers: Record<string, string> = {}, address = '192.0.2.1'): PickKey {
  return { method: 'GET', path: '/', address, header: (name) => headers[name] }
}

/** Repeatable numbers in [0, 1): Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
