import { type Cluster, type ClusterOptions, startCluster } from '@session-cluster/cluster'
import type { Lab } from '../experiment.ts'
import { text } from '../language.ts'

/** Starts a cluster for one experiment. It says what it does, and an abort while it starts leaves nothing behind. */
export async function labCluster(lab: Lab, options: ClusterOptions): Promise<Cluster> {
  lab.signal.throwIfAborted()
  lab.progress(0, text(`starting a ${options.mode} cluster`, `${options.mode} 클러스터 시작`))
  const cluster = await startCluster(options)
  if (!lab.signal.aborted) return cluster
  await cluster[Symbol.asyncDispose]()
  throw lab.signal.reason
}
