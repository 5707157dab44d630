import { checkNames } from '../names.ts'
import { show } from '../show.ts'

/** When the store is left alone for a while. */
export interface BreakerOptions {
  /** So many failed or timed-out calls in a row open the circuit; `0`: never. @default 5 */
  readonly failures?: number
  /** How long every call is refused at once before one is let through to try, ms. @default 500 */
  readonly coolDownMs?: number
}

/** The breaker's defaults. */
export const BREAKER_DEFAULTS = { failures: 5, coolDownMs: 500 } as const

/** Fills in the defaults and checks them. */
export function checkBreakerOptions(options: BreakerOptions = {}): Required<BreakerOptions> {
  checkNames<BreakerOptions>('createSessions', options, { failures: true, coolDownMs: true }, 'breaker')
  const { failures = BREAKER_DEFAULTS.failures, coolDownMs = BREAKER_DEFAULTS.coolDownMs } = options
  const checked = { failures, coolDownMs }
  for (const name of ['failures', 'coolDownMs'] as const) {
    if (!Number.isSafeInteger(checked[name]) || checked[name] < 0) {
      throw new TypeError(
        `createSessions: breaker.${name} is ${show(checked[name])}, but must be a whole number, at least 0`,
      )
    }
  }
  return checked
}

/**
 * A circuit breaker: after some failures in a row it refuses every call for a while, so that a broken store costs
 * nobody a time-out; then one call at a time tries again, until one succeeds.
 */
export class Breaker {
  readonly #options: Required<BreakerOptions>
  #failures = 0
  #retryAt = 0
  #trying = false

  constructor(options: Required<BreakerOptions>) {
    this.#options = options
  }

  /** Whether a call may be made now (monotonic ms). Whoever is let through must report `succeeded` or `failed`. */
  admits(now: number): boolean {
    if (!this.isOpen) return true
    if (this.#trying || now < this.#retryAt) return false
    this.#trying = true
    return true
  }

  /** Whether calls have failed since one last succeeded. */
  get isTried(): boolean {
    return this.#failures > 0
  }

  get isOpen(): boolean {
    return this.#options.failures > 0 && this.#failures >= this.#options.failures
  }

  /** How long until a call is let through again, ms. */
  retryAfterMs(now: number): number {
    return Math.max(0, this.#retryAt - now)
  }

  succeeded(): void {
    this.#failures = 0
    this.#trying = false
  }

  failed(now: number): void {
    this.#failures++
    this.#trying = false
    this.#retryAt = now + this.#options.coolDownMs
  }
}
