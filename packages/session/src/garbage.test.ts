import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { getHeapSpaceStatistics } from 'node:v8'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { hashId } from './carrier/id.ts'
import { createSessions } from './create-sessions.ts'
import { fastifySessions } from './frameworks/fastify.ts'
import { withSessions } from './frameworks/with-sessions.ts'
import { memoryStore } from './store/memory.ts'
import { Entries } from './store/near-cache/entries.ts'
import { expressSyncSessions } from './sync/express.ts'

const make = () => createSessions<{ n: number }>({ store: memoryStore(), cookie: { secure: false } })

type Serve = () => RequestListener | Promise<RequestListener>

const listeners: Record<string, Serve> = {
  'withSessions, read': () =>
    withSessions(make(), async (_q, response, session) => void response.end(`${await session.get('n')}`)),
  'withSessions, written': () =>
    withSessions(make(), async (_request, response, session) => {
      await session.set('n', Math.random())
      response.end('ok')
    }),
  'expressSyncSessions, written': () => {
    const sessions = make()
    const face = expressSyncSessions(sessions)
    return withSessions(sessions, (request, response) =>
      face(request, response, () => {
        ;(request as unknown as { session: { n: number } }).session.n = Math.random()
        response.end('ok')
      }),
    )
  },
  'fastifySessions, written': async () => {
    const sessions = make()
    const app = Fastify()
    await app.register(fastifySessions, { sessions })
    app.get('/', async (request) => {
      await sessions.of(request).set('n', Math.random())
      return 'ok'
    })
    await app.ready()
    return app.server.listeners('request')[0] as RequestListener
  },
}

/** Bytes of objects that have outlived two collections of the young ones. */
const oldBytes = (): number => bytesIn('old_space')

const bytesIn = (name: string): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === name)?.space_used_size ?? 0

const WARM_UP = 500
const REQUESTS = 2_000

/** Asks one request after the other over one connection; answers how many bytes each has left in the old generation. */
async function left(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay()
  let cookie = ''
  let grown = 0
  let before = 0
  for (let i = 0; i < WARM_UP + REQUESTS; i++) {
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${cookie}\r\n`)
    const [head] = await once(socket, 'data')
    cookie ||= `Cookie: ${/set-cookie: ([^;]+)/i.exec(String(head))?.[1]}\r\n`
    const now = oldBytes()
    // A full collection makes it less; what grew before counts all the same.
    if (i >= WARM_UP && now > before) grown += now - before
    before = now
  }
  socket.destroy()
  server.close()
  return grown / REQUESTS
}

describe('what requests leave alive until the next full collection', () => {
  it.each(Object.keys(listeners))('is next to nothing: %s', async (name) => {
    expect(await left(await (listeners[name] as Serve)())).toBeLessThan(1_000)
  })
})

describe('what hits of a near cache leave alive until the next full collection', () => {
  it('is next to nothing', () => {
    const entries = new Entries({ maxEntries: 100_000, maxBytes: 2 ** 30 })
    const keys = Array.from({ length: 20_000 }, (_, i) => hashId(`${i}`))
    const session = { createdAt: 0, lastAccessedAt: 0, idleTimeoutMs: 1_000, attributes: new Map() }
    for (const key of keys) {
      const placeholder = entries.reserve(key)
      if (placeholder) entries.fill(key, placeholder, { session, readAt: 0, livesUntil: Infinity })
    }
    const hits = 200_000
    let grown = 0
    let before = Infinity
    for (let i = 0; i < hits; i++) {
      const entry = entries.get(keys[i % keys.length] as (typeof keys)[number])
      if (entry) entries.used(entry)
      if (i % 1_000 !== 0) continue
      // The table of a large map is an object too large for the other space.
      const now = oldBytes() + bytesIn('large_object_space')
      if (now > before) grown += now - before
      before = now
    }
    expect(entries.size).toBe(keys.length)
    expect(grown / hits).toBeLessThan(10)
  })
})
