import { checkUser } from '../users/user.ts'
import { assertWritable } from './assert.ts'
import { checkKeep, type Kept, keptOf } from './changes.ts'
import { loadToWrite } from './load.ts'
import { assertRoom } from './login.ts'
import type { RequestSession } from './request-session.ts'

/** What `rotate` takes. */
export interface RotateOptions {
  /** Whose session it is from now on; `null`: nobody's any longer. Left out: it stays whose it is. */
  readonly user?: string | null | undefined
  /**
   * Which attributes stay when the session was another user's: none, all (`true`), or those of these names. A session that
   * was nobody's keeps all of them: that is what a login is. @default false
   */
  readonly keep?: Kept | undefined
}

/** See `Session.rotate`. */
export async function rotate(request: RequestSession, { user, keep = false }: RotateOptions): Promise<void> {
  assertWritable(request, 'rotate')
  if (user !== undefined && user !== null) checkUser('session.rotate', user)
  checkKeep('session.rotate', keep)
  await loadToWrite(request)
  if (typeof user === 'string') await assertRoom(request, user)
  assertWritable(request, 'rotate')
  const isHandedOn = user !== undefined && request.user !== undefined && request.user !== user
  if (isHandedOn && keep !== true) request.change().beginAnew(keptOf(request, keep))
  else request.make()
  request.change().rotate(user, request.manager.options.now())
}
