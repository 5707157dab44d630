import type { Random } from './random.ts'
import type { VirtualUser } from './virtual-user.ts'
import { Tally, type Visit } from './visit.ts'

/** Who visits, and how often. */
export interface TrafficOptions {
  readonly users: readonly VirtualUser[]
  /** Visits per second of all users together. */
  readonly perSecond: number
  /** Decides the gaps and who comes next. */
  readonly random: Random
  /** Hears each visit when it has ended. */
  readonly onVisit?: (visit: Visit) => void
}

/**
 * Visits that keep coming, whether or not earlier ones were answered (an open loop: a server that hangs does not slow its
 * clients down, as in life). Gaps are exponential; users are drawn evenly.
 */
export class Traffic implements AsyncDisposable {
  /** All visits that have ended so far. */
  readonly tally = new Tally()
  readonly #options: TrafficOptions
  readonly #inFlight = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #due = performance.now()

  private constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** Starts the visits; they end with {@link stop} or on disposal. */
  static start(options: TrafficOptions): Traffic {
    const traffic = new Traffic(options)
    traffic.#next()
    return traffic
  }

  /** No more visits; resolves with the tally when those under way have ended. */
  async stop(): Promise<Tally> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await Promise.all(this.#inFlight)
    return this.tally
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #next(): void {
    const { perSecond, random } = this.#options
    this.#due += (-Math.log(1 - random()) * 1000) / perSecond
    const visitAndGoOn = () => {
      this.#visit()
      this.#next()
    }
    // Late visits are made up for: they come as fast as they can.
    this.#timer = setTimeout(visitAndGoOn, Math.max(0, this.#due - performance.now()))
  }

  #visit(): void {
    const { users, random } = this.#options
    const user = users[Math.floor(random() * users.length)]
    if (!user) return
    const visit = user.visit().then((seen) => {
      this.tally.add(seen)
      this.#options.onVisit?.(seen)
      this.#inFlight.delete(visit)
    })
    this.#inFlight.add(visit)
  }
}
