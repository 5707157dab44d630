import { Cluster } from 'ioredis'
import { type RedisRig, redisRig } from './redis-rig.ts'
import { until } from './until.ts'

/** A real Redis Cluster of three primaries that share the slots. */
export interface ClusterRig extends AsyncDisposable {
  readonly nodes: readonly RedisRig[]
  readonly client: Cluster
}

const SLOTS = [
  [0, 5460],
  [5461, 10922],
  [10923, 16383],
] as const

/** Starts three nodes, gives each its slots, introduces them, and waits until all agree. */
export async function clusterRig(): Promise<ClusterRig> {
  const nodes = await Promise.all(SLOTS.map(startNode))
  const [first, ...others] = nodes as [RedisRig, ...RedisRig[]]
  const admins = nodes.map((node) => node.client())
  await Promise.all(admins.map((admin, i) => admin.call('cluster', 'addslots', ...range(SLOTS[i]))))
  // Redis 6.2 has the bus at a fixed distance, and knows no other.
  const [, bus] = ((await admins[0]?.config('GET', 'cluster-port')) as string[] | undefined) ?? []
  const at = ['127.0.0.1', String(first.port), ...(bus === undefined ? [] : [bus])]
  for (const admin of admins.slice(1)) await admin.call('cluster', 'meet', ...at)
  await until('the cluster agrees', async () => {
    const infos = await Promise.all(admins.map((admin) => admin.cluster('INFO')))
    return infos.every((info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3'))
  })
  const client = new Cluster([first, ...others].map(({ port }) => ({ host: '127.0.0.1', port })))
  return {
    nodes,
    client,
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    },
  }
}

const range = ([from, to]: readonly [number, number] = [0, -1]): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

async function startNode(_slots: unknown, i: number): Promise<RedisRig> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000']
  return redisRig([...options, '--cluster-config-file', `nodes-${i}.conf`])
}
