import type { IncomingMessage, ServerResponse } from 'node:http'
import { load } from '../request/load.ts'
import { type AnySessions, assertSessions } from '../sessions.ts'
import { syncFaceOf } from './sync-session.ts'

/**
 * Gives Express and its like `request.session`, read and written at once, as `express-session` does: for `passport`
 * and other middleware that expects it. Use it behind `expressSessions`. A request that brings an id asks the store once.
 * @example
 * app.use(expressSessions(sessions))
 * app.use(expressSyncSessions(sessions))
 * app.use(passport.session())
 */
export function expressSyncSessions(
  sessions: AnySessions,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  assertSessions('expressSyncSessions', sessions)
  // One getter for all requests: V8 puts each into the old generation, where it keeps its request alive for long.
  const session: PropertyDescriptor = {
    configurable: true,
    enumerable: true,
    get(this: IncomingMessage) {
      return syncFaceOf(sessions, this).current
    },
  }
  return (request, _response, next) => {
    Object.defineProperty(request, 'session', session)
    const loading = load(syncFaceOf(sessions, request).state)
    if (loading) loading.then(() => next(), next)
    else next()
  }
}
