import { afterAll, describe, expect, it } from 'vitest'
import { gate, node } from '../test/app.ts'
import { browser, setCookies } from '../test/browser.ts'
import { clusterRig } from '../test/cluster-rig.ts'
import { flakyStore } from '../test/flaky-store.ts'
import { redisRig } from '../test/redis-rig.ts'
import { memoryStore } from './store/memory.ts'
import { redisStore } from './store/redis/redis.ts'
import type { SessionStore } from './store/store.ts'

/** Faults that were measured in @fastify/session, express-session and connect-redis. Each test shows ours has it not. */
const rig = await redisRig()
afterAll(() => rig[Symbol.asyncDispose]())
const client = rig.client()
const stores: [string, () => SessionStore][] = [
  ['memory', () => memoryStore()],
  ['redis', () => redisStore({ client })],
]
const value = (response: { json(): { value: unknown } }) => response.json().value

describe.each(stores)('on %s', (_name, makeStore) => {
  it('fault 1: two concurrent writers of different keys both survive', async () => {
    await using n = await node({ store: makeStore() })
    const both = gate()
    let here = 0
    n.on('/start', (session) => session.set('start', true))
    for (const name of ['a', 'b']) {
      n.on(`/${name}`, async (session) => {
        await session.get('start')
        if (++here === 2) both.open()
        await both.opened
        await session.set(name, name)
      })
    }
    n.on('/all', async (session) => [await session.get('a'), await session.get('b')])
    const user = browser(n.app)
    await user.get('/start')
    await Promise.all([user.copy().get('/a'), user.copy().get('/b')])
    expect(value(await user.get('/all'))).toEqual(['a', 'b'])
  })

  it('fault 1: 50 concurrent increments over three nodes end at 50', async () => {
    const store = makeStore()
    const nodes = await Promise.all([0, 1, 2].map(() => node({ store, storeTimeoutMs: 30_000 })))
    for (const n of nodes) n.on('/add', (session) => session.update('n', (x) => ((x as number) ?? 0) + 1))
    const [first] = nodes
    const user = browser((first as (typeof nodes)[number]).app)
    await user.get('/add')
    const adds = Array.from({ length: 49 }, (_, i) => user.copy().get('/add', nodes[i % 3]?.app))
    const answers = (await Promise.all(adds)).map(value)
    expect(answers.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 49 }, (_, i) => i + 2))
    expect(value(await user.get('/add'))).toBe(51)
    for (const n of nodes) await n[Symbol.asyncDispose]()
  })

  it.each(['write', 'read'])('fault 2: logout during an in-flight %s does not bring the session back', async (what) => {
    await using n = await node({ store: makeStore(), touchEveryMs: 0 })
    const [reached, go] = [gate(), gate()]
    n.on('/login', (session) => session.set('q', 'x'))
    n.on('/logout', (session) => session.invalidate())
    n.on('/get', (session) => session.get('q'))
    n.on('/slow', async (session) => {
      await session.get('q')
      reached.open()
      await go.opened
      if (what === 'write') await session.set('q', 'late')
    })
    const user = browser(n.app)
    await user.get('/login')
    const [thief, slow] = [user.copy(), user.copy().get('/slow')]
    await reached.opened
    await user.get('/logout')
    go.open()
    const late = await slow
    expect(late.statusCode).toBe(what === 'write' ? 409 : 200)
    expect(setCookies(late)).toEqual([])
    expect(value(await thief.get('/get'))).toBeNull()
  })

  it('fault 6: attributes named save, __proto__ and constructor are ordinary', async () => {
    await using n = await node({ store: makeStore() })
    const names = [
      'save',
      '__proto__',
      'constructor',
      'toString',
      'creationTime',
      'user',
      'a\0b',
      '😀',
      'x'.repeat(1024),
    ]
    n.on('/set', async (session) => {
      for (const name of names) await session.set(name, `of ${name}`)
    })
    n.on('/get', async (session) => [await session.keys(), await Promise.all(names.map((name) => session.get(name)))])
    const user = browser(n.app)
    expect((await user.get('/set')).statusCode).toBe(200)
    const [keys, values] = value(await user.get('/get')) as [string[], string[]]
    expect(keys.toSorted()).toEqual(names.toSorted())
    expect(values).toEqual(names.map((name) => `of ${name}`))
  })
})

