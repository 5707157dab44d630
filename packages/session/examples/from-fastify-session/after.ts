import { fastifyCookie, Signer } from '@fastify/cookie'
import { createSessions, redisStore } from '@session-cluster/session'
import { fastifySyncSessions, type SyncSession } from '@session-cluster/session/fastify-session'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Redis } from 'ioredis'
import { routes } from './routes.ts'

interface Attributes {
  notes: string[]
}

declare module 'fastify' {
  interface FastifyRequest {
    session: SyncSession<Attributes>
  }
}

/** The same application on our sessions, its users still logged in. `client` is ioredis's, for the same Redis. */
export async function after(client: Redis, secret: string): Promise<FastifyInstance> {
  const app = Fastify()
  const sessions = createSessions<Attributes>({ store: redisStore({ client }), cookie: { secure: 'auto' } })
  await app.register(fastifyCookie)
  await app.register(fastifySyncSessions, { sessions })

  // Until the last session of @fastify/session has expired:
  const signer = new Signer(secret)
  app.addHook('onRequest', async (request, reply) => {
    const cookie = request.cookies.sessionId
    const old = cookie === undefined ? undefined : signer.unsign(cookie)
    if (cookie === undefined || !old?.valid) return
    await sessions.of(request).adopt(cookie, async () => {
      const text = await client.get(`sess:${old.value}`)
      if (text === null) return undefined
      const { cookie: _, ...attributes } = JSON.parse(text)
      return { attributes }
    })
    await client.del(`sess:${old.value}`)
    void reply.clearCookie('sessionId', { path: '/' })
  })

  await app.register(routes)
  return app
}
