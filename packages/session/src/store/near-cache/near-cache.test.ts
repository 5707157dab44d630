import { readFileSync } from 'node:fs'
import { Redis as Iovalkey, Cluster as IovalkeyCluster } from 'iovalkey'
import { createClient as createClient5, createCluster as createCluster5 } from 'redis-5'
import { createClient as createClient6, createCluster as createCluster6 } from 'redis-6'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type Any, node } from '../../../test/app.ts'
import { type Browser, browser, setCookies } from '../../../test/browser.ts'
import { clusterRig } from '../../../test/cluster-rig.ts'
import { redisRig } from '../../../test/redis-rig.ts'
import { roughLine } from '../../../test/rough-line.ts'
import { sessionMetrics } from '../../observe/metrics.ts'
import type { SessionReport } from '../../request/report.ts'
import type { Session } from '../../session.ts'
import { redisOptions } from '../redis/options.ts'
import { type RedisClient, type RedisStore, redisStore } from '../redis/redis.ts'
import { storeContract } from '../store.contract.ts'
import { type NearCache, type NearCacheOptions, nearCache } from './near-cache.ts'

const [single, cluster] = await Promise.all([redisRig(), clusterRig()])
const ends: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ends) await end()
  await Promise.all([single, cluster].map((rig) => rig[Symbol.asyncDispose]()))
})
const caches: NearCache[] = []
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache[Symbol.asyncDispose]()
})

const LIFETIME = { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 10_000 }
const at = (more = {}) => ({ now: Date.now(), lifetime: LIFETIME, ...more })
const value = (text: string) => new Map([['q', Buffer.from(text)]])
let keys = 0
const newKey = () => `${++keys}`.padStart(43, 'k')

/** A near cache that may answer from memory already. */
async function live(options: NearCacheOptions = {}, client: RedisClient = single.client(redisOptions)) {
  const cache = nearCache(redisStore({ client }), options)
  caches.push(cache)
  await expect.poll(() => cache.cacheStats.isLive, { timeout: 5_000 }).toBe(true)
  return cache
}

/** Reads a session until it is in memory: word of how it was made may come late. */
async function cached(cache: NearCache, key: string): Promise<void> {
  await expect
    .poll(async () => {
      await cache.load(key, at())
      return cache.peek(key, at())
    })
    .toBeDefined()
}

async function made(cache: NearCache, text = 'x'): Promise<string> {
  const key = newKey()
  expect(await cache.commit(key, { create: { createdAt: Date.now() }, set: value(text) }, at())).toBe('ok')
  return key
}

const textOf = async (cache: NearCache, key: string, more = {}): Promise<string | undefined> => {
  const loaded = await cache.load(key, at(more))
  return typeof loaded === 'object' ? String(loaded.attributes.get('q')) : undefined
}

function contract(name: string, client: () => RedisClient): void {
  let cache: Promise<NearCache> | undefined
  storeContract(
    name,
    () => {
      cache ??= live({}, client()).then((made) => {
        caches.splice(caches.indexOf(made), 1)
        ends.push(() => made[Symbol.asyncDispose]())
        return made
      })
      return cache
    },
    { describe, it },
  )
}
contract('a near cache', () => single.client(redisOptions))
contract('a near cache whose client has a key prefix', () => single.client({ keyPrefix: 'app:' }))
contract('a near cache of Redis Cluster', () => cluster.client)

