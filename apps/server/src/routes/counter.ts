import type { FastifyInstance } from 'fastify'
import { answerChange, answerMissing, answerText } from '../answer.ts'
import type { Parts } from '../parts.ts'

/** `POST /counter` adds one atomically, also when many nodes add at once, and answers the number; `GET /counter` answers it. */
export function counterRoutes(app: FastifyInstance, { config, sessions }: Parts): void {
  app.post('/counter', async (request, reply) => {
    const count = await sessions.of(request).update('counter', (before = 0) => before + 1)
    return answerChange(request, reply, String(count), count)
  })

  app.get('/counter', async (request, reply) => {
    const count = await sessions.of(request).get('counter')
    return count === undefined
      ? answerMissing(config, sessions, request, reply, 'counter')
      : answerText(reply, String(count))
  })
}
