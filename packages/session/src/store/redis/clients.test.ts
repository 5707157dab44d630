import { readFileSync } from 'node:fs'
import { Redis as Iovalkey, Cluster as IovalkeyCluster } from 'iovalkey'
import {
  createClient as createClient5,
  createClientPool as createClientPool5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from 'redis-5'
import {
  createClient as createClient6,
  createClientPool as createClientPool6,
  createCluster as createCluster6,
  createSentinel as createSentinel6,
} from 'redis-6'
import { afterAll, describe, expect, it } from 'vitest'
import { node } from '../../../test/app.ts'
import { browser } from '../../../test/browser.ts'
import { clusterRig } from '../../../test/cluster-rig.ts'
import { heldLine } from '../../../test/held-line.ts'
import { redisRig } from '../../../test/redis-rig.ts'
import { storeContract } from '../store.contract.ts'
import type { StoredSession } from '../store.ts'
import { redisOptions } from './options.ts'
import { type RedisClient, redisStore } from './redis.ts'
import * as scripts from './scripts.ts'

const [rig, cluster] = await Promise.all([redisRig(), clusterRig()])
const admin = rig.client()
const ends: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ends) end()
  await Promise.all([rig, cluster].map((each) => each[Symbol.asyncDispose]()))
})

const ports = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
const nodes = ports.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }))
const options = (RESP: 2 | 3, port: number) => ({
  url: `redis://127.0.0.1:${port}`,
  RESP,
  disableOfflineQueue: true,
  socket: { reconnectStrategy: 50 },
})

/** A node-redis client as its owner makes it: connected, with a listener for its errors. */
async function connected<
  C extends { connect(): Promise<unknown>; on(event: 'error', listener: () => void): unknown; destroy(): void },
>(client: C): Promise<C> {
  client.on('error', () => {})
  await client.connect()
  ends.push(() => client.destroy())
  return client
}

function iovalkey(port: number): Iovalkey {
  const client = new Iovalkey(port, '127.0.0.1', redisOptions)
  client.on('error', () => {})
  ends.push(() => client.disconnect())
  return client
}

function iovalkeyCluster(): IovalkeyCluster {
  const client = new IovalkeyCluster(ports, { redisOptions })
  ends.push(() => client.disconnect())
  return client
}

const SINGLE: Record<string, (port?: number) => Promise<RedisClient>> = {
  'ioredis, RESP 2': async (port) => rig.client({ ...redisOptions, protocol: 2 }, port),
  'ioredis, RESP 3': async (port) => rig.client({ ...redisOptions, protocol: 3 }, port),
  iovalkey: async (port = rig.port) => iovalkey(port),
  'node-redis 5, RESP 2': (port = rig.port) => connected(createClient5(options(2, port))),
  'node-redis 5, RESP 3': (port = rig.port) => connected(createClient5(options(3, port))),
  'node-redis 6, RESP 2': (port = rig.port) => connected(createClient6(options(2, port))),
  'node-redis 6, RESP 3': (port = rig.port) => connected(createClient6(options(3, port))),
}

const CLUSTERED: Record<string, () => Promise<RedisClient>> = {
  'iovalkey, cluster': async () => iovalkeyCluster(),
  'node-redis 5, cluster, RESP 2': () => connected(createCluster5({ rootNodes: nodes, RESP: 2 })),
  'node-redis 5, cluster, RESP 3': () => connected(createCluster5({ rootNodes: nodes, RESP: 3 })),
  'node-redis 6, cluster, RESP 2': () => connected(createCluster6({ rootNodes: nodes, RESP: 2 })),
  'node-redis 6, cluster, RESP 3': () => connected(createCluster6({ rootNodes: nodes, RESP: 3 })),
}

for (const [name, make] of Object.entries({ ...SINGLE, ...CLUSTERED })) {
  let client: Promise<RedisClient> | undefined
  storeContract(
    name,
    async () => {
      client ??= make()
      return redisStore({ client: await client, namespace: name.replaceAll(/\W/g, '-') })
    },
    { describe, it },
  )
}

