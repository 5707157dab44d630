import { hash32 } from './hash.ts'
import type { Policy } from './policy.ts'

/**
 * The client's address decides, by its hash modulo the number of upstreams: clients without cookies stay where they are, but
 * whenever the number changes nearly all of them move. {@link consistentHash} moves few.
 */
export function addressHash(): Policy {
  return (available, request) => available[hash32(request.address) % available.length]
}
