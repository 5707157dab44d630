import type { DoneEvent } from '@session-cluster/balancer'
import { isJudged, type NodeSession, noTotals, type Outcome, type Totals } from '@session-cluster/contract'
import { percentile } from '@session-cluster/visitor'

/** How many of a lane's last requests its share is taken over. */
export const shareWindow = 60
/** How many of a node's last answers its percentiles are taken over. */
const latencyWindow = 500
const storeWindow = 100
const rateMs = 5000

/** What one node's traffic came to. */
export interface NodeTally {
  requests: number
  ok: number
  client: number
  server: number
  found: number
  missed: number
  readonly latencies: number[]
  readonly times: number[]
  readonly store: NodeSession[]
}

/** Counts a lane's traffic. Requests, answers and share come from the balancer's log alone; outcomes from the users' tokens. */
export interface Tally {
  readonly totals: Totals
  /** When the counting began, epoch ms. */
  readonly since: number
  node(name: string): NodeTally
  /** One line of the balancer's log. */
  done(event: DoneEvent): void
  /** One verdict by a user's token; `node` is the one that answered. */
  outcome(outcome: Outcome, node: string | undefined): void
  store(node: string, session: NodeSession): void
  /** Forgets a node that was removed; the totals stay. */
  forget(name: string): void
  /** Begins anew. */
  reset(): void
  /** Requests per second over the last five seconds. */
  rate(name: string): number
  percentile(name: string, fraction: number): number | undefined
  share(): Readonly<Record<string, number>>
}

/**
 * A tally with nothing in it. Bounded: windows, not histories.
 *
 * @param now ms of a clock that only goes forward: neither a correction of the time of day nor the balancer's own clock changes a rate
 */
export function tally(now: () => number = () => performance.now()): Tally {
  const nodes = new Map<string, NodeTally>()
  const recent: string[] = []
  const totals = noTotals()
  let since = Date.now()
  const node = (name: string): NodeTally => {
    let found = nodes.get(name)
    if (!found) {
      found = {
        requests: 0,
        ok: 0,
        client: 0,
        server: 0,
        found: 0,
        missed: 0,
        latencies: [],
        times: [],
        store: [],
      }
      nodes.set(name, found)
    }
    return found
  }
  return {
    totals,
    get since() {
      return since
    },
    node,
    done(event) {
      if (event.upstream === undefined) return
      const counts = node(event.upstream)
      counts.requests++
      if (event.status >= 500) counts.server++
      else if (event.status >= 400) counts.client++
      else counts.ok++
      push(counts.latencies, event.ms, latencyWindow)
      push(counts.times, now(), latencyWindow * 4)
      push(recent, event.upstream, shareWindow)
    },
    outcome(outcome, name) {
      totals[outcome]++
      if (name === undefined || !isJudged(outcome)) return
      if (outcome === 'found') node(name).found++
      else if (outcome !== 'error') node(name).missed++
    },
    store: (name, session) => push(node(name).store, session, storeWindow),
    forget(name) {
      nodes.delete(name)
      // Its requests stay in the window, and count for nobody: the next of its name is another one.
      for (const [index, one] of recent.entries()) if (one === name) recent[index] = ''
    },
    reset() {
      nodes.clear()
      recent.length = 0
      Object.assign(totals, noTotals())
      since = Date.now()
    },
    rate(name) {
      const { times } = node(name)
      while (times[0] !== undefined && times[0] < now() - rateMs) times.shift()
      return times.length / (rateMs / 1000)
    },
    percentile: (name, fraction) => percentile(node(name).latencies, fraction),
    share() {
      const counts: Record<string, number> = {}
      for (const name of recent) if (name !== '') counts[name] = (counts[name] ?? 0) + 1
      return counts
    },
  }
}

function push<T>(list: T[], value: T, most: number): void {
  list.push(value)
  if (list.length > most) list.shift()
}
