import { type Cluster, type ClusterOptions, startCluster } from '@session-cluster/cluster'
import type { Lab } from '../experiment.ts'
import { text } from '../language.ts'

/**
 * A machine that is busy with other things must not look like a broken store or a dead node. A node that has died is noticed
 * all the same: it refuses. X3 sets the time-out that it is about.
 */
const patience = {
  node: { SESSION_STORE_TIMEOUT_MS: '10000' },
  balancer: { HEALTH_INTERVAL_MS: '250', HEALTH_TIMEOUT_MS: '60000' },
}

/** Starts a cluster for one experiment. It says what it does, and an abort while it starts leaves nothing behind. */
export async function labCluster(lab: Lab, options: ClusterOptions): Promise<Cluster> {
  lab.signal.throwIfAborted()
  lab.progress(0, text(`starting a ${options.mode} cluster`, `${options.mode} 클러스터 시작`))
  const cluster = await startCluster({
    ...options,
    nodeEnv: { ...patience.node, ...options.nodeEnv },
    balancerEnv: { ...patience.balancer, ...options.balancerEnv },
  })
  if (!lab.signal.aborted) return cluster
  await cluster[Symbol.asyncDispose]()
  throw lab.signal.reason
}
