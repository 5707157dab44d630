import { setTimeout as delay } from 'node:timers/promises'

/** The longest freeze and the longest delay that a node inflicts on itself. */
export const MOST_FAULT_MS = 60_000

/** How a process is hurt; tests pass harmless ones. */
export interface Harm {
  kill(): void
  /** Stops the thread for that long: no timer fires, nothing is answered, connections wait. */
  block(ms: number): void
}

/** Faults that a node inflicts on itself when an operator asks, where nobody outside can send it signals. */
export class Faults {
  /** Added to every request but the probes; milliseconds. */
  slowMs = 0
  readonly #harm: Harm

  constructor(harm: Harm = realHarm) {
    this.#harm = harm
  }

  /** Waits as long as requests are to be slowed down now. */
  async hold(): Promise<void> {
    if (this.slowMs > 0) await delay(this.slowMs)
  }

  /** Dies at once, as by `kill -9`. */
  crash(): void {
    this.#harm.kill()
  }

  /** Stands still for `ms`, as by SIGSTOP, and goes on by itself. */
  freeze(ms: number): void {
    this.#harm.block(ms)
  }
}

const realHarm: Harm = {
  kill() {
    process.kill(process.pid, 'SIGKILL')
    // A container's first process is immune to its own SIGKILL.
    process.abort()
  },
  block(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  },
}
