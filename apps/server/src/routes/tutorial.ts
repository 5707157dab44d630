import type { FastifyInstance } from 'fastify'
import { answerMissing, answerText } from '../answer.ts'
import type { Parts } from '../parts.ts'
import { oneField } from '../query.ts'

/** The tutorial's two: `GET /set?q=` keeps a value in the session, `GET /get` answers it, byte for byte. */
export function tutorialRoutes(app: FastifyInstance, { config, sessions }: Parts): void {
  app.get('/set', async (request, reply) => {
    const q = oneField(request, 'q')
    await sessions.of(request).set('q', q)
    return answerText(reply, `Saved: ${q}`)
  })

  app.get('/get', async (request, reply) => {
    const q = await sessions.of(request).get('q')
    return q === undefined ? answerMissing(config, sessions, request, reply, 'q') : answerText(reply, q)
  })
}