it('fault 3: a store that hangs or refuses is answered 503, not waited for', async () => {
  const store = flakyStore()
  await using n = await node({ store, storeTimeoutMs: 30 })
  n.on('/set', (session) => session.set('q', 'x'))
  const user = browser(n.app)
  await user.get('/set')
  for (const mood of ['hung', 'failing'] as const) {
    store.mood = mood
    expect((await user.get('/set')).statusCode).toBe(503)
  }
})

it('fault 4: a redirect leaves only after the save, and a failed save is not answered as a success', async () => {
  const store = flakyStore()
  await using n = await node({ store })
  n.app.get('/login', async (request, reply) => {
    await n.sessions.of(request).set('user', 'bob')
    return reply.redirect('/home')
  })
  n.on('/home', (session) => session.get('user'))
  const user = browser(n.app)
  expect((await user.get('/login')).headers.location).toBe('/home')
  expect(value(await user.get('/home'))).toBe('bob')
  store.only = ['commit']
  store.mood = 'failing'
  expect((await browser(n.app).get('/login')).statusCode).toBe(503)
})

it('fault 5: rotating the cookie’s secret logs nobody out, readers included', async () => {
  const [old, next] = ['the old secret, which is long enough', 'the next secret, which is long too']
  const store = memoryStore()
  const make = async (...secrets: string[]) => {
    const n = await node({ store, cookie: { secrets } })
    n.on('/set', (session) => session.set('q', 'kept'))
    n.on('/get', (session) => session.get('q'))
    return n
  }
  await using before = await make(old)
  await using during = await make(next, old)
  await using after = await make(next)
  const user = browser(before.app)
  await user.get('/set')
  const response = await user.get('/get', during.app) // only reads, and is given the cookie signed again
  expect([value(response), setCookies(response).length]).toEqual(['kept', 1])
  expect(setCookies(await user.get('/get', during.app))).toEqual([])
  expect(value(await user.get('/get', after.app))).toBe('kept')
})

it('fault 7: the memory store shares no live objects, and forgets', async () => {
  let now = 0
  const store = memoryStore({ sweepEveryMs: 0, now: () => now })
  await using n = await node({ store, now: () => now, checkMutations: false })
  const mine = { items: ['tea'] }
  n.on('/set', async (session) => {
    await session.set('cart', mine)
    mine.items.push('changed afterwards')
  })
  n.on('/get', (session) => session.get('cart'))
  const user = browser(n.app)
  await user.get('/set')
  expect(value(await user.get('/get'))).toEqual({ items: ['tea'] })
  now = 24 * 3_600_000
  expect(store.sweep()).toBe(1)
  expect(store.size).toBe(0)
})

it('fault 8: everything works on Redis Cluster, where one session’s commands touch one slot', async () => {
  await using cluster = await clusterRig()
  await using n = await node({
    store: redisStore({ client: cluster.client }),
    storeTimeoutMs: 30_000,
    maxSessionsPerUser: 2,
  })
  n.on('/login', async (session) => {
    await session.set('q', 'x')
    await session.rotate({ user: 'bob' })
  })
  n.on('/get', async (session) => [await session.get('q'), await session.update('n', (x) => ((x as number) ?? 0) + 1)])
  n.on('/logout', (session) => session.invalidate())
  const users = [0, 1, 2].map(() => browser(n.app))
  for (const user of users) expect((await user.get('/login')).statusCode).toBe(200)
  expect(await n.sessions.ofUser('bob')).toHaveLength(2)
  const user = browser(n.app)
  await user.get('/login')
  expect(value(await user.get('/get'))).toEqual(['x', 1])
  expect(await n.sessions.endUser('bob')).toBe(2)
  expect(value(await user.get('/logout'))).toBeNull()
})

it('fault 9: anonymous visitors, bots and health checks make no sessions', async () => {
  const store = memoryStore()
  await using n = await node({ store })
  n.app.get('/livez', async () => 'ok')
  n.on('/page', async (session) => [await session.get('user'), await session.keys(), session.report().outcome])
  for (let i = 0; i < 20; i++) {
    for (const url of ['/livez', '/page', '/missing']) expect(setCookies(await browser(n.app).get(url))).toEqual([])
  }
  expect(store.size).toBe(0)
})
