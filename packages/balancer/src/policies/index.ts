import type { Random } from '../clock.ts'
import { addressHash } from './address-hash.ts'
import { type ConsistentHashOptions, consistentHash } from './consistent-hash.ts'
import { leastRequests } from './least-requests.ts'
import type { Policy } from './policy.ts'
import { powerOfTwo } from './power-of-two.ts'
import { randomChoice } from './random.ts'
import { roundRobin } from './round-robin.ts'
import { weightedRoundRobin } from './weighted-round-robin.ts'

/** What a policy's factory may need. */
export interface PolicyOptions {
  random: Random
  hash?: ConsistentHashOptions | undefined
}

/** A name that `POLICY` accepts. */
export type PolicyName =
  | 'round-robin'
  | 'weighted-round-robin'
  | 'random'
  | 'least-requests'
  | 'power-of-two'
  | 'address-hash'
  | 'consistent-hash'

/** Every policy by its name in `POLICY`. A new one is a file, and a line here. */
export const policies: Record<PolicyName, (options: PolicyOptions) => Policy> = {
  'round-robin': () => roundRobin(),
  'weighted-round-robin': () => weightedRoundRobin(),
  random: ({ random }) => randomChoice(random),
  'least-requests': () => leastRequests(),
  'power-of-two': ({ random }) => powerOfTwo(random),
  'address-hash': () => addressHash(),
  'consistent-hash': ({ hash }) => consistentHash(hash),
}

/** Whether a policy of that name exists. */
export const isPolicyName = (name: string): name is PolicyName => Object.hasOwn(policies, name)
