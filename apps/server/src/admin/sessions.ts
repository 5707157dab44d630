import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import type { Parts } from '../parts.ts'
import { EncodedFields } from '../query.ts'
import { inspectSession } from './inspect-session.ts'

const MOST_LISTED = 1000

/**
 * An operator's view of sessions, by handle: a name that can end a session but not enter it.
 * `GET /sessions?limit=&cursor=` lists, `GET /sessions/:handle` shows one with its bytes, `DELETE` ends it;
 * `/users/:user/sessions` does the same for all of one user's. In memory modes: those of this node only.
 */
export function sessionRoutes(app: FastifyInstance, parts: Parts): void {
  const { sessions, config } = parts
  const node = config.nodeName

  app.get('/sessions', async (request, reply) => {
    const [cursor] = field(request.query, 'cursor')
    const asked = Math.trunc(Number(field(request.query, 'limit')[0] ?? 100)) || 100
    const limit = Math.min(Math.max(1, asked), MOST_LISTED)
    return answerJson(reply, { node, ...(await sessions.list({ cursor, limit })) })
  })

  app.get<{ Params: { handle: string } }>('/sessions/:handle', async (request, reply) => {
    const found = await inspectSession(parts, request.params.handle)
    return found
      ? answerJson(reply, { node, ...found })
      : answerJson(reply.code(404), { status: 404, title: 'No such session', node })
  })

  app.delete<{ Params: { handle: string } }>('/sessions/:handle', async (request, reply) => {
    const ended = await sessions.end(request.params.handle)
    return answerJson(reply.code(ended ? 200 : 404), { node, ended: ended ? 1 : 0 })
  })

  app.get<{ Params: { user: string } }>('/users/:user/sessions', async (request, reply) => {
    return answerJson(reply, { node, sessions: await sessions.ofUser(request.params.user) })
  })

  app.delete<{ Params: { user: string } }>('/users/:user/sessions', async (request, reply) => {
    return answerJson(reply, { node, ended: await sessions.endUser(request.params.user) })
  })
}

function field(query: unknown, name: string): readonly string[] {
  return query instanceof EncodedFields ? query.all(name) : []
}