describe('nearCache', () => {
  it('answers what it has read without a promise and without a command', async () => {
    const cache = await live()
    const key = await made(cache)
    await cached(cache, key)
    const usage = { commands: 0, roundTrips: 0 }
    expect(cache.load(key, at({ usage }))).toMatchObject({ idleTimeoutMs: 60_000, isTouched: false })
    expect(usage).toEqual({ commands: 0, roundTrips: 0 })
    expect(cache.cacheStats).toMatchObject({ entries: 1, bytes: expect.any(Number) })
  })

  it('reads its own write, and another’s as soon as it is told', async () => {
    const [a, b] = [await live(), await live()]
    const key = await made(a, 'one')
    for (const cache of [a, b]) expect(await textOf(cache, key)).toBe('one')
    await a.commit(key, { set: value('two') }, at())
    expect(await textOf(a, key)).toBe('two')
    await expect.poll(() => textOf(b, key)).toBe('two')
  })

  it('asks Redis when told to, and shows nothing older after that', async () => {
    await using line = await roughLine(single.port)
    const slow = await live({}, single.client(redisOptions, line.port))
    const writer = await live()
    const key = await made(writer, 'one')
    await cached(slow, key)
    line.delayMs = 100
    await writer.commit(key, { set: value('two') }, at())
    expect(await textOf(slow, key)).toBe('one')
    expect(await textOf(slow, key, { fresh: true })).toBe('two')
    expect(await textOf(slow, key)).toBe('two')
  })

  it('has Redis write down an access that is due', async () => {
    const cache = await live()
    const key = await made(cache)
    const now = Date.now()
    await textOf(cache, key)
    const due = { ...at(), now: now + 11_000 }
    expect(await cache.load(key, due)).toMatchObject({ isTouched: true })
    expect(await single.client().hget(`spring:session:sessions:${key}`, 'lastAccessedTime')).toBe(`${now + 11_000}`)
  })

  it('keeps nothing for longer than Redis does, whatever the clocks say', async () => {
    const cache = await live()
    const [key, redis] = [await made(cache), single.client()]
    await redis.pexpire(`spring:session:sessions:${key}`, 500)
    await cached(cache, key)
    await expect.poll(() => redis.exists(`spring:session:sessions:${key}`), { timeout: 2_000 }).toBe(0)
    expect(cache.peek(key, at())).toBeUndefined()
    expect(await cache.load(key, at())).toBeUndefined()
  })

  it.each([{ maxEntries: 10 }, { maxBytes: 10_000 }])(
    'stays within %o; what was used least recently goes',
    async (bounds) => {
      const cache = await live(bounds)
      const all: string[] = []
      for (let i = 0; i < 30; i++) {
        all.push(await made(cache))
        await cached(cache, all[i] as string)
        cache.peek(all[0] as string, at())
      }
      const { entries, bytes, evictions } = cache.cacheStats
      expect(entries).toBeLessThanOrEqual(bounds.maxEntries ?? 30)
      expect(bytes).toBeLessThanOrEqual(bounds.maxBytes ?? Infinity)
      expect(evictions).toBe(30 - entries)
      expect(cache.peek(all[0] as string, at())).toBeDefined()
      expect(cache.peek(all[1] as string, at())).toBeUndefined()
    },
  )

  it('answers an end at once when every server has confirmed it, and after a lease when one does not', async () => {
    await using line = await roughLine(single.port)
    const [a, b] = [await live(), await live({}, single.client(redisOptions, line.port))]
    const keysHeld = [await made(a), await made(a)] as const
    for (const key of keysHeld) await textOf(b, key)
    // So that the list of holders is older than a lease.
    await expect.poll(async () => timed(() => a.confirmEnd(newKey())), { timeout: 5_000 }).toBeLessThan(500)
    await a.destroy(keysHeld[0], at())
    await a.confirmEnd(keysHeld[0])
    expect(b.peek(keysHeld[0], at())).toBeUndefined()
    line.isSilent = true
    await a.destroy(keysHeld[1], at())
    await a.confirmEnd(keysHeld[1])
    expect(b.peek(keysHeld[1], at())).toBeUndefined()
  })

  it('needs no right of a Redis user beyond those that its page and the README name', async () => {
    const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
    const rules = ['README.md', 'docs/near-cache.md'].map(
      (path) => /ACL SETUSER sessions (.*)/.exec(read(path))?.[1] ?? '',
    )
    const [own, beside] = rules.map((rule) => rule.split(' ')) as [string[], string[]]
    await single.client().call('ACL', 'SETUSER', 'sessions', ...own, '+info', ...beside)
    const client = single.client({ ...redisOptions, username: 'sessions', password: 'secret' })
    const cache = nearCache(redisStore({ client, namespace: 'shop' }))
    caches.push(cache)
    await expect.poll(() => cache.cacheStats.isLive, { timeout: 5_000 }).toBe(true)
    const key = await made(cache)
    await cached(cache, key)
    await cache.destroy(key, at())
    await cache.confirmEnd(key)
    expect(await cache.load(key, at())).toBeUndefined()
  })

  it('leaves the list when it is closed, so that nobody waits for it', async () => {
    const leaving = await live()
    const holders = async () => Object.keys(await single.client().hgetall('spring:session:near:holders')).length
    const before = await holders()
    await leaving[Symbol.asyncDispose]()
    expect(await holders()).toBe(before - 1)
  })

  it('does not wait for anybody when it is not strict', async () => {
    const cache = await live({ strict: false })
    expect(await timed(() => cache.confirmEnd(newKey()))).toBeLessThan(50)
  })

  it('refuses options that are none, and stores that are not Redis', () => {
    const store = redisStore({ client: single.client() })
    expect(() => nearCache(store, { leaseMs: 10 })).toThrow('leaseMs is 10, but must be a whole number, at least 100')
    expect(() => nearCache(store, { strict: 1 as never })).toThrow('strict is 1')
    expect(() => nearCache(store, { maxAge: 1 } as never)).toThrow('there is no option maxAge')
    expect(() => nearCache({} as RedisStore)).toThrow('must be what redisStore() returned')
  })
})

