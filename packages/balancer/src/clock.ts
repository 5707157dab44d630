/** The time and the timers that everything here goes by; a test passes its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `fn` once after `ms`; the timer never keeps the process alive by itself. */
  after(ms: number, fn: () => void): Timer
}

/** A pending call that can be called off. Cancelling twice does nothing. */
export interface Timer {
  cancel(): void
}

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout
  constructor(ms: number, fn: () => void) {
    this.#timeout = setTimeout(fn, ms).unref()
  }
  cancel(): void {
    clearTimeout(this.#timeout)
  }
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, fn) => new SystemTimer(ms, fn),
}

/** A number in [0, 1), as `Math.random`; policies and jitter take it as an argument so that tests can fix it. */
export type Random = () => number
