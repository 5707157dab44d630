import type { SessionReport } from '@session-cluster/session'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Parts } from './parts.ts'
import { pathOf } from './request-path.ts'
import { isProbe } from './routes/probes.ts'
import type { NodeSessions } from './sessions.ts'

/** Counts, logs and reports every request but the probes, once, when its response is complete or its client gone. */
export function observe(app: FastifyInstance, parts: Parts): void {
  app.addHook('onRequest', async (request, reply) => {
    if (isProbe(pathOf(request))) return
    parts.activity.inFlight += 1
    let open = true
    const end = (complete: boolean) => {
      if (open) finish(parts, request, reply, complete)
      open = false
    }
    reply.raw.once('finish', () => end(true))
    reply.raw.once('close', () => end(false))
  })
}

function finish(parts: Parts, request: FastifyRequest, reply: FastifyReply, complete: boolean): void {
  const { activity, config, sessions, log } = parts
  const event = {
    requestId: request.id,
    at: Date.now(),
    node: config.nodeName,
    method: request.method,
    path: pathOf(request),
    status: complete ? reply.statusCode : 499,
    ms: reply.elapsedTime,
    session: reportOf(sessions, request),
  }
  activity.inFlight -= 1
  activity.record(event)
  const { requestId, method, path, status, ms, session } = event
  log.debug({ requestId, method, path, status, ms, outcome: session?.outcome }, 'answered')
}

function reportOf(sessions: NodeSessions, request: FastifyRequest): SessionReport | null {
  try {
    return sessions.of(request).report()
  } catch {
    return null
  }
}
