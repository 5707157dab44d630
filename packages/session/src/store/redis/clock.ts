/** How far two clocks may drift apart within a ms, in µs: 500 ppm, the most that time daemons make a clock run off. */
const DRIFT = 0.5

/** Redis may read its clock once per turn, so a change may seem to be made a little before it was sent, µs. */
const GRAIN = 5_000

/** From this age on a reading says too little: Redis is asked again, ms. */
const MAX_AGE_MS = 60_000

/** What is known of one server's clock. */
interface Reading {
  /** At least so much is Redis's clock (µs) ahead of this process's monotonic one (in µs, too). */
  readonly leadUs: number
  /** When that was learnt, monotonic ms. */
  readonly at: number
}

/** Within which times, by Redis's own clock in µs, a change may be made. */
export type Window = readonly [earliest: number, latest: number]

/** The window of a caller who never gives up. */
export const ANY_TIME: Window = [0, Number.MAX_SAFE_INTEGER]

/**
 * Says, by Redis's clock, when this process will give up, so that Redis itself refuses what arrives later. No agreement
 * of the clocks is needed, only that they run equally fast (to 500 ppm): each answer that bears Redis's time bounds how far
 * that clock is ahead. It was read while the call was under way, so it is ahead by at least its time less ours at the
 * answer; the bound is on the safe side by as much as the answer took. A clock that was set back contradicts what was known,
 * and is believed at once.
 *
 * Readings are kept by connection, because another connection may lead to another server, with another clock.
 */
export class RedisClock {
  readonly #readings = new WeakMap<object, Reading>()

  /** Takes over the time (µs) in an answer that came over this connection just now to what was sent at `sentAt` (ms). */
  learn(connection: object, sentAt: number, micros: number): void {
    const at = performance.now()
    const known = this.#readings.get(connection)
    const leadUs = micros - at * 1000
    const mostUs = micros - sentAt * 1000
    const before = known === undefined ? -Infinity : lead(known, at)
    // Above what is possible: the clock was set back since.
    this.#readings.set(connection, { leadUs: before > mostUs ? leadUs : Math.max(before, leadUs), at })
  }

  /** The window of a change that is sent now and given up at `giveUpAt` (ms); `undefined` when the clock must be read first. */
  window(connection: object, giveUpAt: number): Window | undefined {
    const now = performance.now()
    const known = this.#readings.get(connection)
    if (known === undefined || now - known.at > MAX_AGE_MS) return undefined
    return [Math.floor(now * 1000 + lead(known, now) - GRAIN), Math.floor(giveUpAt * 1000 + lead(known, giveUpAt))]
  }
}

const lead = ({ leadUs, at }: Reading, now: number): number => leadUs - Math.max(0, now - at) * DRIFT
