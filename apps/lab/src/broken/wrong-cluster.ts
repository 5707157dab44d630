import { fileURLToPath } from 'node:url'
import { type Cluster, type ClusterOptions, startCluster } from '@session-cluster/cluster'

/** What is wrong with the clusters that an experiment gets instead of those which it asks for. */
export interface Wrong {
  /** Starts another one. */
  readonly asked?: (options: ClusterOptions) => Partial<ClusterOptions>
  /** Spoils it when it runs. */
  readonly running?: (cluster: Cluster) => void
}

/** Starts clusters of which something is not as it should be. */
export const wrongCluster =
  ({ asked = () => ({}), running = () => {} }: Wrong) =>
  async (options: ClusterOptions): Promise<Cluster> => {
    const cluster = await startCluster({ ...options, ...asked(options) })
    running(cluster)
    return cluster
  }

/** Further variables for the nodes. */
export const nodesWith = (env: Readonly<Record<string, string>>): Wrong => ({
  asked: ({ nodeEnv }) => ({ nodeEnv: { ...nodeEnv, ...env } }),
})

/** Nodes into which a file of this folder is loaded first. */
export const nodesAfter = (file: string): Wrong =>
  nodesWith({ NODE_OPTIONS: `--import=${fileURLToPath(new URL(file, import.meta.url))}` })

/** A cluster of another mode, where this one was asked for. */
export const modeInstead = (asked: string, given: string): Wrong => ({
  asked: ({ mode }) => (mode === asked ? { mode: given } : {}),
})

/** Nodes of another program. Those that are a control already stay as they are. */
export const otherNodes = ({ entryPoints }: Pick<ClusterOptions, 'entryPoints'>): Wrong => ({
  asked: (options) => ({ entryPoints: { ...options.entryPoints, ...entryPoints } }),
})
