import { Cluster, type Redis } from 'ioredis'
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

/** Starts three primaries, gives each its slots, introduces them, and waits until all agree. `replicas` adds one to each. */
export async function clusterRig({ replicas = false, timeoutMs = 5_000 } = {}): Promise<ClusterRig> {
  const count = replicas ? 6 : 3
  const nodes = await Promise.all(Array.from({ length: count }, (_, i) => startNode(i, timeoutMs)))
  const [first, ...others] = nodes as [RedisRig, ...RedisRig[]]
  const admins = nodes.map((node) => node.client())
  await Promise.all(SLOTS.map((slots, i) => admins[i]?.call('cluster', 'addslots', ...range(slots))))
  // Redis 6.2 has the bus at a fixed distance, and knows no other.
  const [, bus] = ((await admins[0]?.config('GET', 'cluster-port')) as string[] | undefined) ?? []
  const at = ['127.0.0.1', String(first.port), ...(bus === undefined ? [] : [bus])]
  for (const admin of admins.slice(1)) await admin.call('cluster', 'meet', ...at)
  await until('the cluster agrees', async () => {
    const infos = await Promise.all(admins.map((admin) => admin.cluster('INFO')))
    return infos.every((info) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}`))
  })
  await Promise.all(admins.slice(3).map(async (admin, i) => admin.cluster('REPLICATE', await id(admins[i]))))
  await until('the replicas follow', async () => {
    const infos = await Promise.all(admins.slice(3).map((admin) => admin.info('replication')))
    return infos.every((info) => info.includes('master_link_status:up'))
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

const id = async (admin: Redis | undefined): Promise<string> => String(await admin?.cluster('MYID'))

const range = ([from, to]: readonly [number, number]): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

async function startNode(i: number, timeoutMs: number): Promise<RedisRig> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(timeoutMs)]
  return redisRig([...options, '--cluster-config-file', `nodes-${i}.conf`])
}
