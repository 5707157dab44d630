import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { type Any, fakeClock, gate, node } from '../test/app.ts'
import { browser, setCookies } from '../test/browser.ts'
import { clusterRig } from '../test/cluster-rig.ts'
import { redisRig } from '../test/redis-rig.ts'
import type { Session } from './session.ts'
import { memoryStore } from './store/memory.ts'
import { redisStore } from './store/redis/redis.ts'
import type { SessionStore } from './store/store.ts'

const rig = await redisRig()
const cluster = await clusterRig()
afterAll(() => Promise.all([rig[Symbol.asyncDispose](), cluster[Symbol.asyncDispose]()]))

const stores: Record<string, (namespace: string, now: () => number) => SessionStore> = {
  memory: (_, now) => memoryStore({ now }),
  Redis: (namespace) => redisStore({ client: rig.client(), namespace }),
  'Redis, with a key prefix': (namespace) => redisStore({ client: rig.client({ keyPrefix: 'shop:' }), namespace }),
  'Redis as Spring lays it out': (namespace) => redisStore({ client: rig.client(), ids: 'spring', namespace }),
  'Redis Cluster': (namespace) => redisStore({ client: cluster.client, namespace }),
}
let shops = 0
const path = (what: string): string => `/late/${what.replaceAll(/\W+/g, '-')}`

/** What a late request may do with the session, and the status that it must get. */
const late: Record<string, [act: (session: Session<Any>) => unknown, status: number]> = {
  get: [(session) => session.get('cart'), 200],
  keys: [(session) => session.keys(), 200],
  info: [(session) => session.info(), 200],
  'take of nothing': [(session) => session.take('cart'), 200],
  set: [(session) => session.set('lastPage', '/x'), 409],
  'set without await': [(session) => void session.set('lastPage', '/x'), 409],
  'set without await, then other work': [
    async (session) => {
      void session.set('lastPage', '/x')
      await nextTurn()
      await nextTurn()
    },
    409,
  ],
  'a read, then set': [(session) => session.get('cart').then(() => session.set('lastPage', '/x')), 409],
  delete: [(session) => session.delete('cart'), 409],
  update: [(session) => session.update('n', () => 1), 409],
  rotate: [(session) => session.rotate(), 409],
  'login as another': [(session) => session.rotate({ user: 'eve' }), 409],
  invalidate: [(session) => session.invalidate(), 409],
  'a refused set that is looked at': [(session) => session.set('lastPage', '/x').catch(() => 'ignored'), 200],
}

describe.each(Object.entries(stores))('a rotation on %s', (_name, make) => {
  async function shop(options: { rotationGraceMs?: number; persistent?: boolean; touchEveryMs?: number } = {}) {
    const clock = fakeClock(Date.now())
    const { persistent = false, ...rest } = options
    const n = await node({
      store: make(`shop-${++shops}`, clock.now),
      now: clock.now,
      storeTimeoutMs: 30_000,
      cookie: { persistent },
      ...rest,
    })
    n.on('/start', (session) => session.set('cart', ['tea']))
    n.on('/login', (session) => session.rotate({ user: 'bob' }))
    n.on('/me', async (session) => (await session.info())?.user)
    n.on('/cart', (session) => session.get('cart'))
    for (const [what, [act]] of Object.entries(late)) n.on(path(what), act)
    const [reading, hold] = [gate(), gate()]
    n.on('/slow', async (session) => {
      const cart = await session.get('cart')
      reading.open()
      await hold.opened
      return cart
    })
    const user = browser(n.app)
    await user.get('/start')
    return { ...n, reading, hold, clock, user, [Symbol.asyncDispose]: () => n[Symbol.asyncDispose]() }
  }

  it.each(Object.entries(late))('leaves the login alone when a late request does: %s', async (what, [, status]) => {
    await using n = await shop()
    const tab = n.user.copy()
    await n.user.get('/login')
    const response = await tab.get(path(what))
    expect([response.statusCode, setCookies(response)]).toEqual([status, []])
    expect((await n.user.get('/me')).json()).toEqual({ value: 'bob' })
    expect((await n.user.get('/cart')).json()).toEqual({ value: ['tea'] })
  })

  it('shows nothing of the session to a late read', async () => {
    await using n = await shop()
    const tab = n.user.copy()
    await n.user.get('/login')
    expect((await tab.get('/cart')).json()).toEqual({ value: null })
    expect((await tab.get('/me')).json()).toEqual({ value: null })
  })

  it('leaves nothing that counts as a session of the user', async () => {
    await using n = await shop()
    await n.user.get('/login')
    await n.user.get('/login')
    expect(await n.sessions.ofUser('bob')).toHaveLength(1)
    expect(await n.sessions.endUser('bob')).toBe(1)
  })

  it('does not hand the old id back when a touch was due in a read that was under way', async () => {
    await using n = await shop({ persistent: true, touchEveryMs: 1000 })
    n.clock.pass(2000)
    const slow = n.user.copy().get('/slow')
    await n.reading.opened
    await n.user.get('/login')
    n.hold.open()
    const response = await slow
    expect([response.statusCode, response.json(), setCookies(response)]).toEqual([200, { value: ['tea'] }, []])
  })

  it('renews a persistent cookie with a due touch while nobody rotates', async () => {
    await using n = await shop({ persistent: true, touchEveryMs: 1000 })
    n.clock.pass(2000)
    expect(setCookies(await n.user.get('/cart'))).toHaveLength(1)
  })

  it('is forgotten at once without a grace period', async () => {
    await using n = await shop({ rotationGraceMs: 0 })
    const tab = n.user.copy()
    await n.user.get('/login')
    expect((await tab.get(path('set'))).statusCode).toBe(200)
  })
})

describe('the mark of a rotation', () => {
  it('ends with the grace period in memory', async () => {
    const clock = fakeClock()
    const store = memoryStore({ now: clock.now })
    const at = () => ({ now: clock.now(), lifetime: { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 0 } })
    await store.commit('old', { create: { createdAt: clock.now() } }, at())
    await store.commit('old', { renameTo: 'new', graceMs: 5_000 }, at())
    clock.pass(4_999)
    expect(store.load('old', at())).toBe('rotated')
    clock.pass(1)
    expect(store.load('old', at())).toBeUndefined()
  })

  it('ends with the grace period in Redis, and holds no id', async () => {
    const client = rig.client()
    const n = await node({ store: redisStore({ client, namespace: 'marks' }), rotationGraceMs: 7_000 })
    n.on('/login', (session) => session.rotate({ user: 'bob' }))
    const user = browser(n.app)
    await user.get('/login')
    await user.get('/login')
    const marks = await client.keys('marks:rotated:*')
    expect(marks).toHaveLength(1)
    const left = await client.pttl(marks[0] as string)
    expect(left > 0 && left <= 7_000, `${left} ms`).toBe(true)
    const id = (user.cookies.get('SESSION') as string).slice(0, 20)
    expect(JSON.stringify([marks, await client.hgetall(marks[0] as string)])).not.toContain(id)
    await n[Symbol.asyncDispose]()
  })
})
