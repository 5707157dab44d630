import { freePort, type OwnRedis, startRedis } from '@session-cluster/cluster'
import { Redis } from 'ioredis'
import type { Lab } from '../experiment.ts'
import { text } from '../language.ts'
import { until } from './until.ts'

/** How many primaries share the slots; each has one replica. */
export const primaryCount = 3
const slots = 16_384
/** After so long without an answer a server is taken for dead, ms. */
export const nodeTimeoutMs = 1500

/** A Redis Cluster of three primaries with a replica each, and hands to hurt it. */
export interface RedisCluster extends AsyncDisposable {
  /** As `REDIS_URL` has it. */
  readonly url: string
  /** Which primary has this key, by number. */
  primaryOf(key: string): Promise<number>
  /** Moves these keys' slots, and `more` others, from one primary to another while both are in use. */
  reshard(from: number, to: number, keys: readonly string[], more: number): Promise<void>
  killPrimary(number: number): Promise<void>
}

/** A server of the cluster and a client of its own. */
interface Server extends AsyncDisposable {
  readonly redis: OwnRedis
  readonly admin: Redis
  readonly id: string
}

/** Starts all and waits until they agree. */
export async function redisCluster(lab: Lab, hasReplicas = true): Promise<RedisCluster> {
  lab.progress(0, text('starting a Redis Cluster', 'Redis Cluster 시작'))
  await using starting = new AsyncDisposableStack()
  const servers: Server[] = []
  for (let index = 0; index < primaryCount * (hasReplicas ? 2 : 1); index++)
    servers.push(starting.use(await startServer()))
  const [first, ...others] = servers as [Server, ...Server[]]
  const primaries = servers.slice(0, primaryCount)
  const share = Math.ceil(slots / primaryCount)
  for (const [index, { admin }] of primaries.entries()) {
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', index * share, Math.min(slots, (index + 1) * share) - 1)
  }
  const [, bus = ''] = (await first.admin.config('GET', 'cluster-port')) as string[]
  for (const { admin } of others) await admin.call('CLUSTER', 'MEET', '127.0.0.1', first.redis.port, bus)
  await until(lab, 'all servers know each other', () => allSay(servers, `cluster_known_nodes:${servers.length}`))
  for (const [index, { admin }] of servers.slice(primaryCount).entries()) {
    await admin.call('CLUSTER', 'REPLICATE', (primaries[index] as Server).id)
  }
  await until(lab, 'the cluster serves all slots', () => allSay(servers, 'cluster_state:ok'))
  await until(lab, 'each replica has its primary', () => allFollow(servers.slice(primaryCount)))
  const owner = new Map<number, number>()
  const ownerOf = (slot: number): number => owner.get(slot) ?? Math.floor(slot / share)
  const slotOf = async (key: string): Promise<number> => Number(await first.admin.call('CLUSTER', 'KEYSLOT', key))
  const parts = starting.move()
  return {
    url: `redis+cluster://${servers.map(({ redis }) => `127.0.0.1:${redis.port}`).join(',')}`,
    primaryOf: async (key) => ownerOf(await slotOf(key)),
    async reshard(from, to, keys, more) {
      const chosen = new Set(await Promise.all(keys.map(slotOf)))
      for (let slot = from * share; chosen.size < keys.length + more; slot++) chosen.add(slot)
      for (const slot of chosen) {
        await moveSlot(slot, primaries[from] as Server, primaries[to] as Server, primaries)
        owner.set(slot, to)
      }
    },
    killPrimary: (number) => (primaries[number] as Server).redis.crash(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function startServer(): Promise<Server> {
  const bus = ['--cluster-port', String(await freePort())]
  // The slots of a dead primary are nobody's for a while; the others are served all the same.
  const coverage = ['--cluster-require-full-coverage', 'no']
  const timeout = ['--cluster-node-timeout', String(nodeTimeoutMs), '--repl-diskless-sync-delay', '0']
  const redis = await startRedis({ args: ['--cluster-enabled', 'yes', ...bus, ...coverage, ...timeout] })
  const admin = new Redis(redis.url, { retryStrategy: () => null })
  admin.on('error', () => {})
  return {
    redis,
    admin,
    id: String(await admin.call('CLUSTER', 'MYID')),
    async [Symbol.asyncDispose]() {
      admin.disconnect()
      await redis[Symbol.asyncDispose]()
    },
  }
}

/** As `redis-cli --cluster reshard` does it: the target is told first, then the keys go over, then all are told whose the slot is. */
async function moveSlot(slot: number, from: Server, to: Server, primaries: readonly Server[]): Promise<void> {
  await to.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
  await from.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
  for (;;) {
    const keys = (await from.admin.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[]
    if (keys.length === 0) break
    await from.admin.call('MIGRATE', '127.0.0.1', to.redis.port, '', 0, 5000, 'KEYS', ...keys)
  }
  for (const { admin } of [to, from, ...primaries]) await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
}

async function allSay(servers: readonly Server[], line: string): Promise<boolean> {
  const infos = await Promise.all(servers.map(({ admin }) => admin.cluster('INFO')))
  return infos.every((info) => info.includes(line))
}

async function allFollow(replicas: readonly Server[]): Promise<boolean> {
  const infos = await Promise.all(replicas.map(({ admin }) => admin.info('replication')))
  return infos.every((info) => info.includes('master_link_status:up'))
}
