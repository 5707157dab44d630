import type { Cluster, ClusterOptions } from '@session-cluster/cluster'
import type { Lab } from '../experiment.ts'
import { text } from '../language.ts'
import { allEnded } from '../load/all-ended.ts'

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
  const cluster = await lab.startCluster({
    ...options,
    nodeEnv: { ...patience.node, ...options.nodeEnv },
    balancerEnv: { ...patience.balancer, ...options.balancerEnv },
  })
  if (!lab.signal.aborted) return cluster
  await cluster[Symbol.asyncDispose]()
  throw lab.signal.reason
}

/** Starts several at once, which is where most of the waiting is; when one does not come up, none is left. */
export async function labClusters<Name extends string>(
  lab: Lab,
  options: Readonly<Record<Name, ClusterOptions>>,
): Promise<Record<Name, Cluster> & AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  const names = Object.keys(options) as Name[]
  const entries = names.map(async (name) => [name, starting.use(await labCluster(lab, options[name]))] as const)
  const clusters = Object.fromEntries(await allEnded(entries)) as Record<Name, Cluster>
  const started = starting.move()
  return { ...clusters, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

/** SIGKILL; resolves when the balancer has seen that the node is gone. */
export async function crash(cluster: Cluster, name: string): Promise<void> {
  await cluster.node(name).crash()
  await cluster.balancer.untilSeen([name], 'down')
}
