import { Redis as Iovalkey } from 'iovalkey'
import { afterAll, describe, expect, it } from 'vitest'
import { clusterRig } from '../../../test/cluster-rig.ts'
import { redisRig } from '../../../test/redis-rig.ts'
import { sentinelRig } from '../../../test/sentinel-rig.ts'
import { storeContract } from '../store.contract.ts'
import { redisOptions } from './options.ts'
import { redisStore } from './redis.ts'

const runner = { describe, it }
const [single, cluster, sentinel] = await Promise.all([redisRig(), clusterRig(), sentinelRig()])
const client = single.client()
const bySentinel = {
  ioredis: sentinel.client,
  iovalkey: new Iovalkey({
    ...redisOptions,
    enableOfflineQueue: true,
    sentinels: sentinel.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    name: 'sessions',
    sentinelRetryStrategy: () => 50,
  }).on('error', () => {}),
}
afterAll(async () => {
  bySentinel.iovalkey.disconnect()
  await Promise.all([single, cluster, sentinel].map((rig) => rig[Symbol.asyncDispose]()))
})

storeContract('a single Redis', () => redisStore({ client }), runner)
storeContract('Redis with a key prefix', () => redisStore({ client: single.client({ keyPrefix: 'app:' }) }), runner)
storeContract(
  'Redis with auto-pipelining',
  () => redisStore({ client: single.client({ enableAutoPipelining: true }) }),
  runner,
)
storeContract('Redis shared with Spring', () => redisStore({ client, namespace: 'shared', ids: 'spring' }), runner)
for (const [library, by] of Object.entries(bySentinel)) {
  storeContract(
    `Redis behind Sentinel, by ${library}`,
    () => redisStore({ client: by, namespace: `behind-${library}` }),
    runner,
  )
}
storeContract('Redis Cluster', () => redisStore({ client: cluster.client }), runner)

const LIFETIME = { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 10_000 }
const NOW = 1_754_400_000_000
const at = (now = NOW, lifetime = LIFETIME) => ({ now, lifetime })
const KEY = 'spring:session:sessions:'
const create = (set: Record<string, string> = {}, more = {}) => ({
  create: { createdAt: NOW },
  set: new Map(Object.entries(set).map(([name, text]) => [name, Buffer.from(text)])),
  ...more,
})

