import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { browser, setCookies } from '../../test/browser.ts'
import { type FlakyStore, flakyStore } from '../../test/flaky-store.ts'
import { fastifySyncSessions, type SyncSession } from '../fastify-session.ts'
import { createSessions, type Sessions, type SessionsOptions } from '../index.ts'

interface Attributes {
  name: string
  cart: string[]
  passport: { user?: string }
}

/** An application whose routes have a `request.session`. */
async function appWith(
  routes: Record<string, (session: SyncSession<Attributes>, request: FastifyRequest, reply: FastifyReply) => unknown>,
  options: Partial<SessionsOptions> = {},
) {
  const store: FlakyStore = flakyStore()
  const sessions: Sessions<Attributes> = createSessions<Attributes>({ store, breaker: { failures: 0 }, ...options })
  const app = Fastify()
  await app.register(fastifySyncSessions, { sessions })
  for (const [url, act] of Object.entries(routes)) {
    app.get(url, async (request, reply) => (await act(sessionOf(request), request, reply)) ?? 'nothing')
  }
  return { app, sessions, store, user: browser(app), [Symbol.asyncDispose]: () => app.close() }
}

const sessionOf = (request: FastifyRequest) => (request as unknown as { session: SyncSession<Attributes> }).session

describe('request.session', () => {
  it('reads and writes attributes as properties, and saves what was changed in place', async () => {
    await using n = await appWith({
      '/set': (session) => {
        session.name = 'ada'
        session.cart = ['tea']
        session.cart.push('milk')
      },
      '/push': (session) => session.cart?.push('rice'),
      '/get': (session) => ({ ...session, known: 'name' in session, keys: Object.keys(session), json: session }),
      '/drop': (session) => {
        delete session.name
      },
    })
    await n.user.get('/set')
    await n.user.get('/push')
    expect((await n.user.get('/get')).json()).toEqual({
      name: 'ada',
      cart: ['tea', 'milk', 'rice'],
      known: true,
      keys: ['name', 'cart'],
      json: { name: 'ada', cart: ['tea', 'milk', 'rice'] },
    })
    await n.user.get('/drop')
    expect((await n.user.get('/get')).json()).toMatchObject({ known: false, keys: ['cart'] })
  })

  it('costs one load for a request that brings a cookie, and nothing more', async () => {
    await using n = await appWith({
      '/set': (session) => session.set('cart', ['tea']),
      '/get': (session) => session.cart,
      '/unread': () => 'ok',
    })
    await n.user.get('/set')
    expect(n.store.calls.splice(0)).toEqual(['commit'])
    await n.user.get('/get')
    await n.user.get('/unread')
    expect(n.store.calls.splice(0)).toEqual(['load', 'load'])
    const visitor = await n.app.inject('/get')
    expect([visitor.statusCode, setCookies(visitor), n.store.calls]).toEqual([200, [], []])
    await n.user.get('/set') // the same value
    expect(n.store.calls).toEqual(['load'])
  })

  it('shows one session together with the other face', async () => {
    await using n = await appWith({})
    n.app.get('/both', async (request) => {
      const [sync, async] = [sessionOf(request), n.sessions.of(request)]
      sync.set('name', 'ada')
      const name = await async.get('name')
      await async.set('cart', ['tea'])
      return name
    })
    n.app.get('/get', async (request) => sessionOf(request))
    expect((await n.user.get('/both')).body).toBe('ada')
    expect((await n.user.get('/get')).json()).toEqual({ name: 'ada', cart: ['tea'] })
  })

  it('is there before the hooks of plugins and routes, not-found and error handlers included', async () => {
    await using n = await appWith({ '/set': (session) => session.set('name', 'ada') })
    const name = (request: FastifyRequest) => sessionOf(request).name
    const seen: unknown[] = []
    n.app.addHook('onRequest', async (request) => void seen.push(name(request)))
    n.app.get('/fail', async () => Promise.reject(new Error('no')))
    n.app.setErrorHandler(async (_error, request, reply) => reply.send({ failed: name(request) }))
    n.app.setNotFoundHandler(async (request) => ({ missing: name(request) }))
    await n.user.get('/set')
    expect((await n.user.get('/fail')).json()).toEqual({ failed: 'ada' })
    expect((await n.user.get('/nowhere')).json()).toEqual({ missing: 'ada' })
    expect(seen).toEqual([undefined, 'ada', 'ada'])
  })

  it.each(['regenerate', 'regenerate by callback'])('%s: an empty session, a new id, the old one dead', async (way) => {
    await using n = await appWith({
      '/set': (session) => Object.assign(session, { name: 'ada', cart: ['tea'] }) && undefined,
      '/renew': async (session, request) => {
        if (way === 'regenerate') await session.regenerate(['cart'])
        else await new Promise<void>((done, failed) => session.regenerate(['cart'], (e) => (e ? failed(e) : done())))
        sessionOf(request).passport = { user: 'eve' }
        return [session === sessionOf(request), session.name]
      },
      '/get': (session) => ({ ...session }),
    })
    await n.user.get('/set')
    const before = n.user.copy()
    expect((await n.user.get('/renew')).json()).toEqual([false, 'ada']) // the old object keeps what it had
    expect(n.user.cookies).not.toEqual(before.cookies)
    expect((await n.user.get('/get')).json()).toEqual({ cart: ['tea'], passport: { user: 'eve' } })
    expect((await before.get('/get')).json()).toEqual({})
  })

  it('regenerate makes no session for a visitor who gets nothing', async () => {
    await using n = await appWith({ '/renew': (session) => session.regenerate() })
    expect(setCookies(await n.user.get('/renew'))).toEqual([])
  })

  it('destroy ends it at once, takes the cookie back and leaves null', async () => {
    await using n = await appWith({
      '/set': (session) => session.set('name', 'ada'),
      '/end': async (session, request) => {
        await session.destroy()
        return { left: sessionOf(request) }
      },
      '/get': (session) => ({ ...session }),
    })
    await n.user.get('/set')
    const copy = n.user.copy()
    const response = await n.user.get('/end')
    expect(response.json()).toEqual({ left: null })
    expect(setCookies(response)[0]).toContain('Max-Age=0')
    expect((await copy.get('/get')).json()).toEqual({})
  })

  it('save saves now; reload reads again and drops what was not saved', async () => {
    await using n = await appWith({
      '/save': async (session) => {
        session.name = 'ada'
        await session.save()
        throw new Error('too late to undo')
      },
      '/reload': async (session, request) => {
        session.name = 'eve'
        await session.reload()
        return sessionOf(request).name
      },
      '/get': (session) => session.name,
    })
    await n.user.get('/save')
    expect((await n.user.get('/reload')).body).toBe('ada')
    expect((await n.user.get('/get')).body).toBe('ada')
  })

  it('tells its id once there is a session, the one that the cookie bears', async () => {
    await using n = await appWith({
      '/visitor': (session) => session.id ?? 'none',
      '/set': (session) => {
        session.name = 'ada'
        return session.sessionId
      },
      '/get': (session) => session.id,
    })
    expect((await n.user.get('/visitor')).body).toBe('none')
    const { body } = await n.user.get('/set')
    expect(n.user.cookies.get('SESSION')).toBe(body)
    expect((await n.user.get('/get')).body).toBe(body)
  })

  it('drops what a handler changed in place before it failed, and keeps what its error handler changes', async () => {
    await using n = await appWith({
      '/set': (session) => session.set('cart', ['tea']),
      '/fail': (session) => {
        session.cart?.push('half done')
        session.name = 'told'
        throw new Error('no')
      },
      '/get': (session) => ({ ...session }),
    })
    n.app.setErrorHandler(async (_error, request, reply) => {
      sessionOf(request).name = 'told'
      return reply.code(400).send('sorry')
    })
    await n.user.get('/set')
    await n.user.get('/fail')
    expect((await n.user.get('/get')).json()).toEqual({ cart: ['tea'], name: 'told' })
  })

  it.each([
    ['set, at once', (session: SyncSession<Attributes>) => session.set('name', (() => 1) as never), 'REFUSED'],
    [
      'in place',
      (session: SyncSession<Attributes>) => Object.assign(session, { name: () => 1 }) && undefined,
      'REFUSED',
    ],
    [
      'under a method’s name',
      (session: SyncSession<Attributes>) => Object.assign(session, { save: 1 }) && undefined,
      'save',
    ],
  ])('refuses a value that cannot be saved: %s', async (_, act, told) => {
    await using n = await appWith({ '/set': act })
    const response = await n.user.get('/set')
    expect([response.statusCode, setCookies(response)]).toEqual([500, []])
    expect(response.body).toContain(told)
  })

  it('answers 503 when the store fails, before any handler runs; it never shows an empty session instead', async () => {
    const seen: string[] = []
    await using n = await appWith({
      '/set': (session) => session.set('name', 'ada'),
      '/get': () => void seen.push('ran'),
    })
    await n.user.get('/set')
    n.store.mood = 'failing'
    expect([(await n.user.get('/get')).statusCode, seen]).toEqual([503, []])
  })

  it('lets readers pass as anonymous when told to, but refuses their writes', async () => {
    const routes = {
      '/set': (session: SyncSession<Attributes>) => session.set('name', 'ada'),
      '/place': (session: SyncSession<Attributes>) => void Object.assign(session, { name: 'eve' }),
      '/get': (session: SyncSession<Attributes>) => session.name,
    }
    await using n = await appWith(routes, { onStoreFailure: 'anonymous' })
    await n.user.get('/set')
    n.store.only = ['load']
    n.store.mood = 'failing'
    expect((await n.user.get('/get')).statusCode).toBe(200)
    expect((await n.user.get('/set')).statusCode).toBe(503)
    expect((await n.user.get('/place')).statusCode).toBe(503)
    n.store.mood = 'well'
    expect((await n.user.get('/get')).body).toBe('ada')
  })

  it('throws at set once the response has begun', async () => {
    const late = Promise.withResolvers<unknown>()
    await using n = await appWith({
      '/late': async (session, _request, reply) => {
        await reply.send('ok')
        try {
          session.set('name', 'late')
        } catch (error) {
          late.resolve((error as { code: string }).code)
        }
        return reply
      },
    })
    await n.user.get('/late')
    expect(await late.promise).toBe('SESSION_SEALED')
  })

  it('says whose the cookie’s options are when one is set for a single session', async () => {
    await using n = await appWith({
      '/cookie': (session) => session.cookie,
      '/age': (session) => Object.assign(session.cookie, { maxAge: 1000 }),
      '/options': (session) => session.options({ secure: false }),
      '/none': (session) => session.options({ userInfo: 'x' }),
    })
    expect((await n.user.get('/cookie')).json()).toMatchObject({ path: '/', httpOnly: true, maxAge: null })
    for (const url of ['/age', '/options']) {
      expect((await n.user.get(url)).json().message).toContain('createSessions()')
    }
    expect((await n.user.get('/none')).statusCode).toBe(200)
  })
})
