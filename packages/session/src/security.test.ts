import { afterAll, describe, expect, it } from 'vitest'
import { fakeClock, node, type TestNode } from '../test/app.ts'
import { type Browser, browser, setCookies } from '../test/browser.ts'
import { redisRig } from '../test/redis-rig.ts'
import { MAX_COOKIE_BYTES } from './carrier/cookie-options.ts'
import { EVENT_NAMES } from './observe/events.ts'
import type { SessionsOptions } from './options.ts'
import { memoryStore } from './store/memory.ts'
import { redisStore } from './store/redis/redis.ts'
import type { SessionStore } from './store/store.ts'

/** OWASP ASVS 5.0 chapters 7 and 3.3, and the Session Management Cheat Sheet, as far as a session library goes. */
const rig = await redisRig()
afterAll(() => rig[Symbol.asyncDispose]())
const client = rig.client()
let made = 0
const stores: [string, () => SessionStore][] = [
  ['memory', () => memoryStore()],
  ['redis', () => redisStore({ client, namespace: `test-${++made}` })],
  ['redis, as shared with Spring', () => redisStore({ client, namespace: `test-${++made}`, ids: 'spring' })],
]

const value = (response: { json(): { value: unknown } }) => response.json().value

function routes(n: TestNode): void {
  n.on('/set', (session) => session.set('q', 'secret data'))
  n.on('/get', (session) => session.get('q'))
  n.on('/login', (session) => session.rotate({ user: 'bob' }))
  n.on('/renew', (session) => session.rotate())
  n.on('/logout', (session) => session.invalidate())
  n.on('/info', async (session) => (await session.info())?.authenticatedAt)
}

async function nodes(store: SessionStore, options: Partial<SessionsOptions> = {}) {
  const [a, b] = [await node({ store, ...options }), await node({ store, ...options })]
  for (const n of [a, b]) routes(n)
  const user = browser(a.app)
  await user.get('/set')
  const everywhere = (who: Browser, url: string) =>
    Promise.all([a, b].map(async ({ app }) => value(await who.copy().get(url, app))))
  const dispose = async () => void (await Promise.all([a, b].map((n) => n[Symbol.asyncDispose]())))
  return { a, b, user, everywhere, [Symbol.asyncDispose]: dispose }
}

