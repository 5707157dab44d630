import { afterAll, describe, expect, it } from 'vitest'
import { type Any, node } from '../test/app.ts'
import { type Browser, browser, setCookies } from '../test/browser.ts'
import { redisRig } from '../test/redis-rig.ts'
import type { SessionsOptions } from './index.ts'
import type { Session } from './session.ts'
import { memoryStore } from './store/memory.ts'
import { redisStore } from './store/redis/redis.ts'

const rig = await redisRig()
afterAll(() => rig[Symbol.asyncDispose]())
let worlds = 0
const stores = {
  memory: () => memoryStore(),
  Redis: () => redisStore({ client: rig.client(), namespace: `world-${++worlds}` }),
}
type Act = (session: Session<Any>) => unknown

describe.each(Object.entries(stores))('on %s', (_name, make) => {
  /** A node with a route that does what it is told, and ada, logged in with a cart and a theme. */
  async function world(options: Partial<SessionsOptions> = {}) {
    const n = await node({ store: make(), storeTimeoutMs: 30_000, ...options })
    let act: Act = () => undefined
    n.on('/', (session) => act(session))
    n.on('/fail', async (session) => {
      await act(session)
      throw new Error('no')
    })
    n.on('/other', (session) => session.set('theme', 'light'))
    const ask = async (by: Browser, what: Act, url = '/') => {
      act = what
      return by.get(url)
    }
    const value = async (by: Browser, what: Act) => (await ask(by, what)).json().value
    const ada = browser(n.app)
    await ask(ada, async (session) => {
      await session.set('cart', ['tea'])
      await session.set('theme', 'dark')
      await session.rotate({ user: 'ada' })
    })
    return { ...n, ada, ask, value, [Symbol.asyncDispose]: () => n[Symbol.asyncDispose]() }
  }
  const whole: Act = async (session) => {
    const names = (await session.keys()).toSorted()
    const entries = await Promise.all(names.map(async (name) => [name, await session.get(name)]))
    return { user: (await session.info())?.user, ...Object.fromEntries(entries) }
  }

  describe('regenerate', () => {
    it('drops everything, under another id, and lets the request go on', async () => {
      await using n = await world()
      const old = n.ada.copy()
      const id = n.ada.cookies.get('SESSION')
      const within = await n.value(n.ada, async (session) => {
        await session.set('cart', ['milk'])
        await session.regenerate()
        await session.set('message', 'Goodbye')
        return whole(session)
      })
      expect(within).toEqual({ message: 'Goodbye' })
      expect(n.ada.cookies.get('SESSION')).not.toBe(id)
      expect(await n.value(n.ada, whole)).toEqual({ message: 'Goodbye' })
      expect(await n.value(old, whole)).toEqual({})
      expect(await n.sessions.count({ user: 'ada' })).toBe(0)
    })

    it('has the client forget its id when nothing is set afterwards, and makes no session then', async () => {
      await using n = await world()
      await n.ask(n.ada, (session) => session.regenerate())
      expect(n.ada.cookies.size).toBe(0)
      expect(await n.sessions.count()).toBe(0)
    })

    it.each([[['theme']], [true]] as const)('keeps what it is told to keep: %s', async (keep) => {
      await using n = await world()
      const kept = keep === true ? { cart: ['tea'], theme: 'dark' } : { theme: 'dark' }
      expect(
        await n.value(n.ada, async (session) => {
          await session.regenerate({ keep })
          return whole(session)
        }),
      ).toEqual(kept)
      expect(await n.value(n.ada, whole)).toEqual(kept)
    })

    it('is done at once: the old session is over though the handler fails', async () => {
      await using n = await world()
      await n.ask(n.ada, (session) => session.regenerate(), '/fail')
      expect([await n.value(n.ada, whole), n.ada.cookies.size]).toEqual([{}, 0])
    })

    it('lets a request go on that has invalidated its session', async () => {
      await using n = await world()
      await n.ask(n.ada, async (session) => {
        await session.invalidate()
        await session.regenerate()
        await session.set('message', 'Goodbye')
      })
      expect(await n.value(n.ada, whole)).toEqual({ message: 'Goodbye' })
    })

    it('logs in another user in one go', async () => {
      await using n = await world()
      await n.ask(n.ada, async (session) => {
        await session.regenerate()
        await session.rotate({ user: 'eve' })
        await session.set('cart', [])
      })
      expect(await n.value(n.ada, whole)).toEqual({ user: 'eve', cart: [] })
      expect([await n.sessions.count({ user: 'ada' }), await n.sessions.count({ user: 'eve' })]).toEqual([0, 1])
    })

    it('does nothing to a client without a session, who may get one', async () => {
      await using n = await world()
      const stranger = browser(n.app)
      expect((await n.ask(stranger, (session) => session.regenerate())).headers['set-cookie']).toBeUndefined()
      await n.ask(stranger, (session) => session.regenerate().then(() => session.set('a', 1)))
      expect(await n.value(stranger, whole)).toEqual({ a: 1 })
    })

    it('leaves late requests with the old id no way to replace the new session', async () => {
      await using n = await world()
      const late = n.ada.copy()
      await n.ask(n.ada, (session) => session.regenerate().then(() => session.set('message', 'Goodbye')))
      const response = await n.ask(late, (session) => session.set('lastPage', '/'))
      expect([response.statusCode, setCookies(response)]).toEqual([409, []])
    })

    it.each([1, 'theme', [1], null])('refuses keep: %j', async (keep) => {
      await using n = await world()
      expect((await n.ask(n.ada, (session) => session.regenerate({ keep: keep as never }))).statusCode).toBe(500)
      expect((await n.value(n.ada, whole)).user).toBe('ada')
    })
  })

  describe('rotate to another user', () => {
    it('hands nothing of the former user’s data on', async () => {
      await using n = await world()
      const old = n.ada.copy()
      const within = await n.value(n.ada, async (session) => {
        await session.set('secret', 'ada’s')
        await session.rotate({ user: 'eve' })
        await session.set('since', 'today')
        return whole(session)
      })
      expect(within).toEqual({ user: 'eve', since: 'today' })
      expect(await n.value(n.ada, whole)).toEqual({ user: 'eve', since: 'today' })
      expect(await n.value(old, whole)).toEqual({})
      expect([await n.sessions.count({ user: 'ada' }), await n.sessions.count({ user: 'eve' })]).toEqual([0, 1])
    })

    it.each([
      [true, { cart: ['tea'], theme: 'dark' }],
      [['theme'], { theme: 'dark' }],
    ] as const)('keeps %j when asked', async (keep, kept) => {
      await using n = await world()
      await n.ask(n.ada, (session) => session.rotate({ user: 'eve', keep }))
      expect(await n.value(n.ada, whole)).toEqual({ user: 'eve', ...kept })
      expect([await n.sessions.count({ user: 'ada' }), await n.sessions.count({ user: 'eve' })]).toEqual([0, 1])
    })

    it('shows the id that the client gets', async () => {
      await using n = await world()
      const id = await n.value(n.ada, async (session) => {
        await session.rotate({ user: 'eve' })
        return (await session.info())?.id
      })
      expect(n.ada.cookies.get('SESSION')).toBe(id)
    })

    it('changes nothing when the handler fails', async () => {
      await using n = await world()
      await n.ask(n.ada, (session) => session.rotate({ user: 'eve' }), '/fail')
      expect(await n.value(n.ada, whole)).toEqual({ user: 'ada', cart: ['tea'], theme: 'dark' })
    })

    it('keeps the data of nobody’s session, and of the same user’s', async () => {
      await using n = await world()
      const guest = browser(n.app)
      await n.ask(guest, (session) => session.set('cart', ['milk']))
      await n.ask(guest, (session) => session.rotate({ user: 'bob' }))
      await n.ask(guest, (session) => session.rotate({ user: 'bob' }))
      await n.ask(guest, (session) => session.rotate())
      expect(await n.value(guest, whole)).toEqual({ user: 'bob', cart: ['milk'] })
    })

    it('can make it nobody’s: with nothing, or with what is kept', async () => {
      await using n = await world()
      await n.ask(n.ada, (session) => session.rotate({ user: null, keep: ['theme'] }))
      expect(await n.value(n.ada, whole)).toEqual({ theme: 'dark' })
      expect(await n.sessions.count({ user: 'ada' })).toBe(0)
      await n.ask(n.ada, (session) => session.rotate({ user: 'ada' }))
      await n.ask(n.ada, (session) => session.rotate({ user: null, keep: true }))
      expect(await n.value(n.ada, whole)).toEqual({ theme: 'dark' })
      expect(await n.value(n.ada, async (session) => (await session.info())?.authenticatedAt)).toBeNull()
      await n.ask(n.ada, (session) => session.rotate({ user: 'ada' }))
      await n.ask(n.ada, (session) => session.rotate({ user: null }))
      expect([n.ada.cookies.size, await n.sessions.count()]).toEqual([0, 0])
    })

    it('drops what the same request had staged for the former user', async () => {
      await using n = await world()
      const fresh = browser(n.app)
      await n.ask(fresh, async (session) => {
        await session.rotate({ user: 'ada' })
        await session.set('secret', 'ada’s')
        await session.rotate({ user: 'eve' })
      })
      expect(await n.value(fresh, whole)).toEqual({ user: 'eve' })
    })
  })

  describe('clear', () => {
    it('removes all attributes and keeps the session, and what is set later', async () => {
      await using n = await world()
      const id = n.ada.cookies.get('SESSION')
      await n.ask(n.ada, async (session) => {
        await session.set('more', 1)
        await session.clear()
        await session.set('theme', 'light')
      })
      expect(await n.value(n.ada, whole)).toEqual({ user: 'ada', theme: 'light' })
      expect(n.ada.cookies.get('SESSION')).toBe(id)
    })

    it('makes no session, and changes nothing when the handler fails', async () => {
      await using n = await world()
      const stranger = browser(n.app)
      await n.ask(stranger, (session) => session.clear())
      expect(stranger.cookies.size).toBe(0)
      await n.ask(n.ada, (session) => session.clear(), '/fail')
      expect((await n.value(n.ada, whole)).cart).toEqual(['tea'])
    })
  })

  describe('reload', () => {
    it('sees what another request saved, keeps what is staged, and tells of an end', async () => {
      await using n = await world()
      const other = n.ada.copy()
      const seen = await n.value(n.ada, async (session) => {
        await session.set('mine', 1)
        await session.get('theme')
        await n.app.inject({ url: '/other', headers: { cookie: `SESSION=${other.cookies.get('SESSION')}` } })
        const before = await session.get('theme')
        const isThere = await session.reload()
        return [before, isThere, await session.get('theme'), await session.get('mine')]
      })
      expect(seen).toEqual(['dark', true, 'light', 1])
    })
  })

  describe('a session from a raw request', () => {
    it('can be read, read again and invalidated, but not written', async () => {
      await using n = await world()
      const headers = { cookie: `SESSION=${n.ada.cookies.get('SESSION')}` }
      const session = n.sessions.from({ headers })
      expect(await session.get('theme')).toBe('dark')
      for (const write of [() => session.set('a', 1), () => session.update('a', () => 1), () => session.regenerate()])
        await expect(write()).rejects.toMatchObject({ code: 'SESSION_SEALED' })
      await n.ask(n.ada, (s) => s.set('theme', 'light'))
      expect([await session.reload(), await session.get('theme')]).toEqual([true, 'light'])
      await n.sessions.endUser('ada')
      expect([await session.reload(), await session.get('theme')]).toEqual([false, undefined])
      expect(await n.sessions.from({ headers: {} }).get('theme')).toBeUndefined()
      expect(() => n.sessions.from({} as never)).toThrow('sessions.from: request is {}')
    })
  })

  describe('onTooManySessions: refuse', () => {
    const limits = { maxSessionsPerUser: 2, onTooManySessions: 'refuse' } as const
    const login: Act = (session) => session.rotate({ user: 'bob' })

    it('refuses the login, and leaves the sessions that are there', async () => {
      await using n = await world(limits)
      const [first, second, third] = [browser(n.app), browser(n.app), browser(n.app)]
      for (const user of [first, second]) expect((await n.ask(user, login)).statusCode).toBe(200)
      const refused = await n.ask(third, login)
      expect([refused.statusCode, refused.json().code, third.cookies.size]).toEqual([403, 'SESSION_TOO_MANY', 0])
      expect(await n.value(third, (session) => session.rotate({ user: 'bob' }).catch(() => 'full'))).toBe('full')
      for (const user of [first, second]) expect((await n.value(user, whole)).user).toBe('bob')
      for (const again of [login, (session: Session<Any>) => session.rotate()])
        expect((await n.ask(first, again)).statusCode).toBe(200)
      await n.ask(first, (session) => session.invalidate())
      expect((await n.ask(third, login)).statusCode).toBe(200)
    })

    it('lets as many of many logins at once pass as there is room for', async () => {
      await using n = await world(limits)
      const answers = await Promise.all(Array.from({ length: 8 }, () => n.ask(browser(n.app), login)))
      const codes = answers.map(({ statusCode }) => statusCode)
      expect(await n.sessions.count({ user: 'bob' })).toBe(2)
      expect(codes.filter((code) => code === 403).length).toBeGreaterThanOrEqual(6)
    })
  })

  it('counts live sessions, of all and of a user', async () => {
    await using n = await world()
    for (let i = 0; i < 3; i++) await n.ask(browser(n.app), (session) => session.set('a', i))
    expect([await n.sessions.count(), await n.sessions.count({ user: 'ada' })]).toEqual([4, 1])
    await expect(n.sessions.count({ user: 5 as never })).rejects.toThrow(TypeError)
  })

  describe('maxSessionBytes', () => {
    const big = 'x'.repeat(400)

    it('refuses what would make a session too large, wherever it comes from, and lets it shrink', async () => {
      await using n = await world({ maxSessionBytes: 1000 })
      const add: Act = (session) => session.set('one', big).then(() => session.set('two', big))
      expect((await n.ask(n.ada, add)).statusCode).toBe(200)
      for (const act of [
        (session) => session.set('three', big),
        (session) => session.update('three', () => big),
        (session) => void session.set('three', big),
      ] satisfies Act[]) {
        const response = await n.ask(n.ada, act)
        expect([response.statusCode, response.json().code]).toEqual([413, 'SESSION_FULL'])
      }
      const caught: Act = (session) => session.set('three', big).catch(() => session.set('three', 'small'))
      expect((await n.ask(n.ada, caught)).statusCode).toBe(200)
      expect((await n.ask(n.ada, (session) => session.set('one', 'y'.repeat(300)))).statusCode).toBe(200)
      expect((await n.ask(n.ada, (session) => session.delete('two'))).statusCode).toBe(200)
      expect(await n.value(n.ada, (session) => session.get('three'))).toBe('small')
    })
  })
})