const timed = async (act: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await act()
  return performance.now() - start
}

describe('sessions over a near cache', () => {
  async function shop(options: NearCacheOptions = {}, port?: number) {
    const store = await live(options, single.client(redisOptions, port))
    const shop = await node({ store })
    const reports: SessionReport[] = []
    const page = (url: string, act: (session: Session<Any>) => unknown) =>
      shop.on(url, async (session) => {
        const result = await act(session)
        reports.push(session.report())
        return result
      })
    let n = 0
    page('/set', (session) => session.set('n', ++n))
    page('/get', (session) => session.get('n'))
    page('/fresh', (session) => session.get('n', { fresh: true }))
    page('/both', async (session) => {
      const seen = await session.get('n')
      await session.delete('late')
      return seen
    })
    page('/add', (session) => session.set('late', 1))
    page('/late', (session) => session.get('late', { fresh: true }))
    return { ...shop, store, reports, last: () => reports.at(-1) }
  }

  /** Reads until it is answered from memory. */
  const remembered = async ({ last }: { last(): SessionReport | undefined }, user: Browser) =>
    expect
      .poll(async () => {
        await user.get('/get')
        return last()?.fromMemory
      })
      .toBe(true)

  it('read without asking Redis, and say so', async () => {
    await using a = await shop()
    const user = browser(a.app)
    await user.get('/set')
    await remembered(a, user)
    expect(a.last()).toMatchObject({ outcome: 'found', fromMemory: true, storeCommands: 0, storeRoundTrips: 0 })
    await user.get('/fresh')
    expect(a.last()).toMatchObject({ outcome: 'found', storeRoundTrips: 1 })
    expect(a.last()).not.toHaveProperty('fromMemory')
  })

  it('have a client who wrote ask Redis for as long as others may not know of it', async () => {
    await using a = await shop()
    const user = browser(a.app)
    const first = await user.get('/set')
    expect(setCookies(first)).toHaveLength(1) // nobody can have a new session in memory
    await user.get('/get')
    const [wrote] = setCookies(await user.get('/set'))
    expect(wrote).toBe('SESSION-wrote=1; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=2')
    for (const _ of [1, 2]) {
      await user.get('/get')
      expect(a.last()).toMatchObject({ storeRoundTrips: 1 })
    }
    user.cookies.delete('SESSION-wrote')
    await remembered(a, user)
    expect(a.last()).toMatchObject({ fromMemory: true })
  })

  it('base a write on what Redis has, though the request has read from memory', async () => {
    await using line = await roughLine(single.port)
    await using a = await shop({}, line.port)
    await using b = await shop()
    const user = browser(a.app)
    await user.get('/set')
    await remembered(a, user)
    line.delayMs = 200 // a does not hear in time of what is added
    await user.get('/add', b.app)
    user.cookies.delete('SESSION-wrote')
    await user.get('/both')
    expect((await user.get('/late', b.app)).json()).toEqual({ value: null })
  })

  it('count what the cache does, for Prometheus', async () => {
    await using a = await shop()
    const metrics = sessionMetrics(a.sessions)
    const user = browser(a.app)
    await user.get('/set')
    await remembered(a, user)
    const { hits } = a.store.cacheStats
    const lines = metrics.text().split('\n')
    for (const line of [
      `session_cache_hits_total ${hits}`,
      'session_cache_entries 1',
      `session_cache_hit_age_seconds_count ${hits}`,
    ])
      expect(lines).toContain(line)
    for (const line of lines) expect(line).toMatch(/^$|^# (HELP|TYPE) |^[a-z_]+(\{.*\})? [\d.e-]+$/)
  })
})

const ports = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
const nodes = ports.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }))
const options = (RESP: 2 | 3) => ({ url: `redis://127.0.0.1:${single.port}`, RESP, disableOfflineQueue: true })

