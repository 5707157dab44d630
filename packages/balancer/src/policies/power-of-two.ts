import type { Random } from '../clock.ts'
import { loadOf } from './least-requests.ts'
import type { Policy } from './policy.ts'

/**
 * Two different ones at random, and of them the less busy (Mitzenmacher, 2001). Nearly as even as looking at all, and several
 * balancers with stale views do not fall upon the same node together.
 */
export function powerOfTwo(random: Random): Policy {
  return (available) => {
    const count = available.length
    if (count < 2) return available[0]
    const first = Math.floor(random() * count)
    const second = (first + 1 + Math.floor(random() * (count - 1))) % count
    const one = available[first]
    const other = available[second]
    return one && other && loadOf(other) < loadOf(one) ? other : one
  }
}
