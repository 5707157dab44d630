import { SessionInvalidatedError, SessionSealedError, SessionStoreError, SessionUnreadableError } from '../errors.ts'
import type { RequestSession } from './request-session.ts'

/** Throws unless a write could still be saved. */
export function assertWritable(request: RequestSession, operation: string): void {
  assertAlive(request, operation)
  assertUnsent(request, operation)
}

/** Throws when the response is out of our hands. */
export function assertUnsent({ response }: RequestSession, operation: string): void {
  if (response.isSealed || response.isOut) throw new SessionSealedError(operation)
}

/** Throws after `invalidate`. */
export function assertAlive({ phase }: RequestSession, operation: string): void {
  if (phase.name === 'ended') throw new SessionInvalidatedError(operation)
}

/**
 * Throws when the load failed. Readers may have been let pass as anonymous; a writer must not found a second session
 * beside one that may exist.
 */
export function assertLoadSucceeded(request: RequestSession): void {
  if (request.outcome !== 'failed') return
  request.notSaved('failed')
  throw new SessionStoreError('failed', 'The session could not be loaded, so it cannot be written', 1000)
}

/** Throws when another request ended or rotated the session, or it cannot be read: a write must not make one beside it. */
export function assertStillThere(request: RequestSession): void {
  const { name } = request.phase
  if (name === 'unreadable') throw new SessionUnreadableError()
  if (name === 'gone' || name === 'rotated') throw request.gone()
}
