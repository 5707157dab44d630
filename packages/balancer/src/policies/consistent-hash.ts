import type { Upstream } from '../pool/upstream.ts'
import { type HashOn, hash32, hashKey, isHashOn } from './hash.ts'
import type { Policy } from './policy.ts'

/** How keys are spread. */
export interface ConsistentHashOptions {
  /** @default 'address' */
  on?: HashOn | undefined
  /**
   * No upstream takes more than this times the mean load; a hot key spills over, and its client's next request may miss what the
   * first left in the node. 1.25 is usual for caches. @default Infinity, one key one node
   */
  loadFactor?: number | undefined
}

/**
 * Each key has an order of its own over the upstreams (rendezvous hashing, Thaler and Ravishankar 1998) and goes to the
 * first: adding one of N moves 1/N of the keys, removing one moves only its own, and the order in which upstreams are
 * listed does not matter. With a bound, a key whose first is too busy goes to its next (Mirrokni et al. 2016).
 */
export function consistentHash(options: ConsistentHashOptions = {}): Policy {
  const on = options.on ?? 'address'
  if (!isHashOn(on)) {
    throw new TypeError(`on: ${JSON.stringify(on)} is not address, path, header:<name> or cookie:<name>`)
  }
  const keyOf = hashKey(on)
  const loadFactor = options.loadFactor ?? Number.POSITIVE_INFINITY
  if (!(loadFactor >= 1)) throw new TypeError(`loadFactor: ${loadFactor} is not at least 1`)
  const seeds = new WeakMap<Upstream, number>()
  return (available, request) => {
    const key = keyOf(request)
    const bound = boundOf(available, loadFactor)
    let best: Upstream | undefined
    let highest = Number.NEGATIVE_INFINITY
    for (const upstream of available) {
      if (upstream.inFlight >= bound * upstream.weight) continue
      const score = scoreOf(key, upstream, seeds)
      if (score > highest) {
        best = upstream
        highest = score
      }
    }
    return best ?? available[0]
  }
}

// Requests for each unit of weight, this one included.
function boundOf(available: readonly Upstream[], loadFactor: number): number {
  if (loadFactor === Number.POSITIVE_INFINITY) return loadFactor
  let requests = 1
  let weight = 0
  for (const upstream of available) {
    requests += upstream.inFlight
    weight += upstream.weight
  }
  return Math.ceil((loadFactor * requests) / weight)
}

// -w / ln(u), u uniform in (0, 1): the highest is each upstream's with a chance in proportion to its weight.
function scoreOf(key: string, upstream: Upstream, seeds: WeakMap<Upstream, number>): number {
  let seed = seeds.get(upstream)
  if (seed === undefined) {
    seed = hash32(upstream.name)
    seeds.set(upstream, seed)
  }
  return -upstream.weight / Math.log((hash32(key, seed) + 0.5) / 2 ** 32)
}
