import { SessionStoreError, type StoreFailure } from '../errors.ts'
import type { EventHub, StoreOperation } from '../observe/events.ts'
import type { Tracer } from '../observe/tracing.ts'
import { Breaker, type BreakerOptions } from './circuit-breaker.ts'
import { type SessionStore, StoreLostError, StoreRefusedError } from './store.ts'

/** What the store client goes by. */
export interface StoreClientOptions {
  /** Is asked which server a call concerns, and told when a connection should be opened again. */
  readonly store: Pick<SessionStore, 'serverOf' | 'onReconnect' | 'reconnect'>
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

/** A call to the store; it is told when its caller gives up, see `StoreOptions.giveUpAt`. */
export type StoreCall<T> = (giveUpAt: number) => T | Promise<T>

/** One call under way. */
interface Call {
  readonly operation: StoreOperation
  readonly key: string | undefined
  readonly breaker: Breaker
  readonly start: number
  readonly watch: Stopwatch | undefined
}

/**
 * Stands before the store: a call ends within the time-out, or is refused at once while the circuit is open. The circuit
 * counts what tells of the connection or of the whole server: a store that refuses a call has answered.
 */
export class StoreClient {
  readonly #options: StoreClientOptions
  /** By server, see `SessionStore.serverOf`. */
  readonly #breakers = new Map<string, Breaker>()
  #refused = 0
  #openSince = 0
  #reconnectedAt = -Infinity

  constructor(options: StoreClientOptions) {
    this.#options = options
    options.store.onReconnect?.(() => this.#reconnected())
  }

  /** Whether calls are being refused for now; with several servers, those of one of them. */
  get isOpen(): boolean {
    for (const breaker of this.#breakers.values()) if (breaker.isOpen) return true
    return false
  }

  /**
   * Makes one call to the store, about the session with this key or about many (`undefined`). Rejects with a
   * `SessionStoreError` and nothing else. Answers without a promise when a store without a time-out does.
   */
  run<T>(operation: StoreOperation, key: string | undefined, call: StoreCall<T>, watch?: Stopwatch): T | Promise<T> {
    const start = performance.now()
    const breaker = this.#breakerOf(key)
    const current: Call = { operation, key, breaker, start, watch }
    if (!breaker.admits(start)) return Promise.reject(this.#refusal(current))
    return this.#options.storeTimeoutMs === 0 ? this.#untimed(current, call) : this.#timed(current, call)
  }

  #timed<T>(current: Call, call: StoreCall<T>): Promise<T> {
    const { tracer, storeTimeoutMs } = this.#options
    const giveUpAt = current.start + storeTimeoutMs
    return new Promise<T>((resolve, reject) => {
      let isOver = false
      const alarm = new Alarm(giveUpAt, () => {
        if (isOver) return
        isOver = true
        reject(this.#failed(current, 'timeout'))
      })
      const end = (): void => {
        isOver = true
        alarm.cancel()
      }
      attempt(current.operation, () => call(giveUpAt), tracer).then(
        (value) => {
          if (isOver) return // given up already: a late answer must not close the circuit
          end()
          resolve(this.#answered(value, current))
        },
        (error: unknown) => {
          if (isOver) return
          end()
          const failure = this.#failed(current, 'failed', error)
          if (!mayHappenLater(current, error)) reject(failure)
          // The change may be on its way still. It cannot happen after its time, so this is told only then.
          else new Alarm(giveUpAt, () => reject(failure))
        },
      )
    })
  }

  #untimed<T>(current: Call, call: StoreCall<T>): T | Promise<T> {
    const { tracer, events } = this.#options
    try {
      const answer = tracer ? tracer.wrap(current.operation, () => call(Infinity)) : call(Infinity)
      if (isPending(answer)) return this.#awaited(answer, current)
      // Nobody has waited: unless somebody wants to know how long it took, the clock need not be asked.
      if (current.breaker.isTried || events.hears('store')) this.#ended(current, true)
      return answer
    } catch (error) {
      return Promise.reject(this.#failed(current, 'failed', error))
    }
  }

  async #awaited<T>(answer: Promise<T>, current: Call): Promise<T> {
    let value: T
    try {
      value = await answer
    } catch (error) {
      throw this.#failed(current, 'failed', error)
    }
    return this.#answered(value, current)
  }

  #answered<T>(value: T, current: Call): T {
    this.#ended(current, true)
    return value
  }

  /** Notes a failure, and makes the error of it. */
  #failed(current: Call, failure: 'failed' | 'timeout', cause?: unknown): SessionStoreError {
    this.#ended(current, false, failure, cause)
    if (failure === 'timeout') {
      const what = `did not answer within ${this.#options.storeTimeoutMs} ms`
      return this.#failure(current, 'timeout', what, cause)
    }
    if (cause instanceof StoreRefusedError) {
      return this.#failure(current, 'refused', `refused this request (${cause.reason})`, cause)
    }
    return this.#failure(current, 'failed', cause instanceof StoreLostError ? 'lost its connection' : 'failed', cause)
  }

  #ended({ operation, key, breaker, start, watch }: Call, ok: boolean, failure?: StoreFailure, cause?: unknown): void {
    const end = performance.now()
    const { events, store } = this.#options
    if (watch) watch.storeMs += end - start
    const wasOpen = breaker.isOpen
    if (ok || (cause instanceof StoreRefusedError && !cause.isOutage)) breaker.succeeded()
    // What was asked over a connection that was lost says nothing of the new one.
    else if (start >= this.#reconnectedAt) breaker.failed(end)
    this.#announce(wasOpen, breaker)
    // The call that was let through to try has had no answer either, so the connection may be at fault.
    if (wasOpen && failure === 'timeout' && key !== undefined) store.reconnect?.(key)
    if (events.hears('store')) events.emit('store', { operation, ms: end - start, ok })
  }

  #reconnected(): void {
    this.#reconnectedAt = performance.now()
    for (const breaker of this.#breakers.values()) {
      const wasOpen = breaker.isOpen
      breaker.succeeded()
      this.#announce(wasOpen, breaker)
    }
  }

