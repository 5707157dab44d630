import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import type { LightMyRequestResponse } from 'fastify'
import { describe, expect, it } from 'vitest'
import { gate, node, type TestNode } from '../test/app.ts'
import { browser, setCookies } from '../test/browser.ts'
import { type FlakyStore, flakyStore } from '../test/flaky-store.ts'
import type { SessionReport } from './request/report.ts'
import type { Session } from './session.ts'

/** One app with a route for each way that a request can end; the README's table of outcomes is these tests. */
async function outcomes(prepare: (n: TestNode) => void = () => {}) {
  const store: FlakyStore = flakyStore()
  const n = await node({ store, storeTimeoutMs: 30, breaker: { failures: 0 } })
  const events: string[] = []
  const reports: SessionReport[] = []
  for (const name of ['created', 'rotated', 'ended', 'gone', 'conflict', 'discarded', 'storeError'] as const) {
    n.sessions.on(name, () => events.push(name))
  }
  n.app.addHook('onResponse', async (request) => void reports.push(n.sessions.of(request).report()))
  n.on('/set', (session) => session.set('q', 'kept'))
  n.on('/get', (session) => session.get('q'))
  n.app.get('/change', async (request, reply) => {
    void reply.header('set-cookie', 'handlers=own; Path=/')
    const session = n.sessions.of(request)
    await session.get('q')
    await n.app.meanwhile()
    await session.set('q', 'changed')
    return reply.code(201).send('done')
  })
  n.app.decorate('meanwhile', async () => {})
  prepare(n)
  const user = browser(n.app)
  await user.get('/set')
  events.length = 0
  reports.length = 0
  return { ...n, store, events, reports, user, value: async () => (await user.get('/get')).json().value as unknown }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** What happens in the middle of `/change`. */
    meanwhile: () => Promise<unknown>
  }
}

const code = (response: LightMyRequestResponse): string => (response.json() as { code: string }).code