describe.each(stores)('on %s', (_name, makeStore) => {
  it('7.2.1: a cookie with any byte changed is anonymous', async () => {
    await using n = await nodes(makeStore())
    const cookie = n.user.cookies.get('SESSION') ?? ''
    for (let i = 0; i < cookie.length; i++) {
      const forged = cookie.slice(0, i) + (cookie[i] === 'A' ? 'B' : 'A') + cookie.slice(i + 1)
      const response = await browser(n.a.app, new Map([['SESSION', forged]])).get('/get')
      expect([response.statusCode, value(response), setCookies(response)]).toEqual([200, null, []])
    }
  })

  it('7.2.1: an id that the server did not make is never adopted', async () => {
    await using n = await nodes(makeStore())
    const planted = 'A'.repeat(24)
    const victim = browser(n.a.app, new Map([['SESSION', planted]]))
    await victim.get('/set')
    expect(victim.cookies.get('SESSION')).not.toBe(planted)
    expect(value(await browser(n.a.app, new Map([['SESSION', planted]])).get('/get'))).toBeNull()
  })

  it('7.2.2 and 7.2.4: each login has a token of its own, and the one before it is dead on every node', async () => {
    await using n = await nodes(makeStore())
    const before = n.user.copy()
    await n.user.get('/login')
    const first = n.user.copy()
    await n.user.get('/login', n.b.app)
    const tokens = [before, first, n.user].map(({ cookies }) => cookies.get('SESSION'))
    expect(new Set(tokens).size).toBe(3)
    for (const old of [before, first]) expect(await n.everywhere(old, '/get')).toEqual([null, null])
    expect(await n.everywhere(n.user, '/get')).toEqual(['secret data', 'secret data'])
  })

  it('7.3.1: a session ends when it was idle for too long, though the client replays its cookie', async () => {
    const clock = fakeClock()
    await using n = await nodes(makeStore(), { now: clock.now, idleTimeoutMs: 60_000, touchEveryMs: 10_000 })
    clock.pass(59_999)
    expect(await n.everywhere(n.user, '/get')).toEqual(['secret data', 'secret data'])
    clock.pass(69_999)
    expect(value(await n.user.copy().get('/get'))).toBe('secret data')
    clock.pass(70_000)
    expect(await n.everywhere(n.user, '/get')).toEqual([null, null])
  })

  it('7.3.2: a session ends at its absolute limit, however busy', async () => {
    const clock = fakeClock()
    await using n = await nodes(makeStore(), { now: clock.now, idleTimeoutMs: 60_000, absoluteTimeoutMs: 180_000 })
    for (let i = 0; i < 4; i++) {
      clock.pass(44_999)
      expect(value(await n.user.get('/get'))).toBe('secret data')
    }
    await n.user.get('/login') // a new id is no new life
    clock.pass(4)
    expect(await n.everywhere(n.user, '/get')).toEqual([null, null])
  })

  it('7.4.1: an ended session is unusable on every node (writes in flight: fault 2 of the peers)', async () => {
    await using n = await nodes(makeStore())
    const thief = n.user.copy()
    await n.user.get('/logout')
    expect(await n.everywhere(thief, '/get')).toEqual([null, null])
    expect(n.user.cookies.has('SESSION')).toBe(false)
  })

  it('7.4.2, 7.4.3 and 7.5.2: all sessions of a user end, or all but one; the list shows handles, never tokens', async () => {
    await using n = await nodes(makeStore())
    const all = [n.user, browser(n.a.app), browser(n.b.app)]
    for (const user of all) await user.get('/login')
    const listed = JSON.stringify(await n.b.sessions.ofUser('bob'))
    for (const user of all) expect(listed).not.toContain(user.cookies.get('SESSION'))
    const [summary] = await n.a.sessions.ofUser('bob')
    expect(
      await browser(n.a.app, new Map([['SESSION', summary?.handle ?? '']]))
        .get('/get')
        .then(value),
    ).toBeNull()
    expect(await n.b.sessions.end('A'.repeat(43), { user: 'bob' })).toBe(false)
    expect(await n.b.sessions.end(summary?.handle ?? '', { user: 'eve' })).toBe(false) // nobody ends another's
    expect(await n.a.sessions.ofUser('bob')).toHaveLength(3)
    expect(await n.b.sessions.endUser('bob', { except: summary?.handle })).toBe(2)
    expect(await n.a.sessions.ofUser('bob')).toHaveLength(1)
    expect(await n.b.sessions.end(summary?.handle ?? '', { user: 'bob' })).toBe(true)
    expect(await n.a.sessions.ofUser('bob')).toEqual([])
    for (const user of all) expect(await n.everywhere(user, '/info')).toEqual([null, null])
  })

  it('7.4.2: a session whose id is renewed while all end does not slip through', async () => {
    const store = makeStore()
    await using n = await nodes(store)
    for (const who of [n.user, browser(n.b.app)]) await who.get('/login')
    const { ofUser } = store
    let renewals = 0
    store.ofUser = async (...args) => {
      const listings = await ofUser.apply(store, args)
      if (++renewals <= 2) expect((await n.user.get('/renew', n.b.app)).statusCode).toBe(200)
      return listings
    }
    expect(await n.a.sessions.endUser('bob')).toBe(2)
    expect(await n.everywhere(n.user, '/get')).toEqual([null, null])
    expect(await n.b.sessions.ofUser('bob')).toEqual([])
  })

  it('refuses users and limits that cannot be, and takes that for no failure of the store', async () => {
    await using n = await nodes(makeStore(), { breaker: { failures: 1, coolDownMs: 60_000 } })
    for (const user of [undefined, '', 5, ['bob'], '\ud800']) {
      await expect(n.a.sessions.ofUser(user as never)).rejects.toThrow('sessions.ofUser: user is')
      await expect(n.a.sessions.endUser(user as never)).rejects.toThrow('sessions.endUser: user is')
      if (user !== undefined) {
        await expect(n.a.sessions.end('x'.repeat(43), { user: user as never })).rejects.toThrow('sessions.end: user is')
      }
    }
    for (const limit of [0, 1.5, Number.NaN, '10']) {
      await expect(n.a.sessions.list({ limit: limit as never })).rejects.toThrow('sessions.list: limit is')
    }
    for (const cursor of ['', 'junk', '-1', '0:99999999999999999999', '9'.repeat(30)])
      await n.a.sessions.list({ cursor })
    expect(n.a.sessions.isCircuitOpen).toBe(false)
  })

  it('7.4.5: an operator ends one session or all', async () => {
    await using n = await nodes(makeStore())
    const sessionsOfAll = async () => {
      const found = []
      let cursor: string | undefined
      do {
        const page = await n.a.sessions.list({ cursor })
        found.push(...page.sessions)
        cursor = page.cursor
      } while (cursor !== undefined)
      return found
    }
    const before = await sessionsOfAll()
    expect(before.length).toBeGreaterThan(0)
    for (const { handle } of before) expect(await n.b.sessions.end(handle)).toBe(true)
    expect(await sessionsOfAll()).toEqual([])
    expect(await n.everywhere(n.user, '/get')).toEqual([null, null])
  })

  it('7.5.1: says when the user last proved who they are', async () => {
    const clock = fakeClock()
    await using n = await nodes(makeStore(), { now: clock.now })
    await n.user.get('/login')
    const at = clock.now()
    clock.pass(60_000)
    expect(await n.everywhere(n.user, '/info')).toEqual([at, at])
    await n.user.get('/login')
    expect(await n.everywhere(n.user, '/info')).toEqual([clock.now(), clock.now()])
  })

  it('limits how many sessions a user may have: the one idle the longest ends', async () => {
    const clock = fakeClock()
    await using n = await nodes(makeStore(), { now: clock.now, maxSessionsPerUser: 2, touchEveryMs: 0 })
    const all = [browser(n.a.app), browser(n.b.app), browser(n.a.app)]
    for (const user of all) {
      clock.pass(1000)
      await user.get('/login')
    }
    const alive = await Promise.all(all.map(async (user) => value(await user.get('/info')) !== null))
    expect(alive).toEqual([false, true, true])
  })
})

