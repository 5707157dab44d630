/** Runs the tasks of one key one after another, those of different keys side by side. Holds nothing once idle. */
export class SerialQueue {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Runs `task` when the key's earlier tasks have ended, however they ended. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const result = before ? before.then(task, task) : task()
    const tail = result.then(noop, noop).then(() => {
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

const noop = (): void => {}
