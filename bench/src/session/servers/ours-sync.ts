// @session-cluster/session with its synchronous face, `request.session`, in Redis.
import { once } from 'node:events'
import { createSessions, redisOptions, redisStore } from '@session-cluster/session'
import { fastifySyncSessions, type SyncSession } from '@session-cluster/session/fastify-session'
import Fastify, { type FastifyRequest } from 'fastify'
import { Redis } from 'ioredis'
import { listen, seeded } from './listen.ts'

interface Attributes {
  q: string
  user: string
  counter: number
}

const client = new Redis(process.env.REDIS_URL as string, redisOptions)
await once(client, 'ready')
const sessions = createSessions<Attributes>({
  store: redisStore({ client }),
  cookie: { secure: false },
  storeTimeoutMs: 10_000,
})
const sessionOf = (request: FastifyRequest) => (request as unknown as { session: SyncSession<Attributes> }).session

const app = Fastify()
await app.register(fastifySyncSessions, { sessions })
app.get('/untouched', async () => ({ q: seeded }))
app.get('/begin', async (request) => {
  Object.assign(sessionOf(request), { q: seeded, user: 'u1', counter: 0 })
  return { ok: true }
})
app.get('/read', async (request) => ({ q: sessionOf(request).q ?? null }))
let written = 0
app.get('/write', async (request) => {
  sessionOf(request).counter = ++written
  return { ok: true }
})
app.get('/counter', async (request) => ({ counter: sessionOf(request).counter ?? null }))
app.get('/rotate', async (request) => {
  await sessionOf(request).regenerate(['q', 'user', 'counter'])
  return { ok: true }
})
await listen(app)
