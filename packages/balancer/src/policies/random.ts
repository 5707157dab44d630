import type { Random } from '../clock.ts'
import type { Policy } from './policy.ts'

/** Any of them, with a chance in proportion to its weight. Keeps no state, so balancers need not agree. */
export function randomChoice(random: Random): Policy {
  return (available) => {
    let total = 0
    for (const upstream of available) total += upstream.weight
    let left = random() * total
    for (const upstream of available) {
      left -= upstream.weight
      if (left < 0) return upstream
    }
    return available.at(-1)
  }
}