  /** Tells when a circuit has opened or closed, and what it has cost. */
  #announce(wasOpen: boolean, breaker: Breaker): void {
    const { events, now } = this.#options
    const open = breaker.isOpen
    if (open === wasOpen) return
    const at = performance.now()
    if (open) this.#openSince ||= at
    if (events.hears('circuit')) {
      const ms = open ? 0 : Math.round(at - this.#openSince)
      events.emit('circuit', { at: now(), open, refused: open ? 0 : this.#refused, ms })
    }
    if (this.isOpen) return
    this.#refused = 0
    this.#openSince = 0
  }

  #breakerOf(key: string | undefined): Breaker {
    const server = this.#options.store.serverOf?.(key) ?? ''
    let breaker = this.#breakers.get(server)
    if (breaker) return breaker
    breaker = new Breaker(this.#options.breaker)
    this.#breakers.set(server, breaker)
    return breaker
  }

  #refusal(current: Call): SessionStoreError {
    this.#refused++
    return this.#failure(current, 'open', 'is not asked for now, because it kept failing', undefined, current.start)
  }

  #failure(
    { operation, breaker }: Call,
    failure: StoreFailure,
    what: string,
    cause?: unknown,
    now = performance.now(),
  ): SessionStoreError {
    const error = new SessionStoreError(failure, `The session store ${what}`, breaker.retryAfterMs(now), cause)
    const { events } = this.#options
    if (events.hears('storeError')) events.emit('storeError', { at: this.#options.now(), operation, failure, error })
    return error
  }
}

/** Calls back once, not before `at` (ms of `performance.now()`). */
class Alarm {
  readonly #at: number
  readonly #ring: () => void
  #timer: NodeJS.Timeout

  constructor(at: number, ring: () => void) {
    this.#at = at
    this.#ring = ring
    this.#timer = this.#set()
  }

  cancel(): void {
    clearTimeout(this.#timer)
  }

  #set(): NodeJS.Timeout {
    const waitMs = Math.max(0, this.#at - performance.now())
    return setTimeout(() => this.#due(), waitMs)
  }

  #due(): void {
    // A timer counts from the beginning of the turn that set it, so a long turn makes it early.
    if (performance.now() < this.#at) this.#timer = this.#set()
    // When this process itself was busy, the answer may be waiting in the socket: it is read before time is called.
    else setImmediate(this.#ring)
  }
}

/** Whether a change whose call has failed may be made yet. */
const mayHappenLater = ({ operation }: Call, error: unknown): boolean =>
  error instanceof StoreLostError && (operation === 'commit' || operation === 'destroy')

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
