/** A task's turn did not come in time; it was not run. */
export class WaitedTooLong extends Error {}

/** Runs the tasks of one key one after another, those of different keys side by side. Holds nothing once idle. */
export class SerialQueue {
  readonly #tails = new Map<string, Promise<unknown>>()

  /**
   * Runs `task` when the key's earlier tasks have ended, however they ended. Rejects with `WaitedTooLong` when they have
   * not after `waitMs`.
   */
  run<T>(key: string, task: () => Promise<T>, waitMs: number): Promise<T> {
    const before = this.#tails.get(key)
    const result = before ? within(before, waitMs).then(task) : task()
    const tail: Promise<unknown> = Promise.allSettled([before, result]).then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    })
    this.#tails.set(key, tail)
    return result
  }

  /** How many keys have tasks. */
  get size(): number {
    return this.#tails.size
  }
}

function within(before: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new WaitedTooLong()), ms)
    void before.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
