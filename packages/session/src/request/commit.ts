import type { CarrierHeader } from '../carrier/carrier.ts'
import { SessionMutatedError } from '../errors.ts'
import type { ResolvedOptions } from '../options.ts'
import { type CommitResult, deadline, lifetimeOf, type SessionDelta, type StoredSession } from '../store/store.ts'
import { assertLoadSucceeded } from './assert.ts'
import type { Changes } from './changes.ts'
import { conflict } from './conflict.ts'
import { deltaOf } from './delta.ts'
import { beginAnew, endInStore } from './end.ts'
import { confirmRenewal, loadFresh, storeOptions } from './load.ts'
import { enter } from './login.ts'
import { eventOf } from './report.ts'
import type { RequestSession } from './request-session.ts'

/** Whether the end of the request has anything to do for the session. Cheap: it is asked for every request. */
export function needsFinish(request: RequestSession): boolean {
  const { phase, mustForgetId, mustTellOfWrite, changes, writes, watch } = request
  return (
    (phase.name === 'stored' && phase.cookie !== 'held') ||
    mustForgetId ||
    mustTellOfWrite ||
    (changes !== undefined && !changes.isEmpty) ||
    writes.hasRefused ||
    watch?.changed() !== undefined
  )
}

/**
 * Ends a request's dealings with its session: saves what is to be changed, unless the handler failed. Rejects when it
 * could not be saved; the response must then be the error's. Must be awaited before the first byte of the response leaves.
 */
export async function finish(request: RequestSession, statusCode: number): Promise<void> {
  let isSaved = false
  if (request.hasFailed || statusCode >= 500) request.discard()
  else isSaved = await saveAll(request)
  if (!isSaved) await confirmRenewal(request)
}

function saveAll(request: RequestSession): Promise<boolean> {
  const { unseen } = request.writes
  if (!unseen) return commit(request)
  request.discard()
  throw unseen.error
}

/** Saves what is to be changed, in one call to the store. Tells whether there was anything to save. */
export async function commit(request: RequestSession): Promise<boolean> {
  const changed = request.watch?.changed()
  if (changed !== undefined) {
    request.discard()
    throw new SessionMutatedError(changed)
  }
  if (!request.changes || request.changes.isEmpty) return false
  await loadToCommit(request)
  // Nothing is to be left of it: no session either.
  if (isForNobody(request.changes)) await beginAnew(request, request.changes)
  const delta = deltaOf(request, request.changes)
  if (!delta) return false
  const save = async (): Promise<void> => settle(request, delta, await send(request, delta))
  if (typeof delta.user === 'string') await enter(request, delta.user, save)
  else await save()
  return true
}

const isForNobody = ({ isAnew, rotation, attributes }: Changes): boolean =>
  isAnew && rotation?.user === null && ![...attributes.values()].some(Boolean)

async function loadToCommit(request: RequestSession): Promise<void> {
  try {
    await loadFresh(request)
  } catch (error) {
    request.notSaved('failed')
    throw error
  }
}

/** Sends one delta to the store; a failure is noted in the report. */
export async function send(request: RequestSession, delta: SessionDelta): Promise<CommitResult> {
  const { storeClient, options } = request.manager
  const { key } = request
  assertLoadSucceeded(request)
  try {
    const { expiredId, changes } = request
    if (changes?.rotation && expiredId) await endInStore(request, expiredId, 'regenerated', options.rotationGraceMs)
    const call = (giveUpAt: number) => options.store.commit(key, delta, storeOptions(request, giveUpAt))
    const result = await storeClient.run('commit', key, call, request.usage)
    if (delta.renameTo !== undefined && result === 'ok') await options.store.confirmEnd?.(key)
    return result
  } catch (error) {
    request.notSaved('failed')
    request.takeChanges()
    throw error
  }
}

function settle(request: RequestSession, delta: SessionDelta, result: CommitResult): void {
  const rotation = request.changes?.rotation
  const before = rotation && !delta.create ? eventOf(request) : undefined
  request.takeChanges()
  if (result === 'gone') throw request.gone()
  if (result === 'conflict') throw conflict(request, 'The new session’s key was taken')
  remember(request, delta, rotation?.id)
  if (before) announce(request, 'rotated', before.session)
}

/** Takes over what the store has now. */
export function remember(request: RequestSession, delta: SessionDelta, newId?: string): void {
  const { options } = request.manager
  const { record, id } = request
  const before = delta.anew ? undefined : record
  const attributes = new Map(before?.attributes)
  for (const [name, bytes] of delta.set ?? []) attributes.set(name, bytes)
  for (const name of delta.remove ?? []) attributes.delete(name)
  const createdAt = (delta.create ?? delta.anew ?? before)?.createdAt ?? options.now()
  const user = delta.user === undefined ? before?.user : delta.user
  const authenticatedAt = delta.authenticatedAt ?? (delta.user === null ? undefined : before?.authenticatedAt)
  const own = delta.lifetime === undefined ? before?.own : (delta.lifetime ?? undefined)
  const times = { createdAt, lastAccessedAt: before?.lastAccessedAt ?? createdAt, ...(own ? { own } : {}) }
  const now = {
    ...times,
    idleTimeoutMs: lifetimeOf(times, options.lifetime).idleTimeoutMs,
    attributes,
    ...(typeof user === 'string' ? { user } : {}),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
  }
  request.saved(now, (delta.create ? id : (newId ?? id)) as string, delta.lifetime !== undefined)
  if (delta.create) announce(request, 'created')
}

function announce(request: RequestSession, what: 'created' | 'rotated', previous = ''): void {
  const { events } = request.manager
  if (!events.hears(what)) return
  if (what === 'created') events.emit('created', eventOf(request))
  else events.emit('rotated', { ...eventOf(request), previous })
}

/** The headers that the response needs: to give the client its id, or to take it back; and to tell that it has written. */
export function dueHeaders(request: RequestSession, isTls: () => boolean): CarrierHeader[] {
  const { carrier } = request.manager
  const tls = carrier.asksTls && isTls()
  const headers = [idHeader(request, tls), request.mustTellOfWrite ? carrier.tellOfWrite(tls) : undefined]
  return headers.filter((header) => header !== undefined)
}

function idHeader(request: RequestSession, tls: boolean): CarrierHeader | undefined {
  const { manager, phase, mustForgetId } = request
  const { carrier, options } = manager
  if (mustForgetId) return carrier.take(tls)
  if (phase.name !== 'stored' || phase.cookie === 'held') return undefined
  const { record, id } = phase
  manager.cookiePath.look(request.incoming)
  const isPersistent = record.own?.persistent ?? carrier.isPersistent
  return carrier.give(id, tls, isPersistent ? restMs(record, options) : undefined)
}

/** A browser keeps no cookie for longer: 400 days, ms (RFC 6265bis). */
const FOREVER_MS = 400 * 24 * 3_600_000

/** For how long the client must keep the cookie so that it does not end before the session, used from now on or not. */
function restMs(record: StoredSession, { now, lifetime }: ResolvedOptions): number {
  const at = now()
  const end = deadline({ ...record, lastAccessedAt: at }, lifetime)
  return end === Infinity ? FOREVER_MS : end - at
}
