import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { fakeClock, node } from '../test/app.ts'
import { browser } from '../test/browser.ts'
import { redisRig } from '../test/redis-rig.ts'
import { createSessions, memoryStore, redisStore, type SessionsOptions, withSessions } from './index.ts'

const rig = await redisRig()
afterAll(() => rig[Symbol.asyncDispose]())
let worlds = 0
const stores = {
  memory: (now: () => number) => memoryStore({ now, sweepEveryMs: 0 }),
  Redis: () => redisStore({ client: rig.client(), namespace: `lifetimes-${++worlds}` }),
}
const DAY_MS = 24 * 3_600_000
const maxAge = (headers: Record<string, unknown>) =>
  Number(/Max-Age=(\d+)/.exec(String(headers['set-cookie']))?.[1] ?? Number.NaN)

describe.each(Object.entries(stores))('on %s', (_name, make) => {
  /** One deployment after another, with other options, over the same store. */
  async function world(options: Partial<SessionsOptions>) {
    const clock = fakeClock(Date.now())
    const store = make(clock.now)
    const deploy = async (more: Partial<SessionsOptions>) => {
      const n = await node({ store, now: clock.now, storeTimeoutMs: 30_000, ...more })
      n.on('/set', (session) => session.set('a', 1))
      n.on('/get', (session) => session.get('a'))
      n.on('/login', (session) => session.rotate({ user: 'bob' }))
      n.on('/again', (session) => session.rotate())
      n.on('/forget', (session) => session.setLifetime(null))
      n.on('/logout', (session) => session.regenerate().then(() => session.set('a', 1)))
      n.app.get<{ Querystring: Record<string, string> }>('/remember', async (request) => {
        const { idle, absolute, persistent } = request.query
        const session = n.sessions.of(request)
        await session.setLifetime({
          ...(idle ? { idleTimeoutMs: Number(idle) } : {}),
          ...(absolute ? { absoluteTimeoutMs: Number(absolute) } : {}),
          ...(persistent ? { persistent: persistent === 'true' } : {}),
        })
        await session.rotate({ user: 'bob' })
        await session.set('a', 1)
      })
      return n
    }
    const n = await deploy(options)
    const user = browser(n.app)
    const isThere = async (at = n) => (await user.get('/get', at.app)).json().value === 1
    return { clock, deploy, user, isThere, ...n, [Symbol.asyncDispose]: () => n[Symbol.asyncDispose]() }
  }

  it('a deployment with a longer idle timeout holds for live sessions, even those that are not touched yet', async () => {
    await using n = await world({ idleTimeoutMs: 60_000 })
    await n.user.get('/set')
    const next = await n.deploy({ idleTimeoutMs: 2 * 3_600_000 })
    n.clock.pass(1000)
    expect(await n.isThere(next)).toBe(true)
    n.clock.pass(2 * 3_600_000 - 1)
    expect(await n.isThere(next)).toBe(true)
  })

  it('a deployment with a shorter idle timeout holds for live sessions', async () => {
    await using n = await world({ idleTimeoutMs: 2 * 3_600_000 })
    await n.user.get('/login')
    const next = await n.deploy({ idleTimeoutMs: 60_000 })
    n.clock.pass(62_000)
    expect(await next.sessions.count({ user: 'bob' })).toBe(0)
    expect(await n.isThere(next)).toBe(false)
  })

  it.each([
    [60_000, 30_000, 0],
    [60_000, 0, 0],
    [1_800_000, 60_000, 0],
    [5_000, 166, 0],
    [60_000, 60_000, 0],
    [60_000, 30_000, 90_000],
    [60_000, 30_000, 61_000],
  ])(
    'a persistent cookie never ends before its session: idle %i, touch %i, absolute %i',
    async (idle, touch, absolute) => {
      await using n = await world({
        idleTimeoutMs: idle,
        touchEveryMs: touch,
        absoluteTimeoutMs: absolute,
        cookie: { persistent: true },
      })
      const givenUntil = (headers: Record<string, unknown>) => n.clock.now() + 1000 * maxAge(headers)
      let until = givenUntil((await n.user.get('/set')).headers)
      // Accesses at odd times; whenever the session is there, the cookie must be, too.
      for (let i = 0; i < 40; i++) {
        n.clock.pass(Math.floor((idle * (i % 7)) / 6.5) + 1)
        const { headers, body } = await n.user.get('/get')
        if (!body.includes('1')) break
        expect(until, `access ${i}`).toBeGreaterThan(n.clock.now() - 1000) // Max-Age counts whole seconds
        if (headers['set-cookie']) until = givenUntil(headers)
      }
    },
  )

  describe('setLifetime', () => {
    const long = `idle=${30 * DAY_MS}&absolute=0&persistent=true`

    it('gives one session its own timeouts and cookie, and no other', async () => {
      await using n = await world({ idleTimeoutMs: 60_000, absoluteTimeoutMs: DAY_MS })
      const remembered = await n.user.get(`/remember?${long}`)
      expect(maxAge(remembered.headers)).toBeGreaterThanOrEqual((30 * DAY_MS) / 1000)
      const other = browser(n.app)
      expect(maxAge((await other.get('/set')).headers)).toBeNaN()
      n.clock.pass(20 * DAY_MS)
      const later = await n.user.get('/get')
      expect([later.json().value, maxAge(later.headers) >= (30 * DAY_MS) / 1000]).toEqual([1, true])
      expect((await other.get('/get')).json().value).toBeNull()
      n.clock.pass(20 * DAY_MS)
      expect(await n.isThere()).toBe(true)
      expect(await n.sessions.count({ user: 'bob' })).toBe(1)
      n.clock.pass(31 * DAY_MS)
      expect(await n.isThere()).toBe(false)
    })

    it('can mean never, with the longest cookie that browsers keep', async () => {
      await using n = await world({ idleTimeoutMs: 60_000 })
      const { headers } = await n.user.get('/remember?idle=Infinity&persistent=true')
      expect(maxAge(headers)).toBe(400 * 86_400)
      n.clock.pass(3000 * DAY_MS)
      expect(await n.isThere()).toBe(true)
    })

    it('is touched in time though it is short', async () => {
      await using n = await world({})
      await n.user.get('/remember?idle=5000')
      for (let i = 0; i < 10; i++) {
        n.clock.pass(4_000)
        expect(await n.isThere()).toBe(true)
      }
      n.clock.pass(5_200)
      expect(await n.isThere()).toBe(false)
    })

    it('outlasts rotations and deployments, and ends with the session', async () => {
      await using n = await world({ idleTimeoutMs: 60_000 })
      await n.user.get(`/remember?${long}`)
      await n.user.get('/again')
      const next = await n.deploy({ idleTimeoutMs: 10_000 })
      n.clock.pass(DAY_MS)
      expect(await n.isThere(next)).toBe(true)
      const { headers } = await n.user.get('/logout', next.app)
      expect(maxAge(headers)).toBeNaN()
      n.clock.pass(20_000)
      expect(await n.isThere(next)).toBe(false)
    })

    it('can be taken back, with the cookie', async () => {
      await using n = await world({ idleTimeoutMs: 60_000 })
      await n.user.get(`/remember?${long}`)
      const { headers } = await n.user.get('/forget')
      expect([headers['set-cookie'] === undefined, maxAge(headers)]).toEqual([false, Number.NaN])
      n.clock.pass(70_000)
      expect(await n.isThere()).toBe(false)
    })

    it('makes no session by itself', async () => {
      await using n = await world({})
      n.on('/only', (session) => session.setLifetime({ persistent: true }))
      expect((await n.user.get('/only')).headers['set-cookie']).toBeUndefined()
    })

    it.each([
      null === undefined,
      { idleTimeoutMs: 1500 },
      { idleTimeoutMs: 0 },
      { idleTimeoutMs: '1000' },
      { absoluteTimeoutMs: -1000 },
      { absoluteTimeoutMs: Infinity },
      { persistent: 'yes' },
      { maxAge: 1000 },
      5,
    ])('refuses %j', async (bad) => {
      await using n = await world({})
      n.on('/bad', (session) => session.setLifetime(bad as never).catch((error) => String(error)))
      expect((await n.user.get('/bad')).json().value).toContain('TypeError: session.setLifetime')
    })
  })
})

