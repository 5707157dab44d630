import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import { RedisStore } from 'connect-redis'
import Fastify from 'fastify'
import { routes } from './routes.ts'

/** The application on @fastify/session and connect-redis. `client` is node-redis's. */
export async function before(client, secret) {
  const app = Fastify()
  await app.register(fastifyCookie)
  await app.register(fastifySession, { store: new RedisStore({ client }), secret, cookie: { secure: false } })
  await app.register(routes)
  return app
}