describe('the layout in Redis', () => {
  const store = redisStore({ client })

  it('is Spring Session’s: integers for times, JSON for values', async () => {
    await store.commit('layout', create({ q: '"password"' }), at())
    expect(await client.hgetall(`${KEY}layout`)).toEqual({
      creationTime: '1754400000000',
      lastAccessedTime: '1754400000000',
      maxInactiveInterval: '60',
      lifetime: '60',
      'sessionAttr:q': '"password"',
      revision: '1',
    })
  })

  it('reads what Spring wrote: removed attributes are empty, unknown fields do not matter', async () => {
    const fields = {
      creationTime: NOW,
      lastAccessedTime: NOW,
      maxInactiveInterval: 1800,
      'sessionAttr:gone': '',
      other: 1,
    }
    await client.hset(`${KEY}springs`, fields)
    const session = await store.load('springs', at())
    expect(session).toMatchObject({ createdAt: NOW, idleTimeoutMs: 1_800_000 })
  })

  it('is JSON in every field, the user’s name too: Spring fails on a session with one that it cannot read', async () => {
    await store.commit('named', create({ q: '1' }, { user: 'bob "x"', authenticatedAt: NOW }), at())
    const fields = await client.hgetall(`${KEY}named`)
    for (const text of Object.values(fields)) expect(() => JSON.parse(text)).not.toThrow()
    expect(JSON.parse(fields.user ?? '')).toBe('bob "x"')
    expect(await store.load('named', at())).toMatchObject({ user: 'bob "x"' })
    await client.hset(`${KEY}named`, 'user', 'bare')
    expect(await store.load('named', at())).toMatchObject({ user: 'bare' })
  })

  it('takes a half-empty hash, as Spring’s late writes leave it, for no session', async () => {
    await client.hset(`${KEY}half`, { lastAccessedTime: NOW, 'sessionAttr:q': '"x"' })
    expect(await store.load('half', at())).toBeUndefined()
    expect(await store.commit('half', { set: new Map([['q', Buffer.from('1')]]) }, at())).toBe('gone')
  })

  it('tells no time of a login that is no number', async () => {
    const fields = { creationTime: NOW, lastAccessedTime: NOW, maxInactiveInterval: 1800, authenticatedAt: 'soon' }
    await client.hset('odd:sessions:damaged', fields)
    const odd = redisStore({ client, namespace: 'odd' })
    expect(await odd.load('damaged', at())).not.toHaveProperty('authenticatedAt')
    expect(
      (await odd.list({ ...at(), limit: 10_000 })).sessions.map((each) => Object.hasOwn(each, 'authenticatedAt')),
    ).toEqual([false])
  })

  it('honours Spring’s intervals: 0 is expired now, below 0 is never', async () => {
    const times = { creationTime: NOW, lastAccessedTime: NOW }
    await client.hset(`${KEY}zero`, { ...times, maxInactiveInterval: 0 })
    await client.hset(`${KEY}never`, { ...times, maxInactiveInterval: -1 })
    expect(await store.load('zero', at())).toBe('expired')
    expect(await store.load('never', at(NOW + 1e10))).toMatchObject({ idleTimeoutMs: -1000 })
    expect(await client.pttl(`${KEY}never`)).toBe(-1)
  })

  it('expires with the session, one throttle after its idle timeout', async () => {
    await store.commit('ttl', create(), at())
    const fresh = await client.pttl(`${KEY}ttl`)
    expect(fresh).toBeLessThanOrEqual(70_000)
    expect(fresh).toBeGreaterThan(30_000)
    await store.load('ttl', at(NOW + 20_000, { ...LIFETIME, absoluteTimeoutMs: 30_000 }))
    expect(await client.pttl(`${KEY}ttl`)).toBeLessThanOrEqual(10_000)
  })

  it.each([
    ['one server', client],
    ['a cluster', cluster.client],
  ])('goes on expiring under a new key, on %s', async (_, client) => {
    const store = redisStore({ client, namespace: 'moves' })
    await store.commit('from', create(), at())
    expect(await store.commit('from', { renameTo: 'to' }, at())).toBe('ok')
    const ttl = await client.pttl('moves:sessions:to')
    expect(ttl).toBeGreaterThan(30_000)
    expect(ttl).toBeLessThanOrEqual(70_000)
  })

  it('says expired while Redis still has the key, and leaves it as it is', async () => {
    await store.commit('late', create(), at())
    expect(await store.load('late', at(NOW + 70_000))).toBe('expired')
    expect(await client.hget(`${KEY}late`, 'lastAccessedTime')).toBe(String(NOW))
  })

  it('tells the key of an id', () => {
    const prefixed = redisStore({ client: single.client({ keyPrefix: 'app:' }), namespace: 'shop' })
    expect(prefixed.keyOf('an id')).toMatch(/^app:shop:sessions:[A-Za-z0-9_-]{43}$/)
    expect(redisStore({ client, ids: 'spring' }).keyOf('an-id')).toBe(`${KEY}an-id`)
  })
})

