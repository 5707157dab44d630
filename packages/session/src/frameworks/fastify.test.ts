import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { browser, setCookies } from '../../test/browser.ts'
import { createSessions, fastifySessions, memoryStore, type Session } from '../index.ts'

interface Attributes {
  q: string
  n: number
}
const make = (name = 'SESSION') => createSessions<Attributes>({ store: memoryStore(), cookie: { name } })

describe('fastifySessions', () => {
  it('serves the routes of its scope and of its children, and says so clearly elsewhere', async () => {
    const sessions = make()
    await using app = Fastify()
    await app.register(async (scope) => {
      await scope.register(fastifySessions, { sessions })
      scope.get('/in', async (request) => (await sessions.of(request).get('q')) ?? 'none')
      await scope.register(async (child) => {
        child.get('/child', async (request) => (await sessions.of(request).get('q')) ?? 'none')
      })
    })
    app.get('/out', async (request) => sessions.of(request).get('q'))
    expect((await app.inject('/in')).body).toBe('none')
    expect((await app.inject('/child')).body).toBe('none')
    const { statusCode, json } = await app.inject('/out')
    expect([statusCode, json().code]).toEqual([500, 'SESSION_NOT_REGISTERED'])
    expect(json().message).toContain('app.register(fastifySessions, { sessions })')
  })

  it('serves several managers on one app, each with its own cookie', async () => {
    const [shop, admin] = [make('SHOP'), make('ADMIN')]
    await using app = Fastify()
    await app.register(fastifySessions, { sessions: shop })
    await app.register(fastifySessions, { sessions: admin })
    app.get('/set', async (request) => {
      await shop.of(request).set('q', 'shop')
      await admin.of(request).set('q', 'admin')
    })
    app.get('/get', async (request) => [await shop.of(request).get('q'), await admin.of(request).get('q')])
    const user = browser(app)
    await user.get('/set')
    expect([...user.cookies.keys()].toSorted()).toEqual(['ADMIN', 'SHOP'])
    expect((await user.get('/get')).json()).toEqual(['shop', 'admin'])
  })

  it('refuses two managers that would overwrite each other’s cookie or header, in one scope or its child', async () => {
    await using app = Fastify()
    await app.register(fastifySessions, { sessions: make('SHOP') })
    app.register(async (child) => {
      await child.register(fastifySessions, { sessions: make('SHOP') })
    })
    await expect(app.ready()).rejects.toThrow('other sessions travel in the cookie SHOP already')
    await using other = Fastify()
    const byHeader = () => createSessions({ store: memoryStore(), cookie: false, header: 'x-auth-token' })
    await other.register(fastifySessions, { sessions: byHeader() })
    other.register(fastifySessions, { sessions: byHeader() })
    await expect(other.ready()).rejects.toThrow('in the header x-auth-token already')
  })

  it('takes cookies of one name for two when their paths differ, or when no request meets both', async () => {
    const under = (path: string) => createSessions<Attributes>({ store: memoryStore(), cookie: { path } })
    await using app = Fastify()
    await app.register(fastifySessions, { sessions: under('/shop') })
    await app.register(fastifySessions, { sessions: under('/admin') })
    for (const host of ['a.test', 'b.test']) {
      await app.register(async (scope) => {
        const sessions = under('/')
        await scope.register(fastifySessions, { sessions })
        scope.get('/set', { constraints: { host } }, async (request) => sessions.of(request).set('q', host))
      })
    }
    expect(setCookies(await app.inject({ url: '/set', headers: { host: 'b.test' } }))).toHaveLength(1)
  })

  it('keeps one manager’s cookie when another’s commit fails', async () => {
    const [shop, admin] = [make('SHOP'), make('ADMIN')]
    await using app = Fastify()
    await app.register(fastifySessions, { sessions: shop })
    await app.register(fastifySessions, { sessions: admin })
    app.get('/login', async (request, reply) => {
      void reply.header('set-cookie', 'own=1')
      await shop.of(request).rotate({ user: 'bob' })
      await admin.of(request).set('q', 'x')
      admin.store.commit = () => Promise.reject(new Error('broken'))
    })
    const response = await app.inject('/login')
    expect(response.statusCode).toBe(503)
    expect(setCookies(response).map((line) => line.split('=')[0])).toEqual(['SHOP'])
  })

  it('does nothing when a parent scope serves the same sessions already', async () => {
    const sessions = make()
    await using app = Fastify()
    await app.register(fastifySessions, { sessions })
    await app.register(async (child) => {
      await child.register(fastifySessions, { sessions })
      child.get('/set', async (request) => sessions.of(request).set('q', 'x'))
    })
    expect(setCookies(await app.inject('/set'))).toHaveLength(1)
  })

  it('serves routes that were added before it has loaded', async () => {
    const sessions = make()
    await using app = Fastify()
    app.register(fastifySessions, { sessions })
    app.get('/set', async (request) => sessions.of(request).set('q', 'x'))
    expect(setCookies(await app.inject('/set'))).toHaveLength(1)
  })

  it('decorates the request only when asked to, under the name that it is given', async () => {
    const [plain, named] = [make('A'), make('B')]
    await using app = Fastify()
    await app.register(fastifySessions, { sessions: plain })
    await app.register(fastifySessions, { sessions: named, decorate: 'admin' })
    app.get('/', async (request) => {
      const { admin, session } = request as unknown as { admin: Session<Attributes>; session: unknown }
      return [session === undefined, admin === named.of(request)]
    })
    expect((await app.inject('/')).json()).toEqual([true, true])
  })

  it.each([true, 'session'])('refuses decorate: %j, as plugins would take its promises for data', async (decorate) => {
    await using app = Fastify()
    const registered = app.register(fastifySessions, { sessions: make(), decorate: decorate as string })
    await expect(registered).rejects.toThrow("fastifySyncSessions, from '@session-cluster/session/fastify-session'")
  })

  it('serves hooks that ran before it, not-found handlers and error handlers', async () => {
    const sessions = make()
    await using app = Fastify()
    app.addHook('onRequest', async (request) => {
      if (app.hasRequestDecorator(sessions.slot)) await sessions.of(request).set('q', 'early')
    })
    await app.register(fastifySessions, { sessions })
    app.setNotFoundHandler(async (request, reply) => reply.code(404).send(await sessions.of(request).get('q')))
    const response = await app.inject('/nowhere')
    expect([response.statusCode, response.body]).toEqual([404, 'early'])
    expect(setCookies(response)).toHaveLength(1)
  })

  it('knows by trustProxy that the client’s side is TLS, with secure: auto', async () => {
    const sessions = createSessions<Attributes>({ store: memoryStore(), cookie: { secure: 'auto' } })
    const isSecure = async (trustProxy: boolean) => {
      await using app = Fastify({ trustProxy })
      await app.register(fastifySessions, { sessions })
      app.get('/', async (request) => sessions.of(request).set('q', 'x'))
      const headers = { 'x-forwarded-proto': 'https' }
      return setCookies(await app.inject({ url: '/', headers }))[0]?.includes('; Secure')
    }
    expect([await isSecure(true), await isSecure(false)]).toEqual([true, false])
  })

  it('refuses options that are not what createSessions returned', async () => {
    await using app = Fastify()
    await expect(app.register(fastifySessions, { sessions: {} as never })).rejects.toThrow(
      'must be what createSessions()',
    )
    await using other = Fastify()
    const bad = other.register(fastifySessions, { sessions: make(), decorate: '' })
    await expect(bad).rejects.toThrow("decorate is ''")
  })

  it('types attributes without any global declaration', async () => {
    const sessions = make()
    await using app = Fastify()
    await app.register(fastifySessions, { sessions })
    app.get('/', async (request) => {
      const session = sessions.of(request)
      await session.set('n', 1)
      // @ts-expect-error n is a number
      await session.set('n', 'one')
      // @ts-expect-error there is no such attribute
      await session.get('unknown')
      const sum: number | undefined = await session.update('n', () => 2)
      return sum
    })
    expect((await app.inject('/')).body).toBe('2')
  })
})
