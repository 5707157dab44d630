import type { FastifyInstance } from 'fastify'
import { answerChange, answerJson, answerMissing } from '../answer.ts'
import type { Parts } from '../parts.ts'
import { oneWord } from '../query.ts'
import { SecurityContext } from '../security-context.ts'

const LONGEST_NAME = 64

/**
 * The tutorial's last question: does an object of a class come back from the session? `POST /context?user=` keeps a
 * `SecurityContext`: 422 with the reason under every codec but `registry`. `GET /context` shows what came back.
 */
export function contextRoutes(app: FastifyInstance, { config, sessions }: Parts): void {
  app.post('/context', async (request, reply) => {
    const user = oneWord(request, 'user', LONGEST_NAME)
    await sessions.of(request).set('context', new SecurityContext(user, ['ROLE_USER']))
    return answerChange(request, reply, `Saved: the context of ${user}`, { node: config.nodeName, user })
  })

  app.get('/context', async (request, reply) => {
    const context = await sessions.of(request).get('context')
    if (context === undefined) return answerMissing(config, sessions, request, reply, 'context')
    return answerJson(reply, {
      user: context.user,
      authorities: context.authorities,
      isInstance: context instanceof SecurityContext,
      codec: config.session.codec,
    })
  })
}
