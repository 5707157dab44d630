import type { FastifyInstance } from 'fastify'
import { answerChange } from '../answer.ts'
import type { Parts } from '../parts.ts'
import { oneWord } from '../query.ts'

const LONGEST_NAME = 64

/**
 * `POST /login?user=` gives the session a new id, so that one which an attacker planted before is worthless
 * (session fixation), and ties it to the user. `POST /logout` ends the session everywhere.
 */
export function loginRoutes(app: FastifyInstance, { config, sessions }: Parts): void {
  app.post('/login', async (request, reply) => {
    const user = oneWord(request, 'user', LONGEST_NAME)
    await sessions.of(request).rotate({ user })
    return answerChange(request, reply, `Logged in: ${user}`, { node: config.nodeName, user })
  })

  app.post('/logout', async (request, reply) => {
    await sessions.of(request).invalidate()
    return answerChange(request, reply, 'Logged out', { node: config.nodeName, user: null })
  })
}
