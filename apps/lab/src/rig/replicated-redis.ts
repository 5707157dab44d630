import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { findRedisServer, freePort, type OwnRedis, startRedis, TcpProxy } from '@session-cluster/cluster'
import { redisOptions } from '@session-cluster/session'
import { Redis } from 'ioredis'
import type { Lab } from '../experiment.ts'
import { text } from '../language.ts'
import type { KeeperOrder } from './sentinel-keeper.ts'
import { until } from './until.ts'

const sentinelCount = 3
/** How many replicas the primary has. */
export const replicaCount = 2
const downAfterMs = 1000

/** A primary, two replicas that lag behind it, three sentinels, and a client that asks those where the primary is. */
export interface ReplicatedRedis extends AsyncDisposable {
  readonly client: Redis
  /** The primary’s machine dies: its process, and with it whatever was still on its way to the replicas. */
  killPrimary(): Promise<void>
}

/** Starts all six and waits until the sentinels know each other and the replicas. `lagMs`: how far behind the replicas are. */
export async function replicatedRedis(lab: Lab, lagMs: number): Promise<ReplicatedRedis> {
  lab.progress(0, text('starting a primary, two replicas and three sentinels', '주 Redis, 복제본 둘, 센티널 셋 시작'))
  await using starting = new AsyncDisposableStack()
  const links: TcpProxy[] = []
  const primary: OwnRedis = starting.use(await startRedis({ args: ['--repl-diskless-sync-delay', '0'] }))
  for (let index = 0; index < replicaCount; index++) {
    const link = starting.use(await TcpProxy.listen({ target: { port: primary.port }, latencyMs: lagMs }))
    links.push(link)
    starting.use(await startRedis({ args: ['--replicaof', '127.0.0.1', String(link.port)] }))
  }
  // Sentinels ask the primary for its replicas at once, and then only every ten seconds.
  await until(lab, 'the primary knows its replicas', async () => (await replicasOnline(primary.url)) === replicaCount)
  const ports: number[] = []
  while (ports.length < sentinelCount) ports.push(await freePort())
  starting.use(await keepSentinels({ server: await findRedisServer(), primaryPort: primary.port, ports, downAfterMs }))
  const sentinels = ports.map((port) => ({ host: '127.0.0.1', port }))
  await until(lab, 'the sentinels know each other and the replicas', () => readyToFailOver(sentinels))
  const client = new Redis({ ...redisOptions, sentinels, name: 'sessions', sentinelRetryStrategy: () => 50 })
  client.on('error', () => {}) // Expected while there is no primary: each command tells its own failure.
  starting.defer(() => client.disconnect())
  await until(lab, 'the client is connected', async () => client.status === 'ready')
  await until(lab, 'both replicas have what the primary has', async () => {
    await client.set('before', 'anything else')
    return (await client.wait(replicaCount, 1000)) === replicaCount
  })
  const parts = starting.move()
  return {
    client,
    async killPrimary() {
      await Promise.all([...links.map((link) => link.refuse()), primary.crash()])
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function keepSentinels(order: KeeperOrder): Promise<AsyncDisposable> {
  const keeper = fork(fileURLToPath(new URL('sentinel-keeper.ts', import.meta.url)))
  keeper.send(order)
  await once(keeper, 'message')
  return {
    async [Symbol.asyncDispose]() {
      const gone = once(keeper, 'exit')
      keeper.disconnect()
      await gone
    },
  }
}

/** How many replicas have caught up with a primary and follow it. */
async function replicasOnline(url: string): Promise<number> {
  const client = new Redis(url, { lazyConnect: true })
  try {
    await client.connect()
    return [...(await client.info('replication')).matchAll(/^slave\d+:.*state=online/gm)].length
  } finally {
    client.disconnect()
  }
}

/** Whether each sentinel knows the others and has heard of each replica that it follows the primary: only such a one may be promoted. */
async function readyToFailOver(sentinels: readonly { host: string; port: number }[]): Promise<boolean> {
  const ready = await Promise.all(
    sentinels.map(async (sentinel) => {
      const client = new Redis({ ...sentinel, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null })
      client.on('error', () => {})
      try {
        await client.connect()
        const primary = fields((await client.call('sentinel', 'master', 'sessions')) as string[])
        const replicas = ((await client.call('sentinel', 'replicas', 'sessions')) as string[][]).map(fields)
        const following = replicas.filter((each) => each['master-link-status'] === 'ok' && each.flags === 'slave')
        return Number(primary['num-other-sentinels']) === sentinelCount - 1 && following.length === replicaCount
      } catch {
        return false // Not listening yet.
      } finally {
        client.disconnect()
      }
    }),
  )
  return ready.every(Boolean)
}

/** Redis' list of names and values in turns. */
function fields(flat: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 ? [] : [[name, flat[at + 1] ?? '']])))
}
