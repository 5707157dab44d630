import { signal } from '@preact/signals'
import type { RequestRecord } from '../../../wire/record.ts'
import { type Ground, plan, progress, type Trip } from './way.ts'

/** From this many requests a second on they are drawn as a stream, with a few of them as dots. */
export const streamFrom = 20
/** The dots that a stream carries, a second. */
const dotsInStream = 12
/** The most trips at once; beyond it the oldest land early. */
const mostTrips = 60
/** The requests of one frame set out over this time, as they came, not all at once; ms. */
const spreadMs = 110
/** The rate is measured over this time, ms. */
const windowMs = 1000

/** The requests that are on their way through the picture. Each was really sent; the picture has them do it once more, slower. */
export class Fleet {
  trips: Trip[] = []
  /** Requests that the picture has told of: as a dot, or within a stream. */
  told = 0
  /** One of so many is drawn as a dot. 1: each is. */
  readonly oneOf = signal(1)
  /** Requests of the last second by `lane/node`: how thick a stream is. */
  readonly rates = new Map<string, number>()
  /** Where each lane is drawn; `undefined` while it is not. */
  ground: (lane: RequestRecord['lane']) => Ground | undefined = () => undefined
  /** Hears that there is something to draw. */
  onSend: () => void = () => undefined
  readonly #land: (records: readonly RequestRecord[]) => void
  #recent: { at: number; key: string }[] = []

  /** @param land hears of requests whose trip is over */
  constructor(land: (records: readonly RequestRecord[]) => void) {
    this.#land = land
  }

  /** Sends requests on their way. `still`: nothing moves, and they are there at once. */
  send(records: readonly RequestRecord[], now: number, still: boolean): void {
    if (records.length === 0) return
    this.told += records.length
    this.#measure(records, now)
    const every = this.oneOf.peek()
    const ashore: RequestRecord[] = []
    for (const [index, record] of records.entries()) {
      const ground = still || (every > 1 && record.seq % every !== 0) ? undefined : this.ground(record.lane)
      if (ground === undefined || ground.box.low) ashore.push(record)
      else this.trips.push(plan(record, ground, now + (index / records.length) * spreadMs))
    }
    ashore.push(...this.trips.splice(0, Math.max(0, this.trips.length - mostTrips)).map(({ record }) => record))
    if (ashore.length > 0) this.#land(ashore)
    this.onSend()
  }

  /** Lands the trips that are over. Answers whether any is still under way. */
  land(now: number): boolean {
    const over = this.trips.filter((trip) => progress(trip, now) >= 1)
    if (over.length > 0) {
      this.trips = this.trips.filter((trip) => progress(trip, now) < 1)
      this.#land(over.map(({ record }) => record))
    }
    return this.trips.length > 0
  }

  #measure(records: readonly RequestRecord[], now: number): void {
    for (const { lane, node } of records) this.#recent.push({ at: now, key: `${lane}/${node ?? ''}` })
    this.#recent = this.#recent.filter(({ at }) => now - at < windowMs)
    this.rates.clear()
    for (const { key } of this.#recent) this.rates.set(key, (this.rates.get(key) ?? 0) + 1)
    const rate = this.#recent.length
    this.oneOf.value = rate <= streamFrom ? 1 : Math.ceil(rate / dotsInStream)
  }
}
