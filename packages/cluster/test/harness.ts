import { seededRandom, VirtualUser } from '@session-cluster/visitor'
import { expect } from 'vitest'
import { type Cluster, type ClusterOptions, startCluster } from '../src/index.ts'
import { survivors } from './survivors.ts'

/** How often the balancer checks each node in these tests. */
export const CHECK_MS = 100

/** Quick health checks, so that a suite need not wait for the default ones; a node drains for longer than they need. */
const QUICK: Pick<ClusterOptions, 'balancerEnv' | 'nodeEnv'> = {
  balancerEnv: { HEALTH_INTERVAL_MS: String(CHECK_MS), HEALTH_TIMEOUT_MS: '1000', HEALTH_FALL: '2', HEALTH_RISE: '1' },
  nodeEnv: { DRAIN_MS: '800', LOG_LEVEL: 'warn' },
}

/**
 * A cluster for one test: three nodes with quick health checks. When the test leaves its scope the cluster ends, and the
 * test fails unless every process that ever belonged to it is gone.
 */
export async function testCluster(options: ClusterOptions): Promise<Cluster> {
  const cluster = await startCluster({
    ...QUICK,
    ...options,
    nodeEnv: { ...QUICK.nodeEnv, ...options.nodeEnv },
    balancerEnv: { ...QUICK.balancerEnv, ...options.balancerEnv },
  })
  const end = cluster[Symbol.asyncDispose].bind(cluster)
  return Object.assign(cluster, {
    async [Symbol.asyncDispose]() {
      await end()
      expect(survivors(cluster.run), 'processes that outlived their cluster').toEqual([])
    },
  })
}

/** Seeded users who send to `base`, each with a token saved in a session of its own. */
export async function savedUsers(count: number, base: (index: number) => string, seed = 1): Promise<SavedUser[]> {
  const random = seededRandom(seed)
  const users: SavedUser[] = []
  for (let index = 0; index < count; index++) {
    const user = new VirtualUser({ name: `user-${seed}-${index}`, base: base(index), random })
    const { node } = await user.save()
    if (node === undefined) throw new Error(`${user.name} was answered without X-Served-By`)
    users.push(Object.assign(user, { home: node }))
  }
  return users
}

/** A user, and the node that answered when it saved. */
export type SavedUser = VirtualUser & { readonly home: string }

/** The names of those users whose session was made on this node. */
export function madeOn(users: readonly SavedUser[], node: string): string[] {
  return users.filter(({ home }) => home === node).map(({ name }) => name)
}
