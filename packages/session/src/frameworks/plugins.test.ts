import { once } from 'node:events'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import fastifyCookie from '@fastify/cookie'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import multipart from '@fastify/multipart'
import oauth2, { type OAuth2Namespace } from '@fastify/oauth2'
import rateLimit from '@fastify/rate-limit'
import serveStatic from '@fastify/static'
import view from '@fastify/view'
import websocket from '@fastify/websocket'
// @ts-expect-error: it brings no types
import ejs from 'ejs'
import Fastify, { type FastifyInstance } from 'fastify'
import mercurius, { type MercuriusContext } from 'mercurius'
import { describe, expect, it } from 'vitest'
import { browser, setCookies } from '../../test/browser.ts'
import { flakyStore } from '../../test/flaky-store.ts'
import { createSessions, fastifySessions, type Session } from '../index.ts'

/** The README's table of plugins; those that expect `request.session` are tested beside it. */

interface Attributes {
  name: string
  visits: number
  state: string
}

declare module 'mercurius' {
  interface MercuriusContext {
    session: Session<Attributes>
  }
}

async function appWith() {
  const store = flakyStore()
  const sessions = createSessions<Attributes>({ store, cookie: { secure: false } })
  const app: FastifyInstance = Fastify()
  const register = () => app.register(fastifySessions, { sessions })
  app.get('/set', async (request) => sessions.of(request).set('name', 'ada'))
  app.get('/login', async (request) => sessions.of(request).rotate({ user: 'ada' }))
  app.get('/name', async (request) => (await sessions.of(request).get('name')) ?? 'nobody')
  return { app, sessions, store, register, user: browser(app), [Symbol.asyncDispose]: () => app.close() }
}

const here = dirname(fileURLToPath(import.meta.url))

