import type { Clock } from '../clock.ts'
import type { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'

/** When observed failures take an upstream out of service, and for how long. */
export interface PassiveOptions {
  /** This many failures, with those of the past fading, eject. 0 switches passive health off. @default 3 */
  failures?: number | undefined
  /** A failure counts half after this long. @default 5000 */
  halfLifeMs?: number | undefined
  /** How long the first ejection lasts; each further one in a row twice as long. @default 2000 */
  ejectMs?: number | undefined
  /** No ejection lasts longer. @default 30_000 */
  maxEjectMs?: number | undefined
}

interface Record {
  score: number
  at: number
  inARow: number
}

/**
 * Passive health: what real requests met with. Failures fade with a half-life; enough of them eject the upstream; after the
 * time-out one request tries it, and its end decides.
 */
export class PassiveHealth {
  readonly #pool: Pool
  readonly #clock: Clock
  readonly #options: Required<{ [K in keyof PassiveOptions]: number }>
  readonly #records = new WeakMap<Upstream, Record>()

  constructor(pool: Pool, clock: Clock, options: PassiveOptions = {}) {
    this.#pool = pool
    this.#clock = clock
    this.#options = {
      failures: options.failures ?? 3,
      halfLifeMs: options.halfLifeMs ?? 5000,
      ejectMs: options.ejectMs ?? 2000,
      maxEjectMs: options.maxEjectMs ?? 30_000,
    }
  }

  /** The upstream answered. A 5xx is an answer too: what an application says is not the balancer's to judge. */
  succeeded(upstream: Upstream): void {
    if (upstream.passive !== 'trial') return
    this.#records.delete(upstream)
    this.#pool.setPassive(upstream, 'in', 'the trial request succeeded')
  }

  /** It could not be reached, died, or let a time-out pass. */
  failed(upstream: Upstream, what: string): void {
    if (this.#options.failures === 0 || upstream.passive === 'out') return
    const record = this.#fade(upstream)
    record.score++
    if (upstream.passive === 'trial') this.#eject(upstream, record, `the trial request failed: ${what}`)
    else if (record.score > this.#options.failures - 0.5) {
      this.#eject(upstream, record, `${this.#options.failures} failures, the last: ${what}`)
    }
  }

  /** The failures that still count against it. */
  scoreOf(upstream: Upstream): number {
    return this.#fade(upstream).score
  }

  #fade(upstream: Upstream): Record {
    const now = this.#clock.now()
    const record = this.#records.get(upstream) ?? { score: 0, at: now, inARow: 0 }
    record.score *= 0.5 ** ((now - record.at) / this.#options.halfLifeMs)
    record.at = now
    this.#records.set(upstream, record)
    return record
  }

  #eject(upstream: Upstream, record: Record, reason: string): void {
    const ms = Math.min(this.#options.ejectMs * 2 ** record.inARow, this.#options.maxEjectMs)
    record.inARow++
    record.score = 0
    upstream.stats.ejections++
    this.#pool.setPassive(upstream, 'out', reason)
    this.#clock.after(ms, () => {
      if (upstream.passive === 'out') this.#pool.setPassive(upstream, 'trial', 'one request may try it')
    })
  }
}