describe('the index of a user in Redis', () => {
  const store = redisStore({ client, namespace: 'users' })
  const indexes = () => client.keys('users:users:*')

  it('ends with the sessions in it', async () => {
    await store.commit('a', create({}, { user: 'bob' }), at())
    const [index = ''] = await indexes()
    const ttl = await client.pttl(index)
    expect(ttl).toBeGreaterThan(70_000)
    expect(ttl).toBeLessThanOrEqual(140_000)
    await store.destroy('a', at())
    await expect.poll(indexes).toEqual([])
  })

  it('drops entries whose sessions have ended, and lists none of them', async () => {
    await store.commit('b', create({}, { user: 'eve' }), at())
    await client.del('users:sessions:b')
    expect(await store.ofUser('eve', at())).toEqual([])
    await expect.poll(indexes).toEqual([])
  })

  it('keeps an entry for as long as its session is used', async () => {
    await store.commit('e', create({}, { user: 'ann' }), at())
    const ends = NOW + 300_000
    for (let now = NOW; now < ends; now += 50_000) await store.load('e', at(now))
    await expect.poll(async () => Number(await client.zscore((await indexes())[0] ?? '', 'e'))).toBeGreaterThan(ends)
    await store.commit('f', { create: { createdAt: ends }, user: 'ann' }, at(ends))
    expect(await store.ofUser('ann', at(ends))).toHaveLength(2)
    for (const key of ['e', 'f']) await store.destroy(key, at(ends))
    await expect.poll(indexes).toEqual([])
  })

  it('loses the entry of a session that becomes another user’s', async () => {
    await store.commit('g', create({}, { user: 'old' }), at())
    await store.commit('g', { renameTo: 'h', user: 'new', previousUser: 'old' }, at())
    const members = await Promise.all((await indexes()).map((index) => client.zrange(index, '0', '-1')))
    expect(members).toEqual([['h']])
    await store.destroy('h', at())
    await expect.poll(indexes).toEqual([])
  })

  it('shows nobody a session that is another’s by now, though its entry was left behind', async () => {
    await store.commit('i', create({}, { user: 'first' }), at())
    const [index = ''] = await indexes()
    await store.commit('i', { renameTo: 'j', user: 'second', previousUser: 'first' }, at())
    await client.zadd(index, NOW + 60_000, 'j')
    expect(await store.ofUser('first', at())).toEqual([])
    expect(await store.ofUser('second', at())).toHaveLength(1)
    await store.destroy('j', at())
    await expect.poll(indexes).toEqual([])
  })

  it('keeps the entry, in a cluster, of a session that is only just being made or moved', async () => {
    const user = { user: 'max' }
    const store = redisStore({ client: cluster.client, namespace: 'young' })
    const keys = Array.from({ length: 20 }, (_, i) => `m${i}`)
    const during = async <T>(work: Promise<T>) => {
      const [result] = await Promise.all([work, ...keys.map(() => store.ofUser('max', at()))])
      return result
    }
    const listed = async () => (await store.ofUser('max', at())).map(({ key }) => key).toSorted()
    for (const key of keys) expect(await during(store.commit(key, create({}, user), at()))).toBe('ok')
    expect(await listed()).toEqual(keys.toSorted())
    for (const key of keys) {
      expect(await during(store.commit(key, { renameTo: `${key}-moved`, previousUser: 'max' }, at()))).toBe('ok')
    }
    expect(await listed()).toEqual(keys.map((key) => `${key}-moved`).toSorted())
  })

  it('drops, in a cluster too, entries whose sessions have ended a while ago', async () => {
    const store = redisStore({ client: cluster.client, namespace: 'old' })
    await store.commit('o', create({}, { user: 'max' }), at())
    await cluster.client.del('old:sessions:o')
    expect(await store.ofUser('max', at(NOW + 11_000))).toEqual([])
    const all = async () => (await Promise.all(cluster.nodes.map((node) => node.client().keys('old:users:*')))).flat()
    await expect.poll(all).toEqual([])
  })

  it('drops entries that have passed when the next session enters', async () => {
    await store.commit('c', create({}, { user: 'joe' }), at())
    const later = NOW + 1_000_000
    await store.commit('d', { create: { createdAt: later }, user: 'joe' }, at(later))
    const [index = ''] = await indexes()
    expect(await client.zrange(index, '0', '-1')).toEqual(['d'])
  })
})

