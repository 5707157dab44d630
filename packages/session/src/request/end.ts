import type { SessionEvents } from '../observe/events.ts'
import { assertStillThere } from './assert.ts'
import { type Changes, type Kept, keptOf } from './changes.ts'
import { loadToWrite, storeOptions, wasRotated } from './load.ts'
import { eventOf } from './report.ts'
import type { RequestSession } from './request-session.ts'

type Reason = SessionEvents['ended']['reason']

/** Ends the session, and with it the request's use of it. See `Session.invalidate`. */
export async function invalidate(request: RequestSession): Promise<void> {
  if (request.phase.name === 'ended') return
  request.end(await endStored(request, 'invalidated', 0))
}

/** Ends the session and lets the request begin another one. See `Session.regenerate`. */
export async function regenerate(request: RequestSession, keep: Kept): Promise<void> {
  if (request.phase.name !== 'ended' && keep !== false) await loadToWrite(request)
  const kept = keptOf(request, keep)
  await beginAnew(request)
  for (const [name, bytes] of kept) request.change().attributes.set(name, bytes)
  if (kept.size > 0) request.make()
}

/** Ends the session in the store; these changes, and what the request writes from now on, belong to a new one. */
export async function beginAnew(request: RequestSession, changes?: Changes): Promise<void> {
  const { rotationGraceMs } = request.manager.options
  // Requests that are under way with the old id must not replace the new session, just as after a rotation.
  const hadId = request.phase.name !== 'ended' && (await endStored(request, 'regenerated', rotationGraceMs))
  request.begin(hadId, changes)
}

/** Tells whether there was a session that the client knows. */
async function endStored(request: RequestSession, reason: Reason, graceMs: number): Promise<boolean> {
  const { phase, token } = request
  assertStillThere(request)
  const id = request.id ?? (typeof token === 'string' || phase.name === 'none' ? undefined : token.id)
  if (id === undefined || phase.name === 'new') return false
  const had = await endInStore(request, id, reason, graceMs)
  // The client has a newer id by now: to say nothing would leave it logged in.
  if (!had && (await wasRotated(request, id))) throw request.gone()
  return had
}

/** Has the store forget the session with this id, and tells whether there was one. */
export async function endInStore(
  request: RequestSession,
  id: string,
  reason: Reason,
  graceMs: number,
): Promise<boolean> {
  const { storeClient, events, options, keyOf } = request.manager
  const key = keyOf(id)
  const call = (giveUpAt: number) => options.store.destroy(key, { ...storeOptions(request, giveUpAt), graceMs })
  const had = await storeClient.run('destroy', key, call, request.usage)
  await options.store.confirmEnd?.(key)
  if (had && events.hears('ended')) events.emit('ended', { ...eventOf(request, id), reason })
  return had
}