async function connected<
  C extends { connect(): Promise<unknown>; on(event: 'error', listener: () => void): unknown; destroy(): void },
>(client: C): Promise<C> {
  client.on('error', () => {})
  await client.connect()
  ends.push(() => client.destroy())
  return client
}

const CLIENTS: Record<string, () => Promise<RedisClient>> = {
  iovalkey: async () => {
    const client = new Iovalkey(single.port, '127.0.0.1', redisOptions)
    ends.push(() => client.disconnect())
    return client
  },
  'iovalkey, cluster': async () => {
    const client = new IovalkeyCluster(ports, { redisOptions })
    ends.push(() => client.disconnect())
    return client
  },
  'node-redis 5': () => connected(createClient5(options(2))),
  'node-redis 5, RESP 3': () => connected(createClient5(options(3))),
  'node-redis 5, cluster': () => connected(createCluster5({ rootNodes: nodes })),
  'node-redis 6': () => connected(createClient6(options(2))),
  'node-redis 6, RESP 3': () => connected(createClient6(options(3))),
  'node-redis 6, cluster': () => connected(createCluster6({ rootNodes: nodes })),
}

describe.each(Object.entries(CLIENTS))('a near cache over %s', (name, client) => {
  const isCluster = name.includes('cluster')
  it('hits, hears of what others change and end, and comes back when Redis drops it', async () => {
    const cache = await live({}, await client())
    const other = redisStore({ client: isCluster ? cluster.client : single.client() })
    const key = await made(cache, 'one')
    await textOf(cache, key)
    expect(cache.peek(key, at())).toBeDefined()
    await other.commit(key, { set: value('two') }, at())
    await expect.poll(() => textOf(cache, key)).toBe('two')
    await other.destroy(key, at())
    await expect.poll(() => textOf(cache, key)).toBeUndefined()
    const servers = isCluster ? cluster.nodes : [single]
    const { flushes } = cache.cacheStats
    for (const server of servers) await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await expect.poll(() => cache.cacheStats.flushes).toBeGreaterThan(flushes)
    await expect.poll(() => cache.cacheStats.isLive, { timeout: 5_000 }).toBe(true)
  })
})
