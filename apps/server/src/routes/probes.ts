import type { FastifyInstance } from 'fastify'
import { answerText } from '../answer.ts'
import type { Parts } from '../parts.ts'

/**
 * `GET /livez`: the process answers. `GET /readyz`: it takes new work; 503 while it drains. Neither asks Redis:
 * one fault there must not take every node out of the pool at once.
 */
export function probeRoutes(app: FastifyInstance, { lifecycle }: Pick<Parts, 'lifecycle'>): void {
  app.get('/livez', (_request, reply) => answerText(reply, 'ok\n'))
  app.get('/readyz', (_request, reply) => {
    return lifecycle.draining ? answerText(reply.code(503), 'draining\n') : answerText(reply, 'ok\n')
  })
}

/** Whether a path is a probe: those are neither counted nor slowed down. */
export function isProbe(path: string): boolean {
  return path === '/livez' || path === '/readyz'
}
