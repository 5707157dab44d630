import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type FastifySessionsOptions, fastifySessions } from '../frameworks/fastify.ts'
import { load } from '../request/load.ts'
import type { AnySessions } from '../sessions.ts'
import { syncFaceOf } from './sync-session.ts'

/** What `app.register(fastifySyncSessions, …)` takes. */
export interface FastifySyncSessionsOptions extends Omit<FastifySessionsOptions, 'decorate'> {
  /** What `createSessions` made. */
  readonly sessions: AnySessions
}

/**
 * Serves sessions as `request.session`, read and written at once, for plugins that expect that: `@fastify/passport`,
 * `@fastify/flash`, `@fastify/csrf-protection`, and code that comes from `@fastify/session`. Register it before them.
 * A request that brings an id asks the store once, before the hooks of later plugins and of the routes; if the store
 * fails, the request is answered 503 then. `sessions.of(request)` goes on working beside it.
 * @example
 * await app.register(fastifySyncSessions, { sessions })
 * app.get('/', async (request) => request.session.name ?? 'stranger')
 */
export const fastifySyncSessions = fp(plugin, { name: '@session-cluster/session/fastify-session', fastify: '5.x' })

async function plugin(app: FastifyInstance, { sessions }: FastifySyncSessionsOptions): Promise<void> {
  await app.register(fastifySessions, { sessions })
  app.decorateRequest('session', {
    getter() {
      return syncFaceOf(sessions, this).current as never
    },
  })
  app.addHook('onRequest', (request, _reply, done) => {
    const loading = load(syncFaceOf(sessions, request).state)
    if (loading) loading.then(() => done(), done)
    else done()
  })
}
