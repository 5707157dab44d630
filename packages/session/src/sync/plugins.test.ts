import fastifyCookie from '@fastify/cookie'
import csrf from '@fastify/csrf-protection'
import flash from '@fastify/flash'
import { Authenticator, Strategy } from '@fastify/passport'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { browser, setCookies } from '../../test/browser.ts'
import { fastifySyncSessions } from '../fastify-session.ts'
import { createSessions, fastifySessions, memoryStore } from '../index.ts'

/** A form's fields in a query stand for a real strategy. */
class PasswordStrategy extends Strategy {
  override authenticate(request: FastifyRequest): void {
    const { user, password } = request.query as Record<string, string>
    if (password === 'right') this.success({ id: user })
    else this.fail()
  }
}

const make = () => createSessions<Record<string, unknown>>({ store: memoryStore() })
type Attributes = { get(name: string): unknown; set(name: string, value: unknown): void }
const sessionOf = (request: object) => (request as { session: Attributes }).session

describe('@fastify/passport', () => {
  async function app(options: ConstructorParameters<typeof Authenticator>[0] = {}) {
    const passport = new Authenticator(options)
    passport.use('password', new PasswordStrategy('password'))
    passport.registerUserSerializer(async (user: { id: string }) => user.id)
    passport.registerUserDeserializer(async (id: string) => (id === 'deleted' ? false : { id }))
    const app = Fastify()
    await app.register(fastifySyncSessions, { sessions: make() })
    await app.register(passport.initialize())
    await app.register(passport.secureSession())
    const guard = { preValidation: passport.authenticate('password') }
    app.get('/login', guard, async (request) => request.user)
    app.get('/logout', async (request) => {
      await request.logout()
      return 'bye'
    })
    app.get('/me', async (request) => ({ user: request.user, known: request.isAuthenticated() }))
    app.get('/secret', async (request, reply) => (request.isAuthenticated() ? 'secret' : reply.code(401).send()))
    app.get('/cart', async (request) => sessionOf(request).set('cart', ['tea']))
    app.get('/cart/show', async (request) => sessionOf(request).get('cart') ?? 'none')
    return { app, user: browser(app), [Symbol.asyncDispose]: () => app.close() }
  }

  it('lets nobody in who is not logged in', async () => {
    await using n = await app()
    expect((await n.user.get('/secret')).statusCode).toBe(401)
    expect((await n.user.get('/me')).json()).toEqual({ user: null, known: false })
  })

  it('logs in with a new id, and the old one is dead', async () => {
    await using n = await app()
    await n.user.get('/cart')
    const before = n.user.copy()
    expect((await n.user.get('/login?user=ada&password=right')).json()).toEqual({ id: 'ada' })
    expect(n.user.cookies).not.toEqual(before.cookies)
    expect((await n.user.get('/secret')).body).toBe('secret')
    expect((await n.user.get('/me')).json()).toEqual({ user: { id: 'ada' }, known: true })
    expect((await before.get('/secret')).statusCode).toBe(401)
    expect((await n.user.get('/cart/show')).body).toBe('none') // passport clears the session at login
  })

  it('keeps the cart at login where passport is told so', async () => {
    await using n = await app({ clearSessionOnLogin: false })
    await n.user.get('/cart')
    await n.user.get('/login?user=ada&password=right')
    expect((await n.user.get('/cart/show')).json()).toEqual(['tea'])
    expect((await n.user.get('/secret')).body).toBe('secret')
  })

  it('refuses a wrong password, and nothing is made of it', async () => {
    await using n = await app()
    const response = await n.user.get('/login?user=ada&password=wrong')
    expect([response.statusCode, setCookies(response)]).toEqual([401, []])
    expect((await n.user.get('/secret')).statusCode).toBe(401)
  })

  it('logs out, for every copy of the cookie', async () => {
    await using n = await app()
    await n.user.get('/login?user=ada&password=right')
    const copy = n.user.copy()
    expect((await n.user.get('/logout')).body).toBe('bye')
    expect((await n.user.get('/secret')).statusCode).toBe(401)
    expect((await copy.get('/secret')).statusCode).toBe(401)
  })

  it('logs out a user who is no more', async () => {
    await using n = await app()
    await n.user.get('/login?user=deleted&password=right')
    expect((await n.user.get('/secret')).statusCode).toBe(401)
  })

  it.each([
    { what: 'without a request.session', decorate: undefined },
    { what: 'with the async session under its name', decorate: 'session' },
  ])('is refused, never let pass, $what', async ({ decorate }) => {
    const passport = new Authenticator()
    await using app = Fastify()
    const start = async () => {
      await app.register(fastifySessions, { sessions: make(), ...(decorate ? { decorate } : {}) })
      await app.register(passport.initialize())
      await app.register(passport.secureSession())
      await app.ready()
    }
    await expect(start()).rejects.toThrow(/session/)
  })
})

describe('@fastify/flash', () => {
  it('shows a message once, on the next page', async () => {
    await using app = Fastify()
    await app.register(fastifySyncSessions, { sessions: make() })
    await app.register(flash)
    app.get('/save', async (request, reply) => {
      request.flash('info', ['saved', 'twice'])
      return reply.redirect('/page')
    })
    app.get('/page', async (_request, reply) => reply.flash('info'))
    const user = browser(app)
    await user.get('/save')
    expect((await user.get('/page')).json()).toEqual(['saved', 'twice'])
    expect((await user.get('/page')).json()).toEqual([])
  })
})

describe.each(['@fastify/session', '@fastify/secure-session', '@fastify/cookie'] as const)(
  '@fastify/csrf-protection, sessionPlugin: %s',
  (sessionPlugin) => {
    async function app() {
      const app: FastifyInstance = Fastify()
      await app.register(fastifySyncSessions, { sessions: make() })
      await app.register(fastifyCookie)
      await app.register(csrf, { sessionPlugin } as Parameters<typeof csrf>[1])
      app.get('/token', async (_request, reply) => reply.generateCsrf())
      app.post('/change', { onRequest: app.csrfProtection }, async () => 'changed')
      return { app, user: browser(app), [Symbol.asyncDispose]: () => app.close() }
    }

    it('accepts the token that the session was given, in later requests too', async () => {
      await using n = await app()
      const { body } = await n.user.get('/token')
      const headers = { 'x-csrf-token': body }
      for (let i = 0; i < 2; i++) {
        const response = await n.user.send({ method: 'POST', url: '/change', headers })
        expect([response.statusCode, response.body]).toEqual([200, 'changed'])
      }
    })

    it.each(['none', 'forged', 'of another session'])('refuses a token: %s', async (which) => {
      await using n = await app()
      await n.user.get('/token')
      const other = browser(n.app)
      const token = { none: '', forged: 'AAAA-BBBB', 'of another session': (await other.get('/token')).body }[which]
      const headers = { 'x-csrf-token': token as string }
      expect((await n.user.send({ method: 'POST', url: '/change', headers })).statusCode).toBe(403)
      expect((await browser(n.app).send({ method: 'POST', url: '/change', headers })).statusCode).toBe(403)
    })
  },
)