describe('beside sessions', () => {
  it('@fastify/oauth2 keeps its state in the session, and a state of somebody else’s is refused', async () => {
    await using provider = Fastify()
    provider.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    )
    provider.post('/token', async () => ({ access_token: 'token', token_type: 'bearer', expires_in: 60 }))
    const tokenHost = await provider.listen({ port: 0, host: '127.0.0.1' })
    await using n = await appWith()
    await n.register()
    await n.app.register(fastifyCookie)
    await n.app.register(oauth2, {
      name: 'provider',
      credentials: {
        client: { id: 'id', secret: 'secret' },
        auth: { tokenHost, tokenPath: '/token', authorizeHost: tokenHost, authorizePath: '/authorize' },
      },
      startRedirectPath: '/start',
      callbackUri: 'http://localhost/callback',
      generateStateFunction: async (request: object) => {
        const state = crypto.randomUUID()
        await n.sessions.of(request).set('state', state)
        return state
      },
      checkStateFunction: async (request: { query: unknown }) => {
        const { state } = request.query as { state: string }
        return state === (await n.sessions.of(request).take('state'))
      },
    } as never)
    n.app.get('/callback', async function (request) {
      const { provider } = this as unknown as { provider: OAuth2Namespace }
      const { token } = await provider.getAccessTokenFromAuthorizationCodeFlow(request)
      await n.sessions.of(request).rotate({ user: 'ada' })
      return token.access_token
    })
    const state = async () => new URL(String((await n.user.get('/start')).headers.location)).searchParams.get('state')
    await state()
    expect((await n.user.get('/callback?code=1&state=forged')).statusCode).toBe(500)
    expect(await n.sessions.ofUser('ada')).toEqual([])
    const good = await state()
    expect((await browser(n.app).get(`/callback?code=1&state=${good}`)).statusCode).toBe(500)
    expect((await n.user.get(`/callback?code=1&state=${good}`)).body).toBe('token')
    expect(await n.sessions.ofUser('ada')).toHaveLength(1)
  })

  it('@fastify/rate-limit counts by the user', async () => {
    await using n = await appWith()
    await n.register()
    await n.app.register(rateLimit, {
      max: 2,
      hook: 'preHandler',
      keyGenerator: async (request) => (await n.sessions.of(request).info())?.user ?? request.ip,
    })
    n.app.get('/limited', async () => 'ok')
    await n.user.get('/login')
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await n.user.get('/limited')).statusCode)
    expect(statuses).toEqual([200, 200, 429])
    expect((await browser(n.app).get('/limited')).statusCode).toBe(200)
  })

  it('@fastify/websocket reads the session; what is written must be written before the upgrade', async () => {
    await using n = await appWith()
    await n.app.register(websocket)
    await n.register()
    await n.app.register(async (scope) => {
      const saving = {
        preValidation: async (request: object) => {
          const session = n.sessions.of(request)
          await session.update('visits', (visits = 0) => visits + 1)
        },
      }
      scope.get('/socket', { websocket: true, ...saving }, async (socket, request) => {
        const session = n.sessions.of(request)
        const late = await session.set('name', 'late').catch(({ code }) => code)
        socket.send(JSON.stringify([await session.get('name'), await session.get('visits'), late]))
      })
    })
    await n.user.get('/set')
    const headers = { cookie: `SESSION=${n.user.cookies.get('SESSION')}` }
    const got = Promise.withResolvers<string>()
    const listen = (socket: NodeJS.EventEmitter) => void socket.once('message', (data) => got.resolve(String(data)))
    const socket = await n.app.injectWS('/socket', { headers }, { onInit: listen as never })
    expect(JSON.parse(await got.promise)).toEqual(['ada', 1, 'SESSION_SEALED'])
    socket.terminate()
    expect((await n.user.get('/name')).body).toBe('ada')
  })

  it('@fastify/multipart: an upload may change the session', async () => {
    await using n = await appWith()
    await n.register()
    await n.app.register(multipart)
    n.app.post('/upload', async (request) => {
      const file = await request.file()
      const bytes = await file?.toBuffer()
      await n.sessions.of(request).set('name', file?.filename)
      return bytes?.toString()
    })
    const payload = '--x\r\ncontent-disposition: form-data; name="f"; filename="a.txt"\r\n\r\nbytes\r\n--x--\r\n'
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    expect((await n.user.send({ method: 'POST', url: '/upload', headers, payload })).body).toBe('bytes')
    expect((await n.user.get('/name')).body).toBe('a.txt')
  })

  it('@fastify/view renders a page that reads and writes the session', async () => {
    await using n = await appWith()
    await n.register()
    await n.app.register(view, { engine: { ejs } })
    n.app.get('/page', async (request, reply) => {
      const visits = await n.sessions.of(request).update('visits', (count = 0) => count + 1)
      await n.sessions.of(request).set('name', 'seen')
      return reply.view({ raw: '<p>visit <%= visits %></p>' } as never, { visits })
    })
    expect((await n.user.get('/page')).body).toBe('<p>visit 1</p>')
    expect((await n.user.get('/page')).body).toBe('<p>visit 2</p>')
    expect((await n.user.get('/name')).body).toBe('seen')
  })

  it('@fastify/static sends files whole, in ranges and as 304, with a session that is written', async () => {
    await using n = await appWith()
    await n.register()
    await n.app.register(serveStatic, { root: here, serve: false })
    n.app.get('/file', async (request, reply) => {
      await n.sessions.of(request).set('name', 'reader')
      return reply.sendFile('plugins.test.ts')
    })
    const whole = await n.user.get('/file')
    expect([whole.statusCode, whole.rawPayload.length]).toEqual([200, statSync(join(here, 'plugins.test.ts')).size])
    expect([whole.headers['cache-control'], setCookies(whole).length]).toEqual(['no-store', 1])
    const part = await n.user.send({ url: '/file', headers: { range: 'bytes=0-5' } })
    expect([part.statusCode, part.body]).toEqual([206, 'import'])
    const again = await n.user.send({ url: '/file', headers: { 'if-none-match': String(whole.headers.etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
    expect((await n.user.get('/name')).body).toBe('reader')
  })

  it('mercurius: resolvers read and write the session', async () => {
    await using n = await appWith()
    await n.register()
    await n.app.register(mercurius, {
      schema: 'type Query { name: String } type Mutation { rename(to: String!): String }',
      context: (request) => ({ session: n.sessions.of(request) }),
      resolvers: {
        Query: { name: (_root: unknown, _args: unknown, { session }: MercuriusContext) => session.get('name') },
        Mutation: {
          rename: async (_root: unknown, { to }: { to: string }, { session }: MercuriusContext) => {
            await session.set('name', to)
            return to
          },
        },
      },
    })
    const ask = async (query: string) =>
      (await n.user.send({ method: 'POST', url: '/graphql', payload: { query } })).json().data
    expect(await ask('mutation { rename(to: "eve") }')).toEqual({ rename: 'eve' })
    expect(await ask('{ name }')).toEqual({ name: 'eve' })
  })

  it('@fastify/cors: a preflight asks no store, and a 503 keeps its headers', async () => {
    await using n = await appWith()
    await n.app.register(cors, { origin: 'https://shop.test', credentials: true })
    await n.register()
    await n.user.get('/set')
    n.store.calls.length = 0
    const origin = { origin: 'https://shop.test' }
    const preflight = { ...origin, 'access-control-request-method': 'GET' }
    expect((await n.user.send({ method: 'OPTIONS', url: '/set', headers: preflight })).statusCode).toBe(204)
    expect(n.store.calls).toEqual([])
    n.store.mood = 'failing'
    const { statusCode, headers } = await n.user.send({ url: '/set', headers: origin })
    expect([statusCode, headers['access-control-allow-origin']]).toEqual([503, 'https://shop.test'])
  })

  it('@fastify/helmet: its headers stay, with the cookie and with a 503', async () => {
    await using n = await appWith()
    await n.app.register(helmet)
    await n.register()
    const fine = await n.user.get('/set')
    expect([fine.headers['x-frame-options'], setCookies(fine).length]).toEqual(['SAMEORIGIN', 1])
    n.store.mood = 'failing'
    const failed = await n.user.get('/set')
    expect([failed.statusCode, failed.headers['x-frame-options']]).toEqual([503, 'SAMEORIGIN'])
  })

  it.each(['before', 'after'])(
    '@fastify/compress, registered %s: complete, compressed, with the cookie',
    async (when) => {
      await using n = await appWith()
      if (when === 'after') await n.register()
      await n.app.register(compress)
      if (when === 'before') await n.register()
      const text = 'z'.repeat(50_000)
      n.app.get('/big', async (request, reply) => {
        await n.sessions.of(request).set('name', 'reader')
        return reply.type('text/plain').send(text)
      })
      const at = await n.app.listen({ port: 0, host: '127.0.0.1' })
      const headers = { 'accept-encoding': 'gzip', connection: 'close' }
      const { get } = await import('node:http')
      const [response] = await once(get(`${at}/big`, { headers }), 'response')
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe(text)
      expect([response.headers['content-encoding'], response.headers['set-cookie'].length]).toEqual(['gzip', 1])
    },
  )
})
