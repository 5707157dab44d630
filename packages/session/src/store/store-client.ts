import { SessionStoreError, type StoreFailure } from '../errors.ts'
import type { EventHub, StoreOperation } from '../observe/events.ts'
import type { Tracer } from '../observe/tracing.ts'
import { Breaker, type BreakerOptions } from './circuit-breaker.ts'

/** What the guard goes by. */
export interface StoreClientOptions {
  /** `0` for a store that needs no time-out, because it answers from this process. */
  readonly storeTimeoutMs: number
  readonly breaker: Required<BreakerOptions>
  readonly events: EventHub
  readonly tracer: Tracer | undefined
  /** Epoch ms, for events. */
  readonly now: () => number
}

/** Is told how long a call took, ms. */
export interface Stopwatch {
  storeMs: number
}

/** Stands before the store: a call ends within the time-out, or is refused at once while the circuit is open. */
export class StoreClient {
  readonly #options: StoreClientOptions
  readonly #breaker: Breaker

  constructor(options: StoreClientOptions) {
    this.#options = options
    this.#breaker = new Breaker(options.breaker)
  }

  /** Whether calls are being refused for now. */
  get isOpen(): boolean {
    return this.#breaker.isOpen
  }

  /**
   * Makes one call to the store. Rejects with a `SessionStoreError` and nothing else. Answers without a promise when a
   * store without a time-out does.
   */
  run<T>(operation: StoreOperation, call: () => T | Promise<T>, watch?: Stopwatch): T | Promise<T> {
    const start = performance.now()
    if (!this.#breaker.admits(start)) return Promise.reject(this.#refusal(operation, start))
    const { tracer, storeTimeoutMs } = this.#options
    if (storeTimeoutMs === 0) return this.#untimed(operation, call, watch, start)
    return new Promise<T>((resolve, reject) => {
      let settled = false
      const fail = (failure: StoreFailure, what: string, cause?: unknown): void => {
        if (settled) return
        settled = true
        clearTimeout(timer)
        this.#ended(operation, start, false, watch)
        reject(this.#failure(operation, failure, what, cause))
      }
      // When this process itself was busy, the answer may be waiting in the socket: it is read before time is called.
      const giveUp = () => fail('timeout', `did not answer within ${storeTimeoutMs} ms`)
      const timer = setTimeout(() => setImmediate(giveUp), storeTimeoutMs)
      attempt(operation, call, tracer).then(
        (value) => {
          if (settled) return // given up already: a late answer must not close the circuit
          settled = true
          clearTimeout(timer)
          this.#ended(operation, start, true, watch)
          resolve(value)
        },
        (error: unknown) => fail('failed', 'failed', error),
      )
    })
  }

  #untimed<T>(
    operation: StoreOperation,
    call: () => T | Promise<T>,
    watch: Stopwatch | undefined,
    start: number,
  ): T | Promise<T> {
    const { tracer } = this.#options
    const failed = (error: unknown): Promise<never> => {
      this.#ended(operation, start, false, watch)
      return Promise.reject(this.#failure(operation, 'failed', 'failed', error))
    }
    try {
      const answer = tracer ? tracer.wrap(operation, call) : call()
      if (!isPending(answer)) return this.#answered(answer, operation, start, watch)
      return answer.then((value) => this.#answered(value, operation, start, watch), failed)
    } catch (error) {
      return failed(error)
    }
  }

  #answered<T>(value: T, operation: StoreOperation, start: number, watch: Stopwatch | undefined): T {
    this.#ended(operation, start, true, watch)
    return value
  }

  #ended(operation: StoreOperation, start: number, ok: boolean, watch: Stopwatch | undefined): void {
    const end = performance.now()
    const { events, now } = this.#options
    if (watch) watch.storeMs += end - start
    const wasOpen = this.#breaker.isOpen
    if (ok) this.#breaker.succeeded()
    else this.#breaker.failed(end)
    if (wasOpen !== this.#breaker.isOpen && events.hears('circuit')) {
      events.emit('circuit', { at: now(), open: this.#breaker.isOpen })
    }
    if (events.hears('store')) events.emit('store', { operation, ms: end - start, ok })
  }

  #refusal(operation: StoreOperation, start: number): SessionStoreError {
    return this.#failure(operation, 'open', 'is not asked for now, because it kept failing', undefined, start)
  }

  #failure(
    operation: StoreOperation,
    failure: StoreFailure,
    what: string,
    cause?: unknown,
    now = performance.now(),
  ): SessionStoreError {
    const error = new SessionStoreError(failure, `The session store ${what}`, this.#breaker.retryAfterMs(now), cause)
    const { events } = this.#options
    if (events.hears('storeError')) events.emit('storeError', { at: this.#options.now(), operation, failure, error })
    return error
  }
}

function attempt<T>(operation: StoreOperation, call: () => T | Promise<T>, tracer: Tracer | undefined): Promise<T> {
  try {
    const answer = tracer ? tracer.wrap(operation, call) : call()
    return isPending(answer) ? answer : Promise.resolve(answer)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Whether a call has not answered yet. */
export const isPending = <T>(answer: T | Promise<T>): answer is Promise<T> =>
  typeof (answer as { then?: unknown } | null | undefined)?.then === 'function'
