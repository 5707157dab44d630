import { Cluster, Redis } from 'ioredis'
import { type NearCache, type NearCacheOptions, nearCache } from '../../src/store/near-cache/near-cache.ts'
import type { RedisConnection } from '../../src/store/redis/connection.ts'
import { type IoredisClient, ioredisConnection } from '../../src/store/redis/ioredis.ts'
import { redisOptions } from '../../src/store/redis/options.ts'
import { redisStore } from '../../src/store/redis/redis.ts'
import type { OwnLifetime, StoreOptions } from '../../src/store/store.ts'

/** How a process of the model reaches Redis: its commands by one way, word of changes by another. */
export interface Ways {
  readonly data: number
  readonly changes: number
  /** In a cluster, which port stands for which on the way of changes. */
  readonly natMap?: Readonly<Record<string, { readonly host: string; readonly port: number }>>
}

/** What a process of the model is started with. */
export interface NodeSetup {
  readonly namespace: string
  readonly nodes: readonly Ways[]
  readonly options: NearCacheOptions
}

/** What a process is asked to do. */
export interface Order {
  readonly id: number
  readonly node: number
  readonly act:
    | { readonly name: 'read'; readonly key: string; readonly fresh: boolean }
    | { readonly name: 'create'; readonly key: string; readonly lifetime?: OwnLifetime }
    | { readonly name: 'write'; readonly key: string; readonly value: number }
    | { readonly name: 'rotate'; readonly key: string; readonly to: string }
    | { readonly name: 'end'; readonly key: string }
    | { readonly name: 'stats' }
}

const LIFETIME = { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 20_000 }
const TIMEOUT_MS = 1_000

const setup = JSON.parse(process.argv[2] ?? '') as NodeSetup
const caches = setup.nodes.map((ways) => make(ways))

function make(ways: Ways): NearCache {
  const client = redisStore({ client: connectionOver(ways), namespace: setup.namespace })
  return nearCache(client, setup.options)
}

function connectionOver({ data, changes, natMap }: Ways): RedisConnection {
  const [commands, tracking] = natMap ? [cluster(data), cluster(data, natMap)] : [single(data), single(changes, true)]
  return {
    keyPrefix: '',
    isCluster: commands.isCluster,
    send: commands.send.bind(commands),
    ready: commands.ready.bind(commands),
    linkTo: commands.linkTo.bind(commands),
    serverOf: commands.serverOf.bind(commands),
    onReconnect: commands.onReconnect.bind(commands),
    reconnect: commands.reconnect.bind(commands),
    primaries: commands.primaries.bind(commands),
    tracked: (tracking.tracked as NonNullable<RedisConnection['tracked']>).bind(tracking),
  }
}

function single(port: number, lazyConnect = false): RedisConnection {
  const client = new Redis(port, '127.0.0.1', { ...redisOptions, lazyConnect })
  client.on('error', () => {})
  return ioredisConnection(client)
}

function cluster(port: number, natMap?: Ways['natMap']): RedisConnection {
  const options = { redisOptions, slotsRefreshInterval: 200, ...(natMap ? { natMap: { ...natMap } } : {}) }
  const client = new Cluster([{ host: '127.0.0.1', port }], options)
  client.on('error', () => {})
  return ioredisConnection(client as unknown as IoredisClient)
}

const at = (more: Partial<StoreOptions> = {}): StoreOptions => ({
  now: Date.now(),
  lifetime: LIFETIME,
  giveUpAt: performance.now() + TIMEOUT_MS,
  ...more,
})

const bytes = (value: number) => new Map([['v', Buffer.from(String(value))]])

async function obey({ node, act }: Order): Promise<unknown> {
  const cache = caches[node] as NearCache
  switch (act.name) {
    case 'read': {
      const loaded = await cache.load(act.key, at({ fresh: act.fresh }))
      return typeof loaded === 'object' ? Number(String(loaded.attributes.get('v'))) : 'gone'
    }
    case 'create': {
      const createdAt = Date.now()
      const { lifetime } = act
      return cache.commit(act.key, { create: { createdAt }, set: bytes(0), ...(lifetime ? { lifetime } : {}) }, at())
    }
    case 'write':
      return cache.commit(act.key, { set: bytes(act.value) }, at())
    case 'rotate': {
      const result = await cache.commit(act.key, { renameTo: act.to }, at())
      await cache.confirmEnd(act.key)
      return result
    }
    case 'end': {
      const had = await cache.destroy(act.key, at())
      await cache.confirmEnd(act.key)
      return had
    }
    case 'stats':
      return { ...cache.cacheStats, hitAges: undefined }
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.({ id: order.id, answer }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
