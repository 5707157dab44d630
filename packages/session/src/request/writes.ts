import { Refused } from './refused.ts'

/**
 * The writes that a request has begun. Their promises count as handled: when a caller forgets to await one, the
 * response waits for it and its failure answers the request, instead of ending the process as an unhandled rejection.
 */
export class Writes {
  readonly #inFlight = new Set<Promise<unknown>>()
  #begun = 0
  #refused: { readonly error: unknown; readonly promise: Refused<never> } | undefined

  /** Runs a write, and remembers it until it has ended. */
  run<T>(write: () => Promise<T>): Promise<T> {
    this.#begun++
    let result: Promise<T>
    try {
      result = write()
    } catch (error) {
      return this.refuse(error)
    }
    const ended = (): void => void this.#inFlight.delete(result)
    this.#inFlight.add(result)
    result.then(ended, ended)
    return result
  }

  /** Counts a write that is over already. */
  count(): void {
    this.#begun++
  }

  /** A write that failed at once. Unless the caller looks at the promise, the request fails. */
  refuse(error: unknown): Promise<never> {
    const promise = Refused.with(error)
    this.#refused ??= { error, promise }
    return promise
  }

  /** How many writes have begun so far. */
  get begun(): number {
    return this.#begun
  }

  /** Whether a write was refused at once. */
  get hasRefused(): boolean {
    return this.#refused !== undefined
  }

  /** The failure that nobody has looked at, and which therefore fails the request. */
  get unseen(): { readonly error: unknown } | undefined {
    return this.#refused && !this.#refused.promise.isSeen ? this.#refused : undefined
  }

  /** Waits for what is under way; no promise when nothing is. */
  settle(): Promise<void> | undefined {
    return this.#inFlight.size > 0 ? this.#settleAll() : undefined
  }

  async #settleAll(): Promise<void> {
    while (this.#inFlight.size > 0) {
      for (const result of await Promise.allSettled(this.#inFlight)) {
        if (result.status === 'rejected') void this.refuse(result.reason)
      }
    }
  }
}
