/**
 * A write that was refused at once, such as a value that would not come back. It notices whether anybody looks at it: a caller who
 * forgot to await hears of the refusal as the request's failure, and one who handled it is left alone.
 */
export class Refused<T> extends Promise<T> {
  #seen = false

  /** What is derived from it is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  /** The same result; its failure does not end the process when nobody looks at it. */
  static of<T>(result: Promise<T>): Refused<T> {
    const noticed = new Refused<T>((resolve, reject) => {
      result.then(resolve, reject)
    })
    Promise.prototype.then.call(noticed, undefined, () => {})
    return noticed
  }

  /** A refusal that does not end the process when nobody looks at it. */
  static with(error: unknown): Refused<never> {
    const refused = Refused.reject<never>(error) as Refused<never>
    Promise.prototype.then.call(refused, undefined, () => {})
    return refused
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise has one; this one tells that it was called
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#seen = true
    return super.then(fulfilled, rejected)
  }

  /** Whether it was awaited, or a handler was attached. */
  get isSeen(): boolean {
    return this.#seen
  }
}