describe('a client of any library', () => {
  it.each(Object.entries(SINGLE))('%s: loads outlive a lost connection', async (name, make) => {
    const client = await make()
    await using n = await node({ store: redisStore({ client, namespace: 'lost' }), storeTimeoutMs: 5_000 })
    n.on('/set', (session) => session.set('q', name))
    n.on('/get', (session) => session.get('q'))
    const user = browser(n.app)
    await expect.poll(async () => (await user.get('/set')).statusCode).toBe(200)
    for (let i = 0; i < 3; i++) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      expect((await user.get('/get')).json()).toEqual({ value: name })
    }
  })

  it.each(Object.entries(SINGLE))('%s: an error reply is told as such, and opens no circuit', async (_name, make) => {
    const client = await make()
    await using n = await node({ store: redisStore({ client, namespace: 'replies' }), storeTimeoutMs: 5_000 })
    n.on('/set', (session) => session.set('q', 'x'))
    await expect.poll(async () => (await browser(n.app).get('/set')).statusCode).toBe(200)
    await admin.config('SET', 'maxmemory', '1')
    try {
      for (let i = 0; i < 6; i++) expect((await browser(n.app).get('/set')).json().code).toBe('SESSION_STORE_REFUSED')
    } finally {
      await admin.config('SET', 'maxmemory', '0')
    }
    expect((await browser(n.app).get('/set')).statusCode).toBe(200)
  })

  it.each(Object.entries(SINGLE))('%s: a change that comes after its time is not made', async (name, make) => {
    const store = redisStore({ client: await make(), namespace: `late-${name.replaceAll(/\W/g, '-')}` })
    const lifetime = { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 10_000 }
    const at = (giveUpAt: number) => ({ now: Date.now(), lifetime, giveUpAt })
    const soon = () => performance.now() + 5_000
    const create = { create: { createdAt: Date.now() }, set: new Map([['q', Buffer.from('1')]]) }
    await expect.poll(() => store.commit('fresh', create, at(soon()))).toBe('ok')
    // One that Redis sees, because it is in time when it is sent, and over when it is run.
    await admin.call('CLIENT', 'PAUSE', '200', 'ALL')
    const late = store.commit('fresh', { set: new Map([['q', Buffer.from('2')]]) }, at(performance.now() + 50))
    await expect(late).rejects.toThrow()
    const loaded = await store.load('fresh', at(soon()))
    expect(String((loaded as StoredSession).attributes.get('q'))).toBe('1')
  })
})

describe('a connection on which answers are lost', () => {
  it.each(Object.entries(SINGLE))('%s: is made anew when calls only ever time out', async (name, make) => {
    await using line = await heldLine(rig.port)
    const store = redisStore({ client: await make(line.port), namespace: `mute-${name.replaceAll(/\W/g, '-')}` })
    await using n = await node({ store, storeTimeoutMs: 100, breaker: { failures: 3, coolDownMs: 50 } })
    n.on('/set', (session) => session.set('q', name))
    n.on('/get', (session) => session.get('q'))
    const user = browser(n.app)
    await expect.poll(async () => (await user.get('/set')).statusCode).toBe(200)
    line.isMute = true
    for (let i = 0; i < 3; i++) expect((await user.get('/get')).statusCode).toBe(503)
    line.isMute = false
    await expect.poll(async () => (await user.get('/get')).json().value, { timeout: 10_000 }).toBe(name)
  })
})

