import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { gate } from '../../test/app.ts'
import { flakyStore } from '../../test/flaky-store.ts'
import { createSessions } from '../create-sessions.ts'
import type { Session } from '../session.ts'
import { memoryStore } from '../store/memory.ts'
import { expressSyncSessions } from '../sync/express.ts'
import { expressSessions } from './express.ts'
import { type WithSessionsOptions, withSessions } from './with-sessions.ts'

interface Attributes {
  q: string
  n: number
}
type Handler = (request: IncomingMessage, response: ServerResponse, session: Session<Attributes>) => unknown

async function server(handler: Handler, options?: WithSessionsOptions) {
  const store = flakyStore()
  const sessions = createSessions<Attributes>({ store, cookie: { secure: 'auto' } })
  const http = createServer(withSessions(sessions, handler, options))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  let cookie = ''
  const get = async (path = '/') => {
    const response = await fetch(url + path, { headers: { cookie } })
    const [line] = response.headers.getSetCookie()
    if (line) cookie = line.split(';')[0] ?? ''
    return { status: response.status, body: await response.text(), headers: response.headers }
  }
  return {
    store,
    sessions,
    http,
    url,
    get,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      http.close()
    },
  }
}

describe('withSessions', () => {
  it('serves sessions to plain node:http', async () => {
    await using s = await server(async (request, response, session) => {
      if (s.sessions.of(request) !== session) throw new Error('another session')
      response.end(String(await session.update('n', (n = 0) => n + 1)))
    })
    expect([(await s.get()).body, (await s.get()).body]).toEqual(['1', '2'])
  })

  it('saves before the first byte, streams included, and a handler notices nothing', async () => {
    await using s = await server(async (_request, response, session) => {
      await session.set('q', 'x')
      response.writeHead(201, { 'content-type': 'text/plain', 'x-own': '1' })
      if (response.write('a')) response.write('b')
      while (response.write('z'.repeat(10_000)));
      await once(response, 'drain')
      response.end('c')
    })
    const { status, body, headers } = await s.get()
    expect([status, headers.get('x-own'), headers.get('cache-control')]).toEqual([201, '1', 'no-store'])
    expect(body).toMatch(/^abz+c$/)
    expect(headers.getSetCookie()[0]).toMatch(/^SESSION=[\w-]{24}; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(s.store.calls).toEqual(['commit'])
  })

  it('answers 503 instead of the handler when saving fails', async () => {
    await using s = await server(async (_request, response, session) => {
      await session.set('q', 'x')
      response.setHeader('set-cookie', 'own=1')
      response.end('saved!')
    })
    s.store.mood = 'failing'
    const { status, body, headers } = await s.get()
    expect([status, JSON.parse(body).code, headers.get('retry-after')]).toEqual([503, 'SESSION_STORE_FAILED', '1'])
    expect(headers.getSetCookie()).toEqual([])
  })

  it('answers 500 to a handler that throws, tells the client nothing of the error, and saves nothing', async () => {
    const told: unknown[] = []
    const onError = (error: unknown, { url }: IncomingMessage) => told.push([String(error), url])
    await using s = await server(
      async (request, response, session) => {
        if (request.url === '/get') return response.end((await session.get('q')) ?? 'none')
        await session.set('q', 'x')
        if (request.url === '/throw') throw new Error('secret detail')
        if (request.url === '/status') response.statusCode = 502
        return response.writeHead(response.statusCode).end('bad')
      },
      { onError },
    )
    const thrown = await s.get('/throw')
    expect([thrown.status, thrown.body.includes('secret')]).toEqual([500, false])
    expect(told).toEqual([['Error: secret detail', '/throw']])
    expect((await s.get('/status')).status).toBe(502)
    expect((await s.get('/get')).body).toBe('none')
    expect(s.store.calls).toEqual([])
  })

  it('answers 500 also when the handler had chosen a status and headers before it threw', async () => {
    await using s = await server(
      async (_request, response) => {
        response.statusMessage = 'All Well'
        response.writeHead(200, { 'content-type': 'text/html' })
        throw new Error('no')
      },
      { onError: () => {} },
    )
    const { status, statusText, headers } = await fetch(s.url)
    expect([status, statusText]).toEqual([500, 'Internal Server Error'])
    expect(headers.get('content-type')).toBe('application/problem+json')
  })

  it.each([
    ['an object', { 'Set-Cookie': ['own=1', 'two=2'], 'Cache-Control': 'public', 'x-none': undefined }],
    ['one list', ['Set-Cookie', 'own=1', 'Set-Cookie', 'two=2', 'Cache-Control', 'public']],
  ])('sends its cookie beside those that writeHead is given in %s, and keeps them out of caches', async (_, head) => {
    await using s = await server(async (_request, response, session) => {
      await session.set('q', 'x')
      response.setHeader('set-cookie', 'overwritten=1')
      response.writeHead(201, 'Made', head as never).end()
    })
    const { status, statusText, headers } = await fetch(s.url)
    expect([status, statusText, headers.get('cache-control')]).toEqual([201, 'Made', 'no-store'])
    expect(headers.getSetCookie().map((line) => line.split('=')[0])).toEqual(['own', 'two', 'SESSION'])
  })

  it('answers 500 to a body that cannot be sent, and lives on', async () => {
    const told: unknown[] = []
    await using s = await server(
      async (request, response, session) => {
        await session.set('q', 'x')
        response.end(request.url === '/bad' ? (5 as never) : 'fine')
      },
      { onError: (error) => told.push((error as { code: string }).code) },
    )
    expect((await s.get('/bad')).status).toBe(500)
    expect(told).toEqual(['ERR_INVALID_ARG_TYPE'])
    expect((await s.get()).body).toBe('fine')
  })

  it('outlives a client that leaves while its response waits for the store', async () => {
    const [reached, go, left] = [gate(), gate(), gate()]
    await using s = await server(async (_request, response, session) => {
      response.on('close', left.open)
      await session.set('q', 'x')
      response.write('a')
      response.end('b')
    })
    const { commit } = s.store
    const done = gate()
    s.store.commit = async (...args) => {
      reached.open()
      await go.opened
      return commit(...args).finally(done.open)
    }
    const socket = connect(Number(new URL(s.url).port), '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await reached.opened
    socket.destroy()
    await left.opened
    go.open()
    await done.opened
    expect((await s.get()).body).toBe('ab')
  })

  it('keeps the connection of an answer that waits when the server closes', async () => {
    const [reached, go] = [gate(), gate()]
    await using s = await server(async (_request, response, session) => {
      await session.set('q', 'x')
      response.end('in time')
    })
    const { commit } = s.store
    s.store.commit = async (...args) => {
      reached.open()
      await go.opened
      return commit(...args)
    }
    const asked = s.get()
    await reached.opened
    const closed = new Promise((resolve) => s.http.close(resolve))
    go.open()
    expect((await asked).body).toBe('in time')
    s.http.closeAllConnections()
    await closed
  })

  it('gives a session that is made between writeHead and the body its cookie', async () => {
    await using s = await server(async (_request, response, session) => {
      response.writeHead(201, { 'x-own': '1' })
      response.end(String(await session.update('n', (n = 0) => n + 1)))
    })
    const { status, body, headers } = await s.get()
    expect([status, body, headers.get('x-own'), headers.getSetCookie().length]).toEqual([201, '1', '1', 1])
  })

  it('lets nothing of the handler’s leave when saving fails, and tells its callbacks', async () => {
    const told: unknown[] = []
    const over = gate()
    await using s = await server(async (_request, response, session) => {
      await session.set('q', 'x')
      response.writeHead(200, { 'x-secret': '1', etag: '"1"', 'set-cookie': 'own=1', trailer: 'x-sum' })
      response.write('secret', (error) => told.push((error as { code?: string } | undefined)?.code))
      response.addTrailers({ 'x-sum': 'secret' })
      const source = Readable.from(Array.from({ length: 50 }, () => 'secret'.repeat(5_000)))
      source.pipe(response)
      response.on('close', over.open)
    })
    s.store.mood = 'failing'
    const response = await fetch(s.url)
    expect([
      response.status,
      [...response.headers.keys()].filter((name) => /secret|etag|set-cookie|trailer/.test(name)),
    ]).toEqual([503, []])
    expect(await response.text()).not.toContain('secret')
    await over.opened
    expect(told).toEqual(['SESSION_STORE_FAILED'])
  })

  it('keeps the headers that were there before it, such as CORS’s, on the answer to a failure', async () => {
    const sessions = createSessions<Attributes>({ store: flakyStore() })
    const ours = withSessions(sessions, () => Promise.reject(new Error('no')), { onError: () => {} })
    await using http = createServer((request, response) => {
      response.setHeader('access-control-allow-origin', '*')
      ours(request, response)
    })
    await once(http.listen(0, '127.0.0.1'), 'listening')
    const { status, headers } = await fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}`)
    expect([status, headers.get('access-control-allow-origin')]).toEqual([500, '*'])
    http.closeAllConnections()
  })

  it('waits for writes that the handler did not await, and fails with them', async () => {
    await using s = await server((request, response, session) => {
      if (request.url === '/out') void session.invalidate()
      else void session.update('n', async (n = 0) => n + 1)
      response.end('ok')
    })
    expect((await s.get()).headers.getSetCookie()).toHaveLength(1)
    s.store.mood = 'failing'
    expect((await s.get('/out')).status).toBe(503)
    s.store.mood = 'well'
    expect((await s.get('/out')).headers.getSetCookie()[0]).toContain('Max-Age=0')
  })

  it('refuses a write after the response has begun', async () => {
    const late = Promise.withResolvers<string>()
    await using s = await server(async (_request, response, session) => {
      response.end('ok')
      late.resolve(
        session.set('q', 'x').then(
          () => 'fine',
          (error) => error.code,
        ),
      )
    })
    expect((await s.get()).body).toBe('ok')
    expect(await late.promise).toBe('SESSION_SEALED')
  })

  it('serves a chain of middleware, as Express has: the handler is called later, and knows only its request', async () => {
    const sessions = createSessions<Attributes>({ store: flakyStore(), cookie: { secure: 'auto' } })
    const later = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const n = await sessions.of(request).update('n', (n = 0) => n + 1)
      await sessions.of(request).set('q', 'x')
      response.statusCode = request.url === '/fail' ? 500 : 200
      response.end(`${n} ${(await sessions.of(request).keys()).join()}`)
    }
    const http = createServer((request, response) => {
      const next = () => void setImmediate(later, request, response)
      withSessions(sessions, () => next())(request, response)
    })
    await once(http.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    const first = await fetch(`${url}/fail`)
    expect(first.status).toBe(500)
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect(await (await fetch(url, { headers: { cookie } })).text()).toBe('2 n,q')
    http.closeAllConnections()
    http.close()
  })

  it('clears the cookie of a session that ends', async () => {
    await using s = await server(async (request, response, session) => {
      if (request.url === '/end') await session.invalidate()
      else await session.set('q', 'x')
      response.end()
    })
    await s.get()
    expect((await s.get('/end')).headers.getSetCookie()[0]).toContain('Max-Age=0')
  })

  it.each([withSessions, expressSessions, expressSyncSessions])('refuses what are no sessions: %o', (make) => {
    for (const given of [undefined, {}, () => {}]) {
      expect(() => make(given as never, (() => {}) as never)).toThrow('must be what createSessions() returned')
    }
    const sessions = createSessions({ store: memoryStore() })
    expect(() => withSessions(sessions, undefined as never)).toThrow('handler is undefined')
  })

  it('says so when a request does not belong to it', async () => {
    await using s = await server(() => {})
    expect(() => s.sessions.of({})).toThrow('not registered for this request')
  })
})
