import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@session-cluster/cluster/free-port'
import { Redis } from 'ioredis'
import { redisOptions } from '../src/store/redis/options.ts'
import { type RedisRig, redisRig } from './redis-rig.ts'
import { until } from './until.ts'

/** A real primary, its replica, and three sentinels that watch them. */
export interface SentinelRig extends AsyncDisposable {
  readonly primary: RedisRig
  readonly replica: RedisRig
  readonly sentinels: readonly RedisRig[]
  /** A client that asks the sentinels where the primary is. */
  readonly client: Redis
}

/** Starts all five and waits until the sentinels know each other and the replica. */
export async function sentinelRig(): Promise<SentinelRig> {
  const primary = await redisRig()
  const replica = await redisRig(['--replicaof', '127.0.0.1', String(primary.port)])
  const directory = mkdtempSync(join(tmpdir(), 'session-sentinels-'))
  const folders = [0, 1, 2].map((i) => join(directory, `${i}`))
  const sentinels = await Promise.all(folders.map((folder) => startSentinel(primary.port, folder)))
  const asked = sentinels.map((sentinel) => sentinel.client())
  await until('the sentinels know everyone', async () => {
    const known = await Promise.all(asked.map((sentinel) => sentinel.call('sentinel', 'master', 'sessions')))
    return known.every((flat) => field(flat, 'num-other-sentinels') === '2' && field(flat, 'num-slaves') === '1')
  })
  const client = new Redis({
    ...redisOptions,
    enableOfflineQueue: true,
    sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    name: 'sessions',
    sentinelRetryStrategy: () => 50,
  })
  client.on('error', () => {})
  return {
    primary,
    replica,
    sentinels,
    client,
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await Promise.all([primary, replica, ...sentinels].map((rig) => rig[Symbol.asyncDispose]()))
      rmSync(directory, { recursive: true })
    },
  }
}

/** A sentinel keeps its configuration, which it rewrites, in this folder. */
async function startSentinel(primaryPort: number, folder: string): Promise<RedisRig> {
  const port = await freePort()
  mkdirSync(folder)
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor sessions 127.0.0.1 ${primaryPort} 2`,
    'sentinel down-after-milliseconds sessions 1000',
    'sentinel failover-timeout sessions 5000',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return redisRig([file, '--sentinel'], port)
}

function field(flat: unknown, name: string): string | undefined {
  const list = flat as string[]
  return list[list.indexOf(name) + 1]
}
