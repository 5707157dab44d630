import type { RequestSession } from './request-session.ts'

/** Ends the session in the store. See `Session.invalidate`. */
export async function invalidate(request: RequestSession): Promise<void> {
  const { phase, token } = request
  if (phase.name === 'ended') return
  const id = request.id ?? (typeof token === 'string' ? undefined : token.id)
  const wasSaved = id !== undefined && phase.name !== 'new'
  const had = wasSaved && (await endInStore(request, id))
  // The client has a newer id by now: to say nothing would leave it logged in.
  if (wasSaved && !had && (await request.wasRotated(id))) throw request.gone()
  request.end(had)
}

/** Has the store forget the session with this id, and tells whether there was one. */
export async function endInStore(request: RequestSession, id: string): Promise<boolean> {
  const { storeClient, events, options, keyOf } = request.manager
  const key = keyOf(id)
  const call = (giveUpAt: number) => options.store.destroy(key, request.storeOptions(giveUpAt))
  const had = await storeClient.run('destroy', key, call, request.usage)
  if (had && events.hears('ended')) events.emit('ended', { ...request.event(id), reason: 'invalidated' })
  return had
}
