import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AnySessions } from '../sessions.ts'
import { syncFaceOf } from './sync-session.ts'

/**
 * Gives Express and its like `request.session`, read and written at once, as `express-session` does: for `passport`
 * and other middleware that expects it. Use it behind `withSessions`. A request that brings an id asks the store once.
 * @example
 * app.use((request, response, next) => withSessions(sessions, () => next())(request, response))
 * app.use(expressSyncSessions(sessions))
 * app.use(passport.session())
 */
export function expressSyncSessions(
  sessions: AnySessions,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  return (request, _response, next) => {
    const face = syncFaceOf(sessions, request)
    Object.defineProperty(request, 'session', { configurable: true, enumerable: true, get: () => face.current })
    const loading = face.state.load()
    if (loading) loading.then(() => next(), next)
    else next()
  }
}
