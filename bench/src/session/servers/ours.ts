// @session-cluster/session as its README uses it: in memory, or in Redis when REDIS_URL is set.
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import {
  createSessions,
  fastifySessions,
  memoryStore,
  nearCache,
  redisOptions,
  redisStore,
} from '@session-cluster/session'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { fillOnRequest } from './fill.ts'
import { listen, seeded } from './listen.ts'

const { REDIS_URL, TOUCH_EVERY_MS, MAX_SESSIONS, NEAR_CACHE, LEASE_MS } = process.env
const client = REDIS_URL ? new Redis(REDIS_URL, redisOptions) : undefined
if (client) await once(client, 'ready')
// What a client reads over and over is read from Redis once in `maxAgeMs`, as it is in life.
const cache =
  client && NEAR_CACHE ? nearCache(redisStore({ client }), LEASE_MS ? { leaseMs: Number(LEASE_MS) } : {}) : undefined
while (cache && !cache.cacheStats.isLive) await setTimeout(5)
const store = client
  ? (cache ?? redisStore({ client }))
  : memoryStore(MAX_SESSIONS ? { maxSessions: Number(MAX_SESSIONS), maxBytes: 2 ** 33 } : {})
const sessions = createSessions<{ q: string; user: string; counter: number }>({
  store,
  cookie: { secure: false },
  // The time-out stays on and is measured; 250 ms would judge a busy machine's stalls, not the library.
  storeTimeoutMs: 10_000,
  ...(TOUCH_EVERY_MS === undefined ? {} : { touchEveryMs: Number(TOUCH_EVERY_MS) }),
})

const app = Fastify()
await app.register(fastifySessions, { sessions })
app.get('/untouched', async () => ({ q: seeded }))
app.get('/begin', async (request) => {
  const session = sessions.of(request)
  await session.set('q', seeded)
  await session.set('user', 'u1')
  await session.set('counter', 0)
  return { ok: true }
})
app.get('/read', async (request) => ({ q: (await sessions.of(request).get('q')) ?? null }))
let written = 0
app.get('/write', async (request) => {
  await sessions.of(request).set('counter', ++written)
  return { ok: true }
})
app.get('/counter', async (request) => ({ counter: (await sessions.of(request).get('counter')) ?? null }))
app.get('/rotate', async (request) => {
  await sessions.of(request).rotate()
  return { ok: true }
})
fillOnRequest(store)
await listen(app)
