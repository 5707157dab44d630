import { Refused } from './refused.ts'

/**
 * The writes that a request has begun. Their promises count as handled: when a caller forgets to await one, the
 * response waits for it and its failure answers the request, instead of ending the process as an unhandled rejection.
 */
export class Writes {
  #inFlight: Set<Promise<unknown>> | undefined
  #failures: { readonly error: unknown; readonly promise: Refused<unknown> }[] | undefined
  #begun = 0

  /** Runs a write, and remembers it until it has ended, and its failure for good. */
  run<T>(write: () => Promise<T>): Promise<T> {
    this.#begun++
    let result: Promise<T>
    try {
      result = write()
    } catch (error) {
      return this.refuse(error)
    }
    this.#inFlight ??= new Set()
    const inFlight = this.#inFlight
    const noticed = Refused.of(result)
    inFlight.add(result)
    result.then(
      () => inFlight.delete(result),
      (error: unknown) => {
        inFlight.delete(result)
        this.#note(error, noticed)
      },
    )
    return noticed
  }

  /** Counts a write that is over already. */
  count(): void {
    this.#begun++
  }

  /** A write that failed at once. Unless the caller looks at the promise, the request fails. */
  refuse(error: unknown): Promise<never> {
    const promise = Refused.with(error)
    this.#note(error, promise)
    return promise
  }

  #note(error: unknown, promise: Refused<unknown>): void {
    this.#failures ??= []
    this.#failures.push({ error, promise })
  }

  /** How many writes have begun so far. */
  get begun(): number {
    return this.#begun
  }

  /** Whether a write has failed. */
  get hasRefused(): boolean {
    return this.#failures !== undefined
  }

  /** The first failure that nobody has looked at, and which therefore fails the request. */
  get unseen(): { readonly error: unknown } | undefined {
    return this.#failures?.find(({ promise }) => !promise.isSeen)
  }

  /** Waits for what is under way; no promise when nothing is. */
  settle(): Promise<void> | undefined {
    return this.#inFlight?.size ? settled(this.#inFlight) : undefined
  }
}

async function settled(inFlight: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (inFlight.size > 0) await Promise.allSettled(inFlight)
}
