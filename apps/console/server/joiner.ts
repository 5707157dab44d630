import type { DecisionEvent, DoneEvent } from '@session-cluster/balancer'
import type { NodeEvent } from '@session-cluster/contract'

/** All that was heard of one request. */
export interface Joined {
  readonly decisions: readonly DecisionEvent[]
  readonly done?: DoneEvent
  readonly node?: NodeEvent
}

interface Entry {
  decisions: DecisionEvent[]
  done?: DoneEvent
  node?: NodeEvent
  claimed: boolean
  since: number
  direct: boolean
  waiter?: () => void
}

export interface JoinerOptions {
  /** Ms of a clock that only goes forward, whatever is done to the time of day; an argument so that tests own it. */
  readonly now: () => number
  /** How long a request's events may straggle before they are taken as all there is, in ms. @default 300 */
  readonly graceMs?: number
  /** The most requests kept; the oldest go first. @default 5000 */
  readonly limit?: number
  /** Called with a finished request that no user claimed: someone else's visit. */
  readonly onStranger: (joined: Joined & { done: DoneEvent }) => void
}

/** Puts the balancer's and the node's events of one request together by its id. */
export interface Joiner {
  decision(event: DecisionEvent): void
  done(event: DoneEvent): void
  node(event: NodeEvent): void
  /** Says that a request is one of ours, although its claim will take a while: no sweep hands it over meanwhile. */
  expect(requestId: string): void
  /**
   * Everything about a request of ours; waits until both ends have spoken, or for the grace.
   * @param direct it went straight to the node: the balancer will say nothing
   */
  claim(requestId: string, direct?: boolean): Promise<Joined>
  /** Hands over finished strangers and forgets what is old. Call it every now and then. */
  sweep(): void
  readonly size: number
}

/** An empty joiner. */
export function joiner(options: JoinerOptions): Joiner {
  const graceMs = options.graceMs ?? 300
  const limit = options.limit ?? 5000
  const entries = new Map<string, Entry>()

  const entryOf = (id: string): Entry => {
    let entry = entries.get(id)
    if (!entry) {
      entry = { decisions: [], claimed: false, direct: false, since: options.now() }
      entries.set(id, entry)
      if (entries.size > limit) entries.delete(entries.keys().next().value as string)
    }
    return entry
  }
  const complete = ({ done, node, direct }: Entry) => (done !== undefined || direct) && node !== undefined
  const heard = (entry: Entry) => {
    if (complete(entry)) entry.waiter?.()
  }

  return {
    decision: (event) => void entryOf(event.requestId).decisions.push(event),
    done(event) {
      const entry = entryOf(event.requestId)
      entry.done = event
      // From its end on a request has the whole grace, however long it took; the map stays in the order of age.
      entry.since = options.now()
      entries.delete(event.requestId)
      entries.set(event.requestId, entry)
      heard(entry)
    },
    node(event) {
      const entry = entryOf(event.requestId)
      entry.node = event
      heard(entry)
    },
    expect(requestId) {
      entryOf(requestId).claimed = true
    },
    async claim(requestId, direct = false) {
      const entry = entryOf(requestId)
      Object.assign(entry, { claimed: true, direct })
      if (!complete(entry)) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, graceMs)
          entry.waiter = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      entries.delete(requestId)
      return {
        decisions: entry.decisions,
        ...(entry.done && { done: entry.done }),
        ...(entry.node && { node: entry.node }),
      }
    },
    sweep() {
      const before = options.now() - 4 * graceMs
      for (const [id, entry] of entries) {
        if (entry.since > before) break
        if (entry.claimed) continue
        if (entry.done)
          options.onStranger({ decisions: entry.decisions, done: entry.done, ...(entry.node && { node: entry.node }) })
        else if (entry.decisions.length > 0 && entry.since > before - 60_000) continue
        entries.delete(id)
      }
    },
    get size() {
      return entries.size
    },
  }
}
