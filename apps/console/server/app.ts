import { type FastifyInstance, fastify } from 'fastify'
import { exportRoute } from './api-export.ts'
import { inspectRoutes } from './api-inspect.ts'
import { laneRoutes } from './api-lanes.ts'
import { userRoutes } from './api-users.ts'
import { refusal } from './guard.ts'
import { servePages } from './pages.ts'
import type { Stage } from './stage.ts'

export interface AppOptions {
  readonly stage: Stage
  /** The folder of the built page. */
  readonly pages: string
  readonly allowedHosts?: readonly string[] | undefined
}

const heartbeatMs = 15_000
/** How long a page waits before it asks again after a break, ms: whoever starts the console anew looks at the page meanwhile. */
const retryMs = 1000
/** More open pages than this are turned away. */
const mostPages = 50

/** Builds the console's server. Does not listen. */
export async function buildApp({ stage, pages, allowedHosts = [] }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: 16 * 1024, forceCloseConnections: true })
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
    const reason = refusal({ method, ...headers }, { allowedHosts })
    if (reason) return reply.code(403).send({ error: `refused: this ${reason} is not the console's own`, reason })
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: error.message }),
  )
  app.get('/api/stream', (_request, reply) => {
    if (stage.hub.pages >= mostPages) return reply.code(503).send({ error: 'too many open pages' })
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    raw.write(`retry: ${retryMs}\n\n`)
    const leave = stage.hub.join(raw)
    const beat = setInterval(() => raw.writableNeedDrain || raw.write(': beat\n\n'), heartbeatMs)
    raw.once('close', () => {
      clearInterval(beat)
      leave()
    })
  })
  app.get('/livez', async () => ({ ok: true }))
  userRoutes(app, stage)
  laneRoutes(app, stage)
  inspectRoutes(app, stage)
  exportRoute(app, stage)
  servePages(app, pages)
  return app
}
