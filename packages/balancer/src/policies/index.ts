import type { Random } from '../clock.ts'
import type { Policy } from '../policy.ts'
import { roundRobin } from './round-robin.ts'

/** What a policy's factory may need. */
export interface PolicyOptions {
  random: Random
}

/** A name that `POLICY` accepts. */
export type PolicyName = 'round-robin'

/** Every policy by its name in `POLICY`. */
export const policies: Record<PolicyName, (options: PolicyOptions) => Policy> = {
  'round-robin': () => roundRobin(),
}

/** Whether a policy of that name exists. */
export const isPolicyName = (name: string): name is PolicyName => Object.hasOwn(policies, name)
