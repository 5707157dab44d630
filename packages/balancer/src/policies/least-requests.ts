import type { Upstream } from '../pool/upstream.ts'
import type { Policy } from './policy.ts'

/** How busy an upstream is for its weight; the one measure that load-aware policies go by. */
export const loadOf = (upstream: Upstream): number => upstream.inFlight / upstream.weight

/** The one with the fewest requests in flight for its weight; among equals each in turn. */
export function leastRequests(): Policy {
  let start = 0
  return (available) => {
    let best: Upstream | undefined
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < available.length; i++) {
      const upstream = available[(start + i) % available.length] as Upstream
      const load = loadOf(upstream)
      if (load < least) {
        best = upstream
        least = load
      }
    }
    // The search begins behind the last one chosen: equals then take turns.
    if (best) start = (available.indexOf(best) + 1) % available.length
    return best
  }
}
