import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AnySessions, assertSessions } from '../sessions.ts'
import { type WithSessionsOptions, withSessions } from './with-sessions.ts'

/**
 * Sessions for Express 4 and 5 and their like: `withSessions` as a middleware. Routes that come after it ask for
 * `sessions.of(request)`. It may stand before or behind other middleware, such as `compression`.
 * @example
 * app.use(expressSessions(sessions))
 * app.get('/', async (request, response) => {
 *   response.send(`visit ${await sessions.of(request).update('visits', (n = 0) => n + 1)}`)
 * })
 */
export function expressSessions(
  sessions: AnySessions,
  options?: WithSessionsOptions,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  assertSessions('expressSessions', sessions)
  return (request, response, next) => withSessions(sessions, () => next(), options)(request, response)
}
