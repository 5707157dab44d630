// @fastify/session with its memory store, or with connect-redis when REDIS_URL is set. Options left at their defaults,
// but for `secure`, which would stop it over plain HTTP; ROLLING=off turns off its save on every request.
import cookie from '@fastify/cookie'
import session, { type SessionStore } from '@fastify/session'
import { RedisStore } from 'connect-redis'
import Fastify from 'fastify'
import { createClient } from 'redis'
import { listen, seeded } from './listen.ts'

declare module 'fastify' {
  interface Session {
    q?: string
    user?: string
    counter?: number
  }
}

const url = process.env.REDIS_URL
const client = url ? createClient({ url }) : undefined
await client?.connect()

const app = Fastify()
await app.register(cookie)
await app.register(session, {
  secret: 'a secret of at least thirty-two characters',
  cookie: { secure: false },
  ...(process.env.ROLLING === 'off' ? { rolling: false } : {}),
  ...(client
    ? {
        store: new RedisStore({
          client,
          prefix: `fastify-session-${process.env.ROLLING ?? 'on'}:`,
        }) as unknown as SessionStore,
      }
    : {}),
})
app.get('/untouched', async () => ({ q: seeded }))
app.get('/begin', async (request) => {
  Object.assign(request.session, { q: seeded, user: 'u1', counter: 0 })
  return { ok: true }
})
app.get('/read', async (request) => ({ q: request.session.q ?? null }))
let written = 0
app.get('/write', async (request) => {
  request.session.counter = ++written
  return { ok: true }
})
app.get('/counter', async (request) => ({ counter: request.session.counter ?? null }))
app.get('/rotate', async (request) => {
  await request.session.regenerate(['q', 'user', 'counter'])
  return { ok: true }
})
await listen(app)