describe('a session that Spring, or a hand, gave an interval', () => {
  it('keeps it, and is touched in time', async () => {
    const client = rig.client()
    const clock = fakeClock(Date.now())
    for (const ids of ['hashed', 'spring'] as const) {
      const store = redisStore({ client, ids, namespace: `own-${ids}` })
      await using n = await node({
        store,
        now: clock.now,
        ...(ids === 'spring' ? { codec: (await import('./index.ts')).springJson() } : {}),
      })
      n.on('/set', (session) => session.set('a', 1))
      n.on('/get', (session) => session.get('a'))
      const user = browser(n.app)
      await user.get('/set')
      const key = store.keyOf(user.cookies.get('SESSION') as string)
      await client.hset(key, 'maxInactiveInterval', '5')
      for (let i = 0; i < 5; i++) {
        clock.pass(4_000)
        expect((await user.get('/get')).json().value).toBe(1)
      }
      expect(await client.pttl(key)).toBeLessThan(6_000)
      clock.pass(5_200)
      expect((await user.get('/get')).json().value).toBeNull()
    }
  })
})

describe('a clock', () => {
  it('that counts parts of milliseconds leaves no key without a time to live', async () => {
    const client = rig.client()
    const store = redisStore({ client, namespace: 'parts' })
    await using n = await node({ store, now: () => performance.timeOrigin + performance.now() + 0.123 })
    n.on('/set', (session) => session.set('a', 1))
    const user = browser(n.app)
    expect((await user.get('/set')).statusCode).toBe(200)
    const [key] = await client.keys('parts:*')
    expect(await client.pttl(key as string)).toBeGreaterThan(0)
  })

  it.each([() => Number.NaN, () => 'now' as never, 5 as never])('that is none is refused: %s', (now) => {
    expect(() => createSessions({ store: memoryStore(), now })).toThrow('createSessions: now is')
  })
})