describe('redisStore', () => {
  it('does not notice that Redis has forgotten its scripts', async () => {
    const store = redisStore({ client })
    await store.commit('scripts', create({ q: '1' }), at())
    await client.script('FLUSH')
    expect(await store.load('scripts', at())).toMatchObject({ createdAt: NOW })
    await client.script('FLUSH')
    expect(await store.commit('scripts', { set: new Map([['q', Buffer.from('2')]]) }, at())).toBe('ok')
  })

  it('makes a session once when the client sends the command again', async () => {
    const store = redisStore({ client })
    expect(await store.commit('resent', create({ q: '1' }), at())).toBe('ok')
    expect(await store.commit('resent', create({ q: '1' }), at())).toBe('ok')
  })

  it('sends one session’s commands to one slot of a cluster', async () => {
    const store = redisStore({ client: cluster.client, namespace: 'slots' })
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`)
    for (const key of keys) await store.commit(key, create({ q: key }, { user: 'bob' }), at())
    expect((await store.ofUser('bob', at())).length).toBe(30)
    for (const key of keys)
      expect(await store.commit(key, { renameTo: `moved-${key}`, previousUser: 'bob' }, at())).toBe('ok')
    const counts = await Promise.all(cluster.nodes.map((node) => node.client().dbsize()))
    expect(counts.every((count) => count > 0)).toBe(true)
  })

  it('follows a failover that Sentinel makes, by either library', { timeout: 60_000 }, async () => {
    const stores = Object.values(bySentinel).map((by) => redisStore({ client: by, namespace: 'failover' }))
    await stores[0]?.commit('kept', create({ q: '"here"' }), at())
    await sentinel.client.wait(1, 10_000)
    await sentinel.primary.crash()
    for (const store of stores) {
      const load = () =>
        store.load('kept', at()).then(
          (session) => session !== undefined,
          () => false,
        )
      await expect.poll(load, { timeout: 45_000 }).toBe(true)
      expect(await store.commit('kept', { set: new Map([['q', Buffer.from('"there"')]]) }, at())).toBe('ok')
    }
  })

  it.each([
    [{ client: undefined }, 'client is undefined'],
    [{ client, namespace: 'a b' }, "namespace is 'a b'"],
    [{ client, namespace: '{tag}' }, "namespace is '{tag}'"],
    [{ client, ids: 'plain' }, "ids is 'plain'"],
  ])('refuses bad options %#', (options, message) => {
    expect(() => redisStore(options as never)).toThrow(message)
  })
})

describe('a client that is not connected yet', () => {
  it.each([{ lazyConnect: false }, { lazyConnect: true }])(
    'is waited for by the first commands, %o',
    async (options) => {
      const store = redisStore({ client: single.client({ ...redisOptions, ...options }), namespace: 'starting' })
      expect(await store.load('nobody', at())).toBeUndefined()
    },
  )

  it('fails the first commands when there is no Redis, and runs none of them once there is one', async () => {
    await using rig = await redisRig()
    await rig.crash()
    const early = rig.client(redisOptions)
    const store = redisStore({ client: early, namespace: 'early' })
    const attempts = Array.from({ length: 30 }, (_, i) => store.commit(`e${i}`, create(), at()))
    expect(early.listenerCount('ready')).toBeLessThan(10) // else Node warns of a leak
    const results = await Promise.allSettled(attempts)
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([])
    await rig.restart()
    await expect.poll(() => early.status, { timeout: 10_000 }).toBe('ready')
    expect(await early.dbsize()).toBe(0)
  })

  it('fails commands at once when it has lost its connection', async () => {
    await using rig = await redisRig()
    const lost = rig.client(redisOptions)
    const store = redisStore({ client: lost })
    await store.load('nobody', at())
    await rig.crash()
    await expect.poll(() => lost.status).not.toBe('ready')
    await expect(store.load('nobody', at())).rejects.toThrow()
  })
})