describe('outcome: ok', () => {
  it('answers as the handler says, with its cookies, and reports ok', async () => {
    await using n = await outcomes()
    const response = await n.user.get('/change')
    expect(response.statusCode).toBe(201)
    expect(setCookies(response)).toEqual(['handlers=own; Path=/'])
    expect(n.events).toEqual([])
    expect(n.reports[0]).toMatchObject({ cookie: 'present', outcome: 'found', commit: 'ok', storeCommands: 2 })
    expect(await n.value()).toBe('changed')
  })

  it('gives a new session’s cookie along with the handler’s, and emits created', async () => {
    await using n = await outcomes()
    const response = await browser(n.app).get('/change')
    expect(setCookies(response)).toHaveLength(2)
    expect(response.headers['cache-control']).toBe('no-store')
    expect(n.events).toEqual(['created'])
    expect(n.reports[0]).toMatchObject({ cookie: 'absent', outcome: 'created', commit: 'ok' })
  })

  it('is committed before the first byte of the response leaves', async () => {
    const store = flakyStore()
    await using n = await node({ store, storeTimeoutMs: 60_000 })
    const [reached, go] = [gate(), gate()]
    const { commit } = store
    store.commit = async (...args) => {
      reached.open()
      await go.opened
      return commit(...args)
    }
    n.app.get('/stream', async (request, reply) => {
      await n.sessions.of(request).set('q', 1)
      const body = new PassThrough()
      body.end('body')
      return reply.send(body)
    })
    await n.app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((n.app.server.address() as AddressInfo).port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => {
      received += String(chunk)
    })
    socket.write('GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await reached.opened
    expect(received).toBe('')
    go.open()
    await once(socket, 'close')
    expect(received).toMatch(/^HTTP\/1.1 200/)
    expect(received).toContain('body')
  })
})

describe('outcome: gone', () => {
  it('answers 409 without the handler’s cookies, emits gone, and the session stays dead', async () => {
    await using n = await outcomes()
    n.app.meanwhile = async () => {
      for (const { handle } of (await n.sessions.list()).sessions) await n.sessions.end(handle)
    }
    const response = await n.user.get('/change')
    expect([response.statusCode, code(response)]).toEqual([409, 'SESSION_GONE'])
    expect(setCookies(response)).toEqual([])
    expect(n.events).toEqual(['ended', 'gone'])
    expect(n.reports[0]?.commit).toBe('gone')
    expect(await n.value()).toBeNull()
  })

  it('answers 409 to an update that was beaten, and then finds the session ended: it makes none in its place', async () => {
    await using n = await outcomes((app) => app.on('/update', (session) => session.update('q', () => 'mine')))
    const { commit } = n.store
    n.store.commit = async (key, delta, options) => {
      if (!delta.expect) return commit(key, delta, options)
      await n.store.destroy(key, options)
      return 'conflict'
    }
    const response = await n.user.get('/update')
    expect([response.statusCode, code(response)]).toEqual([409, 'SESSION_GONE'])
    expect(setCookies(response)).toEqual([])
    expect((await n.sessions.list()).sessions).toEqual([])
  })

  it('destroys the stream that the handler wanted to send', async () => {
    const body = new PassThrough()
    await using n = await outcomes(({ app, sessions }) =>
      app.get('/stream', async (request, reply) => {
        await sessions.of(request).set('q', 'changed')
        for (const { handle } of (await sessions.list()).sessions) await sessions.end(handle)
        return reply.send(body)
      }),
    )
    expect((await n.user.get('/stream')).statusCode).toBe(409)
    expect(body.destroyed).toBe(true)
  })
})

describe('outcome: conflict', () => {
  it('answers 409 without cookies and emits conflict when update never gets its turn', async () => {
    await using n = await outcomes((app) => app.on('/update', (session) => session.update('q', () => 'mine')))
    const { commit } = n.store
    n.store.commit = async (key, delta, options) => (delta.expect ? 'conflict' : commit(key, delta, options))
    const response = await n.user.get('/update')
    expect([response.statusCode, code(response)]).toEqual([409, 'SESSION_CONFLICT'])
    expect(setCookies(response)).toEqual([])
    expect(n.events).toEqual(['conflict'])
    expect(n.reports[0]?.commit).toBe('conflict')
    expect(await n.value()).toBe('kept')
  })
})

describe.each([
  { mood: 'failing', expected: 'SESSION_STORE_FAILED' },
  { mood: 'hung', expected: 'SESSION_STORE_TIMEOUT' },
] as const)('outcome: store $mood', ({ mood, expected }) => {
  it('at the commit: 503 with Retry-After, without cookies, and emits storeError', async () => {
    await using n = await outcomes()
    n.store.only = ['commit']
    n.store.mood = mood
    const response = await n.user.get('/change')
    expect([response.statusCode, code(response)]).toEqual([503, expected])
    expect(response.headers['retry-after']).toBe('1')
    expect(setCookies(response)).toEqual([])
    expect(n.events).toEqual(['storeError'])
    expect(n.reports[0]?.commit).toBe('failed')
    n.store.mood = 'well'
    expect(await n.value()).toBe('kept')
  })

  it('at the commit: 503 without the headers that spoke of the handler’s answer; others stay', async () => {
    await using n = await outcomes(({ app, sessions }) => {
      app.addHook('onSend', async (_request, reply) => {
        if (reply.statusCode < 400) void reply.headers({ etag: '"1"', 'content-encoding': 'gzip' })
      })
      app.get('/full', async (request, reply) => {
        await sessions.of(request).set('q', 'changed')
        void reply.headers({ 'cache-control': 'public, max-age=600', 'access-control-allow-origin': '*' })
        return reply.redirect('/elsewhere')
      })
    })
    n.store.only = ['commit']
    n.store.mood = mood
    const { statusCode, headers } = await n.user.get('/full')
    expect(statusCode).toBe(503)
    expect([headers.etag, headers['content-encoding'], headers.location]).toEqual([undefined, undefined, undefined])
    expect([headers['cache-control'], headers['access-control-allow-origin']]).toEqual(['no-store', '*'])
  })

  it('at the commit: 503 without the trailers that were announced, and with one length', async () => {
    await using n = await outcomes(({ app, sessions }) => {
      app.get('/summed', async (request, reply) => {
        await sessions.of(request).set('q', 'changed')
        return reply.trailer('x-sum', async () => 'sum').send('body')
      })
    })
    n.store.only = ['commit']
    n.store.mood = mood
    const { statusCode, headers } = await n.user.get('/summed')
    expect([statusCode, headers.trailer, headers['transfer-encoding']]).toEqual([503, undefined, undefined])
    expect(Number(headers['content-length'])).toBeGreaterThan(0)
  })

  it('at the load: 503, and the handler does not go on', async () => {
    await using n = await outcomes()
    n.store.mood = mood
    const response = await n.user.get('/change')
    expect([response.statusCode, code(response)]).toEqual([503, expected])
    expect(setCookies(response)).toEqual(['handlers=own; Path=/'])
    expect(n.reports[0]).toMatchObject({ outcome: 'failed' })
  })

  it('never gives a visitor a fresh session instead', async () => {
    await using n = await outcomes()
    n.store.mood = mood
    const response = await browser(n.app).get('/set')
    expect(response.statusCode).toBe(503)
    expect(setCookies(response)).toEqual([])
  })

  it('at invalidate: 503, and the client keeps its cookie, because the session may live', async () => {
    await using n = await outcomes((app) => app.on('/logout', (session) => session.invalidate()))
    n.store.mood = mood
    const response = await n.user.get('/logout')
    expect(response.statusCode).toBe(503)
    expect(setCookies(response)).toEqual([])
  })
})

describe('outcome: client aborted', () => {
  it('saves what the handler changed, as if the client had stayed', async () => {
    await using n = await outcomes()
    const [reached, go] = [gate(), gate()]
    n.app.meanwhile = async () => {
      reached.open()
      await go.opened
    }
    await n.app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((n.app.server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(`GET /change HTTP/1.1\r\nHost: x\r\nCookie: SESSION=${n.user.cookies.get('SESSION')}\r\n\r\n`)
    await reached.opened
    socket.destroy()
    await once(socket, 'close')
    go.open()
    await expect.poll(n.value).toBe('changed')
    expect(n.events).toEqual([])
  })
})

describe('outcome: handler failed', () => {
  const ways: [string, (n: TestNode) => void][] = [
    ['throws', (n) => n.on('/fail', (session) => session.set('q', 'x').then(() => Promise.reject(new Error('no'))))],
    [
      'throws a 4xx',
      (n) =>
        n.on('/fail', (session) =>
          session.set('q', 'x').then(() => Promise.reject(Object.assign(new Error('no'), { statusCode: 422 }))),
        ),
    ],
    [
      'answers 5xx',
      (n) =>
        n.app.get('/fail', async (request, reply) => {
          await n.sessions.of(request).set('q', 'x')
          return reply.code(502).send('bad gateway')
        }),
    ],
    [
      'throws to an error handler that answers 200',
      (n) => {
        n.app.get(
          '/fail',
          { errorHandler: (_error, _request, reply) => void reply.code(200).send({ fine: true }) },
          async (request) => {
            await n.sessions.of(request).set('q', 'x')
            throw new Error('no')
          },
        )
      },
    ],
  ]

  it.each(ways)('saves nothing when it %s, gives no cookie, and emits discarded', async (_way, prepare) => {
    await using n = await outcomes(prepare)
    await n.user.get('/fail')
    expect(n.events).toEqual(['discarded'])
    expect(n.reports[0]?.commit).toBe('discarded')
    expect(await n.value()).toBe('kept')
    expect(setCookies(await browser(n.app).get('/fail'))).toEqual([])
  })

  it('saves nothing of a rotation either: the old id goes on', async () => {
    await using n = await outcomes((app) =>
      app.on('/fail', (session) => session.rotate({ user: 'bob' }).then(() => Promise.reject(new Error('no')))),
    )
    expect(setCookies(await n.user.get('/fail'))).toEqual([])
    expect(await n.value()).toBe('kept')
    expect(await n.sessions.ofUser('bob')).toEqual([])
  })

  it('still gives the id that update or commit had the store know by then, lest the client lose its session', async () => {
    await using n = await outcomes((app) => {
      app.on('/count', (session) => session.update('n', () => 1).then(() => Promise.reject(new Error('no'))))
      app.on('/renew', async (session) => {
        await session.rotate()
        await session.commit()
        throw new Error('no')
      })
    })
    const visitor = browser(n.app)
    expect(setCookies(await visitor.get('/count'))).toHaveLength(1)
    const response = await n.user.get('/renew')
    expect([response.statusCode, setCookies(response).length]).toEqual([500, 1])
    expect(response.headers['cache-control']).toBe('no-store')
    expect(await n.value()).toBe('kept')
  })

  it('leaves done what update and invalidate did at once', async () => {
    await using n = await outcomes((app) => {
      app.on('/count', (session) => session.update('q', () => 'counted').then(() => Promise.reject(new Error('no'))))
      app.on('/logout', (session) => session.invalidate().then(() => Promise.reject(new Error('no'))))
    })
    await n.user.get('/count')
    expect(await n.value()).toBe('counted')
    const response = await n.user.get('/logout')
    expect(response.statusCode).toBe(500)
    expect(setCookies(response)[0]).toContain('Max-Age=0')
    expect(await n.value()).toBeNull()
  })
})

describe('outcome: too late', () => {
  const codeOf = (write: Promise<unknown>): Promise<string> =>
    write.then(
      () => 'fine',
      (error) => error.code as string,
    )

  it('throws at a write after the response was hijacked or sent', async () => {
    const late = Promise.withResolvers<string>()
    await using n = await outcomes(({ app, sessions }) => {
      app.get('/hijacked', async (request, reply) => {
        reply.hijack()
        reply.raw.end(await codeOf(sessions.of(request).set('q', 'x')))
      })
      app.get('/sent', async (request, reply) => {
        await reply.send('ok')
        late.resolve(codeOf(sessions.of(request).set('q', 'x')))
      })
    })
    expect((await n.user.get('/hijacked')).body).toBe('SESSION_SEALED')
    await n.user.get('/sent')
    expect(await late.promise).toBe('SESSION_SEALED')
    expect(await n.value()).toBe('kept')
  })

  it('throws at a write after the handler began to answer through reply.raw', async () => {
    await using n = await outcomes(({ app, sessions }) =>
      app.get('/raw', async (request, reply) => {
        reply.raw.write('part')
        reply.raw.end(await codeOf(sessions.of(request).set('q', 'x')))
        return reply
      }),
    )
    expect((await n.user.get('/raw')).body).toBe('partSESSION_SEALED')
  })

  it.each(['hijack', 'reply.raw'])(
    'tells, by an event and a warning, of changes that a response by %s lost',
    async (way) => {
      const warned = once(process, 'warning')
      await using n = await outcomes(({ app, sessions }) =>
        app.get('/raw', async (request, reply) => {
          await sessions.of(request).set('q', 'lost')
          if (way === 'hijack') reply.hijack()
          reply.raw.end('ok')
          return reply
        }),
      )
      await n.user.get('/raw')
      const [warning] = await warned
      expect(warning).toMatchObject({ name: 'SessionWarning', code: 'SESSION_DISCARDED' })
      expect(n.events).toEqual(['discarded'])
      expect(await n.value()).toBe('kept')
    },
  )

  it('saves before a hijack when commit is called', async () => {
    await using n = await outcomes(({ app, sessions }) =>
      app.get('/hijacked', async (request, reply) => {
        const session = sessions.of(request)
        await session.set('q', 'committed')
        await session.commit()
        reply.hijack()
        reply.raw.end('ok')
      }),
    )
    await n.user.get('/hijacked')
    expect(await n.value()).toBe('committed')
  })
})

describe('outcome: a write was not awaited', () => {
  const unawaited = (act: (session: Session) => Promise<unknown>) =>
    outcomes(({ app, sessions }) =>
      app.get('/hasty', (request, reply) => {
        void act(sessions.of(request))
        return reply.send('ok')
      }),
    )

  it('waits for it before the response leaves: update, rotate and invalidate as well as set', async () => {
    await using updating = await unawaited((session) => session.update('q', async () => 'updated'))
    await updating.user.get('/hasty')
    expect(await updating.value()).toBe('updated')
    await using rotating = await unawaited((session) => session.rotate({ user: 'bob' }))
    expect(setCookies(await rotating.user.get('/hasty'))).toHaveLength(1)
    expect(await rotating.sessions.ofUser('bob')).toHaveLength(1)
    await using ending = await unawaited((session) => session.invalidate())
    expect(setCookies(await ending.user.get('/hasty'))[0]).toContain('Max-Age=0')
    expect(await ending.value()).toBeNull()
  })

  it('answers with its failure: nobody else would hear that the user is still logged in', async () => {
    await using n = await unawaited((session) => session.invalidate())
    n.store.mood = 'failing'
    expect((await n.user.get('/hasty')).statusCode).toBe(503)
  })
})

describe('outcome: a write was refused', () => {
  const bad = (() => 1) as never

  it('fails the request when nobody looked at the refusal, and saves nothing', async () => {
    await using n = await outcomes(({ app, sessions }) => {
      app.get('/careless', async (request) => {
        void sessions.of(request).set('q', bad)
        await sessions.of(request).set('r', 'other')
        return 'done'
      })
    })
    const response = await n.user.get('/careless')
    expect([response.statusCode, code(response)]).toEqual([500, 'SESSION_VALUE_REFUSED'])
    expect(n.events).toEqual(['discarded'])
    expect(await n.value()).toBe('kept')
  })

  it.each(['await', 'catch'])('leaves the answer to a caller who handled it (%s)', async (way) => {
    await using n = await outcomes(({ app, sessions }) => {
      app.get('/careful', async (request, reply) => {
        const session = sessions.of(request)
        if (way === 'catch') await session.set('q', bad).catch(() => {})
        else
          try {
            await session.set('q', bad)
          } catch {}
        return reply.code(422).send('not that')
      })
    })
    expect((await n.user.get('/careful')).statusCode).toBe(422)
    expect(await n.value()).toBe('kept')
  })
})