describe.each(stores)('on %s', (_name, makeStore) => {
  it('keeps the limit of a user’s sessions when many log in at once, and ends not all of them', async () => {
    await using n = await nodes(makeStore(), { maxSessionsPerUser: 3, storeTimeoutMs: 30_000 })
    const logins = Array.from({ length: 12 }, (_, i) => browser((i % 2 ? n.a : n.b).app).get('/login'))
    for (const { statusCode } of await Promise.all(logins)) expect(statusCode).toBe(200)
    const left = await n.a.sessions.ofUser('bob')
    expect(left.length).toBeGreaterThanOrEqual(1)
    expect(left.length).toBeLessThanOrEqual(3)
  })
})

describe('the cookie', () => {
  it('3.3.1 to 3.3.4: is Secure, SameSite and HttpOnly unless told otherwise, and __Host- when named so', async () => {
    await using n = await nodes(memoryStore(), { cookie: { name: '__Host-SESSION', sameSite: 'strict' } })
    const [line = ''] = setCookies(await browser(n.a.app).get('/set'))
    expect(line).toMatch(/^__Host-SESSION=[\w-]{24}; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
    expect(line.length).toBeLessThan(MAX_COOKIE_BYTES)
  })

  it('3.3.4 and the sheet: the id is in Set-Cookie and nowhere else, and never in an event', async () => {
    await using n = await node()
    routes(n)
    const logged: unknown[] = []
    for (const name of EVENT_NAMES) n.sessions.on(name, (event) => logged.push(event))
    n.on('/report', (session) => session.report())
    n.on('/careless', async (session) => [await session.info(), { ...(await session.info()) }])
    const user = browser(n.app)
    const tokens: string[] = []
    for (const url of ['/set', '/get', '/login', '/report', '/careless', '/logout']) {
      const before = user.cookies.get('SESSION')
      const { body, headers } = await user.get(url)
      tokens.push(...[before, user.cookies.get('SESSION')].filter((token) => token !== undefined))
      const { 'set-cookie': _, ...others } = headers
      for (const token of tokens) expect(body + JSON.stringify(others)).not.toContain(token)
    }
    expect(logged.length).toBeGreaterThan(5)
    for (const token of tokens) expect(JSON.stringify(logged)).not.toContain(token)
  })

  it('the sheet: only cookies carry the id; ;jsessionid= and query parameters are ignored', async () => {
    await using n = await nodes(memoryStore())
    const id = n.user.cookies.get('SESSION')
    const stranger = browser(n.a.app)
    for (const url of [`/get?SESSION=${id}`, `/get?jsessionid=${id}`]) expect(value(await stranger.get(url))).toBeNull()
    expect((await stranger.get(`/get;jsessionid=${id}`)).statusCode).toBe(404)
    const { json } = await stranger.send({ url: '/get', headers: { 'x-auth-token': id } })
    expect(json().value).toBeNull()
  })

  it('the sheet: a response that sets or clears it is not cached; one that does not is left alone', async () => {
    await using n = await node()
    routes(n)
    n.app.get('/cached', async (request, reply) => {
      void reply.header('cache-control', 'public, max-age=60')
      await n.sessions.of(request).set('q', 1)
    })
    const user = browser(n.app)
    expect((await user.get('/cached')).headers['cache-control']).toBe('no-store')
    expect((await user.get('/cached')).headers['cache-control']).toBe('public, max-age=60')
    expect((await user.get('/logout')).headers['cache-control']).toBe('no-store')
  })

  it('is neither cleared nor replaced because its id is unknown', async () => {
    await using n = await nodes(memoryStore())
    const lost = browser(n.a.app, new Map([['SESSION', 'A'.repeat(24)]]))
    for (const url of ['/get', '/logout', '/info']) expect(setCookies(await lost.get(url))).toEqual([])
  })

  it('lasts as long as the session when persistent, and is sent again when that is touched', async () => {
    const clock = fakeClock()
    const options = { now: clock.now, idleTimeoutMs: 60_000, touchEveryMs: 10_000, absoluteTimeoutMs: 90_000 }
    await using n = await nodes(memoryStore(), { ...options, cookie: { persistent: true } })
    const age = async () => /Max-Age=(\d+)/.exec(setCookies(await n.user.get('/get'))[0] ?? '')?.[1]
    expect(await age()).toBeUndefined()
    clock.pass(10_000)
    expect(await age()).toBe('70')
    clock.pass(40_000)
    expect(await age()).toBe('40') // never beyond the absolute limit
  })
})

describe('a header session', () => {
  it('is carried by the header alone, given on making and taken on ending', async () => {
    await using n = await node({ cookie: false, header: 'X-Auth-Token' })
    routes(n)
    const made = await n.app.inject('/set')
    expect(setCookies(made)).toEqual([])
    const headers = { 'x-auth-token': String(made.headers['x-auth-token']) }
    expect(value(await n.app.inject({ url: '/get', headers }))).toBe('secret data')
    expect(value(await n.app.inject({ url: '/get', headers: { 'x-auth-token': 'forged' } }))).toBeNull()
    const ended = await n.app.inject({ url: '/logout', headers })
    expect(ended.headers['x-auth-token']).toBe('')
    expect(value(await n.app.inject({ url: '/get', headers }))).toBeNull()
  })
})

describe('odd attribute names and values', () => {
  it('are refused with a clear 4xx, or stored', async () => {
    await using n = await node({ maxAttributeBytes: 100 })
    const names = ['', 'x'.repeat(1025), '\ud800', 'x'.repeat(1_000_000)]
    n.on('/names', (session) =>
      Promise.all(
        names.map((name) =>
          session.set(name, 1).then(
            () => 200,
            (error) => [error.statusCode, error.code],
          ),
        ),
      ),
    )
    n.on('/large', (session) => session.set('q', 'x'.repeat(100)))
    expect(value(await browser(n.app).get('/names'))).toEqual(names.map(() => [400, 'SESSION_NAME_REFUSED']))
    const large = await browser(n.app).get('/large')
    expect([large.statusCode, large.json().code]).toEqual([413, 'SESSION_VALUE_TOO_LARGE'])
  })

  it.each(['', 'a\r\nSet-Cookie: x=1', '<script>alert(1)</script>', '%FF', '\0', 'x'.repeat(1_000_000), '😀\ud800'])(
    'brings back exactly what was set: %j',
    async (text) => {
      await using n = await node({ store: redisStore({ client }), storeTimeoutMs: 30_000 })
      n.on('/set', (session) => session.set('q', text))
      n.on('/same', async (session) => (await session.get('q')) === text)
      const user = browser(n.app)
      expect((await user.get('/set')).statusCode).toBe(200)
      expect(value(await user.get('/same'))).toBe(true)
    },
  )
})

it('spares the session that asks when all others of the user end, also right after its login', async () => {
  await using n = await node()
  n.on('/login', (session) => session.rotate({ user: 'bob' }))
  n.on('/only-me', (session) => n.sessions.endUser('bob', { except: session }))
  n.on('/user', async (session) => (await session.info())?.user)
  const [me, other] = [browser(n.app), browser(n.app)]
  for (const user of [me, other]) await user.get('/login')
  expect(value(await me.get('/only-me'))).toBe(1)
  expect([value(await me.get('/user')), value(await other.get('/user'))]).toEqual(['bob', null])
})
