import cookie from '@fastify/cookie'
import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { browser, setCookies } from '../../test/browser.ts'
import { createSessions, fastifySessions, memoryStore, type Sessions } from '../index.ts'
import { resolveOptions } from '../resolve-options.ts'
import { carrier } from './carrier.ts'
import { cookieValues } from './cookie.ts'
import { isParserReady, readyParser } from './cookie-parser.ts'
import { isId, newId } from './id.ts'

interface Attributes {
  q: string
}
const make = (name = 'SESSION') => createSessions<Attributes>({ store: memoryStore(), cookie: { name } })
const secret = 'a secret of the application'

type Register = (app: FastifyInstance, ours: () => PromiseLike<unknown>) => Promise<void>

const wasReady = isParserReady()

/** Where an application may register `@fastify/cookie`, seen from our plugin; first the order in which we load its parser. */
const orders: Record<string, Register> = {
  after: async (app, ours) => {
    await ours()
    await app.register(cookie, { secret })
  },
  before: async (app, ours) => {
    await app.register(cookie, { secret })
    await ours()
  },
  'after, parsing later': async (app, ours) => {
    await ours()
    await app.register(cookie, { secret, hook: 'preHandler' })
  },
  'after, without waiting for ours': async (app, ours) => {
    void ours()
    await app.register(cookie, { secret })
  },
}

/** Routes that set the application's cookies beside the session's. */
function serve(app: FastifyInstance, managers: readonly Sessions<Attributes>[]): void {
  app.get('/set', async (request, reply) => {
    void reply.setCookie('signed', 'mine', { signed: true }).setCookie('plain', 'p=1;')
    for (const sessions of managers) await sessions.of(request).set('q', 'x')
    return reply.header('set-cookie', 'raw=1').send('set')
  })
  app.get('/get', async (request) => {
    const { signed = '', plain } = request.cookies
    const read = await Promise.all(managers.map((sessions) => sessions.of(request).get('q')))
    return { signed: request.unsignCookie(signed).value, plain, read }
  })
  app.get('/only-theirs', async (_request, reply) => reply.setCookie('plain', '2').send('set'))
}

const names = (lines: readonly string[]) => lines.map((line) => line.split('=')[0]).toSorted()

describe.each(Object.entries(orders))('@fastify/cookie, registered %s', (_, register) => {
  it.each([1, 2])('works beside %i host(s): every cookie is written once and read back', async (count) => {
    const managers = [make('SHOP'), make('ADMIN')].slice(0, count)
    await using app = Fastify()
    await register(app, () => {
      for (const sessions of managers) void app.register(fastifySessions, { sessions })
      return app
    })
    serve(app, managers)
    const user = browser(app)
    const ours = ['SHOP', 'ADMIN'].slice(0, count)
    expect(names(setCookies(await user.get('/set')))).toEqual([...ours, 'plain', 'raw', 'signed'].toSorted())
    expect((await user.get('/get')).json()).toEqual({ signed: 'mine', plain: 'p=1;', read: ours.map(() => 'x') })
    expect(names(setCookies(await user.get('/only-theirs')))).toEqual(['plain'])
  })

  it('sends none of the handler’s cookies when the commit fails', async () => {
    const sessions = make()
    await using app = Fastify()
    await register(app, () => app.register(fastifySessions, { sessions }))
    serve(app, [sessions])
    sessions.store.commit = () => Promise.reject(new Error('broken'))
    const failed = await app.inject('/set')
    expect([failed.statusCode, setCookies(failed)]).toEqual([503, []])
  })
})

describe('the Cookie header', () => {
  it('had no parser before these tests, so that the first of them saw it loaded without a trace', () => {
    expect([wasReady, isParserReady()]).toEqual([false, true])
  })

  it('is read though the application never registers @fastify/cookie, nor is that plugin there then', async () => {
    const sessions = make()
    await using app = Fastify()
    await app.register(fastifySessions, { sessions })
    app.get('/set', async (request) => sessions.of(request).set('q', 'x'))
    app.get('/get', async (request) => (await sessions.of(request).get('q')) ?? 'none')
    const user = browser(app, new Map([['first', '1']]))
    await user.get('/set')
    user.cookies.set('last', '2')
    expect((await user.get('/get')).body).toBe('x')
    expect([app.hasReplyDecorator('setCookie'), app.hasRequestDecorator('cookies')]).toEqual([false, false])
  })

  it('is read where only a child scope, or only its sibling, has @fastify/cookie', async () => {
    const sessions = make()
    await using app = Fastify()
    await app.register(async (sibling) => void (await sibling.register(cookie)))
    await app.register(fastifySessions, { sessions })
    app.get('/get', async (request) => (await sessions.of(request).get('q')) ?? 'none')
    await app.register(
      async (child) => {
        await child.register(cookie, { secret })
        serve(child, [sessions])
        child.get('/child', async (request) => (await sessions.of(request).get('q')) ?? 'none')
      },
      { prefix: '/child' },
    )
    const user = browser(app)
    expect(names(setCookies(await user.get('/child/set')))).toEqual(['SESSION', 'plain', 'raw', 'signed'])
    expect((await user.get('/child/get')).json()).toMatchObject({ signed: 'mine', read: ['x'] })
    expect([(await user.get('/get')).body, (await user.get('/child/child')).body]).toEqual(['x', 'x'])
    sessions.store.commit = () => Promise.reject(new Error('broken'))
    const failed = await user.get('/child/set')
    expect([failed.statusCode, setCookies(failed)]).toEqual([503, []])
  })

  it('is not looked at by a request that does not ask for its session', async () => {
    const sessions = make()
    await using app = Fastify()
    await app.register(fastifySessions, { sessions })
    let looks = 0
    app.addHook('onRequest', async ({ raw: { headers } }) => {
      const { cookie: value } = headers
      const look = () => {
        looks++
        return value
      }
      Object.defineProperty(headers, 'cookie', { get: look })
    })
    app.get('/untouched', async () => 'ok')
    app.get('/get', async (request) => (await sessions.of(request).get('q')) ?? 'none')
    const headers = { cookie: 'a=1; b=2' }
    await app.inject({ url: '/untouched', headers })
    expect(looks).toBe(0)
    await app.inject({ url: '/get', headers })
    expect(looks).toBe(1)
  })

  it('is read alike by @fastify/cookie’s parser and by the scan that stands in for it without Fastify', async () => {
    await using app = Fastify()
    await readyParser(app)
    expect(isParserReady()).toBe(true)
    const { read } = carrier(resolveOptions({ store: memoryStore({ sweepEveryMs: 0 }) }))
    const id = newId()
    const part = fc.constantFrom('SESSION', 'SESSIONS', '__proto__', '=', ';', '; ', ' ', '\t', '"', '%41', id, 'x')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const header = parts.join('')
        const values = [...cookieValues(header, 'SESSION')]
        const scanned = values.find(isId)
        const token = read({ cookie: header })
        if (scanned === undefined) expect(token).toBe(values.length === 0 ? 'absent' : 'malformed')
        else expect(token).toEqual({ id: scanned, stale: false })
      }),
      { numRuns: 2000 },
    )
  })

  it('gives the first id of its own shape, whatever other paths’ cookies of the same name come before', () => {
    const { read } = carrier(resolveOptions({ store: memoryStore({ sweepEveryMs: 0 }) }))
    const [id, other] = [newId(), newId()]
    expect(read({ cookie: `a=1; SESSION=stray; SESSION="${id}"; SESSION=${other}` })).toEqual({ id, stale: false })
  })
})
