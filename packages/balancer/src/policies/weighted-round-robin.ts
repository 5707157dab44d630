import type { Upstream } from '../pool/upstream.ts'
import type { Policy } from './policy.ts'

/**
 * Smooth weighted round robin, as nginx does it: shares are exact over each round and spread within it (5:1:1 gives
 * a a b a c a a, not five in a row). Those that are away take no part, and the others' shares stay right among themselves.
 */
export function weightedRoundRobin(): Policy {
  const credit = new WeakMap<Upstream, number>()
  return (available) => {
    let total = 0
    let best: Upstream | undefined
    let most = Number.NEGATIVE_INFINITY
    for (const upstream of available) {
      const earned = (credit.get(upstream) ?? 0) + upstream.weight
      credit.set(upstream, earned)
      total += upstream.weight
      if (earned > most) {
        best = upstream
        most = earned
      }
    }
    if (best) credit.set(best, most - total)
    return best
  }
}
