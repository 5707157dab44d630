import type { Policy } from './policy.ts'

/**
 * Each upstream in turn, in the order in which they were added. One that is away is passed over and takes its old
 * place when it returns: the order is kept by position, not by counting.
 */
export function roundRobin(): Policy {
  let last = -1
  return (available) => {
    const next = available.find((upstream) => upstream.order > last) ?? available[0]
    if (next) last = next.order
    return next
  }
}