describe('what node-redis has beside clients and clusters', () => {
  const roots = { name: 'sessions', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }
  const clusterNodes = { rootNodes: nodes, keyPrefix: 'shop:' }
  it.each<[string, () => object, RegExp]>([
    ['createSentinel, 5', () => createSentinel5(roots), /createSentinel\(\).*ioredis for Sentinel/],
    ['createSentinel, 6', () => createSentinel6(roots), /createSentinel\(\).*ioredis for Sentinel/],
    ['createClientPool, 5', () => createClientPool5(), /createClientPool\(\).*use createClient\(\)/],
    ['createClientPool, 6', () => createClientPool6(), /createClientPool\(\).*use createClient\(\)/],
    ['keyPrefix', () => createClient6({ keyPrefix: 'shop:' }), /keyPrefix is 'shop:'.*namespace/],
    ['keyPrefix of a cluster', () => createCluster6(clusterNodes), /keyPrefix is 'shop:'.*namespace/],
  ])('is refused, with what to do: %s', (_what, make, message) => {
    expect(() => redisStore({ client: make() as RedisClient })).toThrow(message)
  })
})

describe('an address behind which another server becomes the primary', () => {
  it.each(Object.entries(SINGLE))('%s: is followed, though no connection breaks', async (name, make) => {
    await using before = await redisRig(['--repl-diskless-sync-delay', '0'])
    await using after = await redisRig(['--replicaof', '127.0.0.1', String(before.port)])
    await using line = await heldLine(before.port)
    await using n = await node({ store: redisStore({ client: await make(line.port) }), storeTimeoutMs: 5_000 })
    n.on('/set', (session) => session.set('q', name))
    n.on('/get', (session) => session.get('q'))
    const user = browser(n.app)
    await expect.poll(async () => (await user.get('/set')).statusCode).toBe(200)
    await expect.poll(() => before.client().wait(1, 100), { timeout: 20_000 }).toBe(1)
    await after.client().replicaof('NO', 'ONE')
    line.target = after.port
    await before.client().replicaof('127.0.0.1', after.port)
    expect((await user.get('/set')).json().code).toBe('SESSION_STORE_REFUSED')
    await expect.poll(async () => (await user.get('/set')).statusCode, { timeout: 5_000 }).toBe(200)
    expect((await user.get('/get')).json()).toEqual({ value: name })
    expect(await after.client().dbsize()).toBe(1)
  })
})

describe('the rights that a Redis user needs', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
  const [, rule = ''] = /ACL SETUSER sessions (.*)/.exec(readme) ?? []

  it('are in the README, and are what the store sends and its scripts run', () => {
    const sources = Object.values(scripts).map(({ source }) => source)
    const inside = sources.flatMap((source) =>
      [...source.matchAll(/(?:call|try)\('([A-Z]+)'/g)].map(([, name = '']) => name),
    )
    const sent = ['eval', 'evalsha', 'exists', 'hmget', 'scan', 'subscribe', 'unlink', 'zrange', 'zrem']
    const used = [...new Set([...inside.map((name) => name.toLowerCase()), ...sent])].sort()
    const rights = rule.split(' ').filter((word) => word.startsWith('+'))
    expect(rights.sort()).toEqual(used.map((name) => `+${name}`))
  })

  for (const [where, make] of Object.entries({
    single: async () => rig.client({ ...redisOptions, username: 'sessions', password: 'secret' }),
    cluster: async () => {
      const redis = { ...redisOptions, username: 'sessions', password: 'secret' }
      const client = new IovalkeyCluster(ports, { redisOptions: redis })
      ends.push(() => client.disconnect())
      return client
    },
  })) {
    storeContract(
      `a Redis user with just these rights, ${where}`,
      async () => {
        for (const server of where === 'single' ? [rig] : cluster.nodes) {
          const rest = where === 'single' ? ['+info'] : ['+info', '+cluster']
          await server.client().call('ACL', 'SETUSER', 'sessions', ...rule.split(' '), ...rest)
          await server.client().script('FLUSH')
        }
        client ??= make()
        return redisStore({ client: await client, namespace: 'shop' })
      },
      { describe, it },
    )
    let client: Promise<RedisClient> | undefined
  }
})
