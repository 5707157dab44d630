import type { Failure } from '../engines/engine.ts'

/** Which requests may be sent a second time, and over which answers. */
export interface RetryOptions {
  /**
   * Methods that may be sent again after a node died over them, if they have no body: `safe` ones (GET, HEAD, OPTIONS), or all
   * that are `idempotent` (PUT and DELETE too; RFC 9110 §9.2.2). @default 'safe'
   */
  methods?: 'safe' | 'idempotent' | undefined
  /** Answers of these statuses are not passed on while the request may be sent to another upstream. @default none */
  statuses?: readonly (502 | 503 | 504)[] | undefined
}

const SAFE = ['GET', 'HEAD', 'OPTIONS']

/** Whether a request may be sent a second time. The loop asks; what it means for the request is the loop's. */
export class RetryRules {
  readonly #methods: ReadonlySet<string>
  readonly #statuses: ReadonlySet<number>

  constructor({ methods = 'safe', statuses = [] }: RetryOptions = {}) {
    this.#methods = new Set(methods === 'safe' ? SAFE : [...SAFE, 'PUT', 'DELETE'])
    this.#statuses = new Set(statuses)
  }

  /** Whether sending it twice does no harm. A body is gone once it was sent. */
  isRepeatable(method: string, hasBody: boolean): boolean {
    return !hasBody && this.#methods.has(method)
  }

  /** After a failure: nothing was sent, or what was sent may be sent twice. After a time-out the node may be at work still. */
  mayRetry({ kind }: Failure, isRepeatable: boolean): boolean {
    return kind === 'connect' || ((kind === 'died' || kind === 'stale' || kind === 'status') && isRepeatable)
  }

  /** Whether there is any answer that is passed over. */
  get hasStatuses(): boolean {
    return this.#statuses.size > 0
  }

  /** Whether an answer of that status is worth another try. */
  passesOver(status: number, isRepeatable: boolean): boolean {
    return isRepeatable && this.#statuses.has(status)
  }
}
