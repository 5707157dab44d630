import { describe, expect, it } from 'vitest'
import { node } from '../../test/app.ts'
import { browser, setCookies } from '../../test/browser.ts'
import { flakyStore } from '../../test/flaky-store.ts'
import { redisRig } from '../../test/redis-rig.ts'
import { redisOptions } from './redis/options.ts'
import { redisStore } from './redis/redis.ts'

/** Far above any store time-out: whatever takes this long hangs. */
const HANGING_MS = 5_000

const timed = async <T>(work: Promise<T>): Promise<{ value: T; ms: number }> => {
  const start = performance.now()
  return { value: await work, ms: performance.now() - start }
}

async function redisNode() {
  const rig = await redisRig()
  const client = rig.client({ ...redisOptions, enableOfflineQueue: false })
  await expect.poll(() => client.status).toBe('ready')
  const n = await node({ store: redisStore({ client }), breaker: { failures: 3, coolDownMs: 100 } })
  n.on('/set', (session) => session.set('q', 'kept'))
  n.on('/get', (session) => session.get('q'))
  const user = browser(n.app)
  await user.get('/set')
  // Not an AsyncDisposableStack: Node 22 has none.
  const end = async (): Promise<void> => {
    await n[Symbol.asyncDispose]()
    await rig[Symbol.asyncDispose]()
  }
  return { ...n, rig, user, [Symbol.asyncDispose]: end }
}

describe('a frozen Redis (SIGSTOP)', () => {
  it('is answered 503 within the store time-out, then at once, and heals by itself with sessions intact', async () => {
    await using n = await redisNode()
    n.rig.freeze()
    for (let i = 0; i < 3; i++) {
      const { value, ms } = await timed(n.user.get('/get'))
      expect([value.statusCode, value.json().code]).toEqual([503, 'SESSION_STORE_TIMEOUT'])
      expect(ms).toBeLessThan(HANGING_MS)
    }
    const refused = await n.user.get('/get')
    expect([refused.statusCode, refused.json().code]).toEqual([503, 'SESSION_STORE_OPEN'])
    expect(refused.headers['retry-after']).toBe('1')
    expect(n.sessions.isCircuitOpen).toBe(true)
    n.rig.thaw()
    await expect.poll(async () => (await n.user.get('/get')).body, { timeout: 10_000 }).toBe('{"value":"kept"}')
    expect(n.sessions.isCircuitOpen).toBe(false)
  })
})

describe('a Redis that refuses connections (SIGKILL)', () => {
  it('is answered 503, gives nobody a fresh session, and heals when it is back', async () => {
    await using n = await redisNode()
    await n.rig.crash()
    for (let i = 0; i < 4; i++) {
      const { value, ms } = await timed(n.user.get('/get'))
      expect(value.statusCode).toBe(503)
      expect(ms).toBeLessThan(HANGING_MS)
    }
    const visitor = await browser(n.app).get('/set')
    expect([visitor.statusCode, setCookies(visitor)]).toEqual([503, []])
    await n.rig.restart()
    await expect.poll(async () => (await browser(n.app).get('/set')).statusCode, { timeout: 10_000 }).toBe(200)
    // Redis came back empty: the client is anonymous, and its cookie is left alone.
    const lost = await n.user.get('/get')
    expect([lost.body, setCookies(lost)]).toEqual(['{"value":null}', []])
  })
})

describe('a Redis that dies with a commit under way', () => {
  it('is answered 503, and the commit is not sent again behind the client’s back when Redis is back', async () => {
    await using rig = await redisRig()
    const client = rig.client(redisOptions)
    await expect.poll(() => client.status).toBe('ready')
    await using n = await node({ store: redisStore({ client }), storeTimeoutMs: 5_000 })
    n.on('/set', (session) => session.set('q', 'x'))
    expect((await browser(n.app).get('/set')).statusCode).toBe(200) // Redis knows the script now
    rig.freeze()
    const inFlight = () => (client as unknown as { commandQueue: { length: number } }).commandQueue.length
    const visit = browser(n.app).get('/set')
    await expect.poll(inFlight).toBeGreaterThan(0)
    await rig.crash()
    await rig.restart()
    const { statusCode, json, headers } = await visit
    expect([statusCode, json().code, headers['set-cookie']]).toEqual([503, 'SESSION_STORE_FAILED', undefined])
    await expect.poll(() => client.status, { timeout: 10_000 }).toBe('ready')
    expect(await client.dbsize()).toBe(0)
  })
})

describe('onStoreFailure: anonymous', () => {
  it('lets readers pass as visitors, and refuses writers', async () => {
    const store = flakyStore()
    await using n = await node({ store, onStoreFailure: 'anonymous', breaker: { failures: 0 } })
    n.on('/set', (session) => session.set('q', 'kept'))
    n.on('/add', (session) => session.update('n', () => 1))
    n.on('/rotate', (session) => session.rotate({ user: 'bob' }))
    n.app.get('/forgets', (request, reply) => {
      void n.sessions.of(request).set('q', 'x')
      return reply.send('ok')
    })
    n.on('/get', async (session) => [await session.get('q'), session.report().outcome])
    const user = browser(n.app)
    await user.get('/set')
    store.mood = 'failing'
    expect((await user.get('/get')).json()).toEqual({ value: [null, 'failed'] })
    // Also when only the load has failed: the write would found a second session beside the one that may be there.
    for (const only of [undefined, ['load']]) {
      store.only = only
      for (const url of ['/set', '/add', '/rotate', '/forgets']) {
        const response = await user.get(url)
        expect([url, response.statusCode, setCookies(response)]).toEqual([url, 503, []])
      }
    }
    store.mood = 'well'
    expect((await user.get('/get')).json()).toEqual({ value: ['kept', 'found'] })
  })
})
