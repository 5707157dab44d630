import type { NodeInspection } from '@session-cluster/contract'
import { contentType } from '@session-cluster/session/prometheus'
import { type FastifyInstance, fastify, LogController } from 'fastify'
import { answerJson } from '../answer.ts'
import { refusalProblem } from '../pages/problem.ts'
import { wordsIn } from '../pages/words.ts'
import type { Parts } from '../parts.ts'
import { EncodedFields } from '../query.ts'
import { Refusal } from '../refusal.ts'
import { pathOf } from '../request-path.ts'
import { isProbe, probeRoutes } from '../routes/probes.ts'
import { sessionsHeld } from '../sessions.ts'
import { EventStream } from '../sse.ts'
import { faultRoutes } from './faults.ts'
import { guard } from './guard.ts'
import { metricsText } from './metrics.ts'
import { sessionRoutes } from './sessions.ts'

/**
 * Builds the operator's server: inspection, events, sessions, metrics and, with a token, faults. Does not listen.
 * Everything but the probes passes the guard. Answers are JSON in English.
 */
export async function buildAdmin(parts: Parts): Promise<FastifyInstance> {
  const { config, activity, log } = parts
  const app: FastifyInstance = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { querystringParser: (encoded) => new EncodedFields(encoded) as never },
    forceCloseConnections: true,
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-served-by': config.nodeName, 'cache-control': 'no-store' })
    const refusal = isProbe(pathOf(request)) ? undefined : guard(request.headers, config.adminToken)
    if (!refusal) return
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer')
    return reply.code(refusal.status).send({ status: refusal.status, title: refusal.message, node: config.nodeName })
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const status = error.statusCode ?? 500
    const title =
      error instanceof Refusal ? refusalProblem(wordsIn('en'), config.nodeName, error).detail : error.message
    if (status >= 500) log.error({ err: error, requestId: request.id }, 'admin call failed')
    return reply
      .code(status)
      .type('application/problem+json')
      .send(JSON.stringify({ status, title, node: config.nodeName }))
  })

  const events = new EventStream()
  activity.on('request', (event) => events.send('request', event))
  app.addHook('preClose', async () => events[Symbol.dispose]())
  app.get<{ Headers: { 'last-event-id'?: string } }>('/events', (request, reply) => {
    reply.hijack()
    reply.raw.setHeader('x-served-by', config.nodeName)
    events.add(reply.raw, request.headers['last-event-id'])
  })

  app.get('/inspect', (_request, reply) => answerJson(reply, inspect(parts)))
  app.get('/metrics', (_request, reply) => reply.type(contentType).send(metricsText(parts)))
  probeRoutes(app, parts)
  sessionRoutes(app, parts)
  if (config.adminToken !== undefined) faultRoutes(app, parts)
  return app
}

/** What the node is and does now: all that others read of it, and more for a person. */
function inspect({ config, activity, sessions, lifecycle, faults }: Parts) {
  const { cookie, namespace, codec, idleTimeoutMs, absoluteTimeoutMs } = config.session
  return {
    node: config.nodeName,
    mode: config.mode,
    pid: process.pid,
    startedAt: activity.startedAt,
    uptimeMs: Date.now() - activity.startedAt,
    draining: lifecycle.draining,
    slowMs: faults.slowMs,
    heapBytes: process.memoryUsage().heapUsed,
    inFlight: activity.inFlight,
    sessionsHeld: sessionsHeld(sessions),
    ...activity.totals,
    cookieName: cookie.name,
    namespace,
    codec,
    idleTimeoutMs,
    absoluteTimeoutMs,
  } satisfies NodeInspection & Record<string, unknown>
}
