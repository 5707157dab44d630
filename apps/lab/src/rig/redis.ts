import type { Cluster } from '@session-cluster/cluster'
import { Redis } from 'ioredis'
import { prove } from '../experiment.ts'

/** A client of one's own beside the nodes', to look at what is there. */
export interface RedisView extends AsyncDisposable {
  readonly client: Redis
}

/** Connects to the cluster's Redis directly, past any proxy. */
export async function connectRedis({ redis }: Pick<Cluster, 'redis'>): Promise<RedisView> {
  prove(redis, 'the cluster has a Redis')
  const client = new Redis(redis.url, { lazyConnect: true })
  await client.connect()
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.disconnect()
    },
  }
}

/** How often Redis has run each command, those inside of scripts included (`INFO commandstats`). */
export async function commandCounts(client: Redis): Promise<ReadonlyMap<string, number>> {
  const info = await client.info('commandstats')
  return new Map(
    [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)]),
  )
}

/** One number out of `INFO memory`, in bytes: `used_memory`, `maxmemory` … */
export async function memoryFigure(client: Redis, name: string): Promise<number> {
  const found = new RegExp(`^${name}:(\\d+)`, 'm').exec(await client.info('memory'))
  prove(found, `INFO memory tells ${name}`)
  return Number(found[1])
}
