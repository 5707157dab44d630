import { SessionConflictError } from '../errors.ts'
import { eventOf } from './report.ts'
import type { RequestSession } from './request-session.ts'

/** Another writer was always faster: says so, and gives the error to throw. */
export function conflict(request: RequestSession, what: string): SessionConflictError {
  const { events } = request.manager
  request.notSaved('conflict')
  if (events.hears('conflict')) events.emit('conflict', eventOf(request))
  return new SessionConflictError(what)
}