describe('a cookie that its client will not send back', () => {
  const warnings: string[] = []
  const note = (warning: Error & { code?: string }) => {
    if (warning.code === 'SESSION_COOKIE_PATH') warnings.push(warning.message)
  }
  process.on('warning', note)
  afterAll(() => void process.off('warning', note))
  afterEach(() => void warnings.splice(0))

  it.each([
    ['/admin', ['/admin', '/admin/', '/admin/x?y=/', '/admin?x'], ['/', '/other', '/administrator', '/x/admin']],
    ['/', ['/', '/other'], []],
    ['/a/', ['/a/', '/a/b'], ['/a', '/ab']],
  ])('with the path %s is said once, and only where it is so', async (path, within, outside) => {
    for (const url of [...within, ...outside]) {
      await using n = await node({ cookie: { path } })
      n.app.get('/*', async (request) => n.sessions.of(request).set('a', 1))
      warnings.splice(0)
      await n.app.inject(url)
      await n.app.inject(url)
      await sleep(0) // warnings are told in a later tick
      expect(warnings.length, url).toBe(outside.includes(url) ? 1 : 0)
    }
  })

  it('is looked for where Express says what was asked for', async () => {
    const sessions = createSessions({ store: memoryStore(), cookie: { path: '/shop' } })
    const handler = withSessions(sessions, async (_request, response, session) => {
      await session.set('a', 1)
      response.end()
    })
    const { createServer } = await import('node:http')
    const server = createServer((request, response) => {
      Object.assign(request, { originalUrl: `/shop${request.url}` })
      handler(request, response)
    }).listen(0)
    await fetch(`http://127.0.0.1:${(server.address() as { port: number }).port}/cart`)
    server.close()
    await sleep(0)
    expect(warnings).toEqual([])
  })
})
