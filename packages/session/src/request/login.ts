import type { RequestSession } from './request-session.ts'
import { inTurn } from './turn.ts'

/** Saves a session that becomes this user's, and keeps to the number of sessions that a user may have. */
export async function enter(request: RequestSession, user: string, save: () => Promise<void>): Promise<void> {
  const { manager, record } = request
  const { maxSessionsPerUser, onTooManySessions } = manager.options
  if (maxSessionsPerUser === Infinity) return save()
  if (onTooManySessions === 'end-oldest') {
    await save()
    // The session is saved by now: that the limit could not be enforced is an event, not the request's failure.
    await manager.trim(user, request.key).catch(() => {})
    return
  }
  if (user === record?.user) return save()
  // Logins of one user take turns, so that two of them do not both find the last place free.
  await inTurn(request, `login of ${user}`, 'a login', async () => {
    try {
      await assertRoom(request, user)
    } catch (error) {
      request.discard()
      throw error
    }
    await save()
  })
}

/** Throws a `SessionLimitError` when this user may have no further session. */
export async function assertRoom({ manager, record }: RequestSession, user: string): Promise<void> {
  const { maxSessionsPerUser, onTooManySessions } = manager.options
  if (maxSessionsPerUser === Infinity || onTooManySessions !== 'refuse' || user === record?.user) return
  await manager.assertRoom(user)
}
