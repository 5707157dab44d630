import type { CarrierHeader } from '../carrier/carrier.ts'
import { SessionConflictError, SessionMutatedError } from '../errors.ts'
import type { CommitResult, SessionDelta } from '../store/store.ts'
import type { RequestSession } from './request-session.ts'

/** Whether the end of the request has anything to do for the session. Cheap: it is asked for every request. */
export function hasDues(exchange: RequestSession): boolean {
  return (
    exchange.idDue ||
    exchange.endedInStore ||
    exchange.rotation !== undefined ||
    exchange.refused !== undefined ||
    (exchange.staged !== undefined && exchange.staged.size > 0) ||
    exchange.watch?.changed() !== undefined
  )
}

/**
 * Ends a request's dealings with its session: saves what is staged, unless the handler failed. Rejects when it could
 * not be saved; the response must then be the error's. Must be awaited before the first byte of the response leaves.
 */
export async function finish(exchange: RequestSession, statusCode: number): Promise<void> {
  if (exchange.failed || statusCode >= 500) return discard(exchange)
  const { refused } = exchange
  if (refused && !refused.promise.isSeen) {
    discard(exchange)
    throw refused.error
  }
  await commit(exchange)
}

/** Has it told, rather than lost silently, when the response leaves past us, so that what is staged can never be saved. */
export function watchForBypass(exchange: RequestSession): void {
  if (exchange.staged || exchange.rotation) return // it is watched for already
  exchange.outgoing?.raw.once('close', () => {
    if (exchange.sealed || !exchange.isOut || !(exchange.staged?.size || exchange.rotation)) return
    discard(exchange)
    process.emitWarning(
      'A response was hijacked, or written through reply.raw, with session changes unsaved: they are lost. ' +
        'Call session.commit() before',
      { type: 'SessionWarning', code: 'SESSION_DISCARDED' },
    )
  })
}

/** Drops what is staged. What `update`, `commit` and `invalidate` did stays done. */
export function discard(exchange: RequestSession): void {
  const { events } = exchange.manager
  const hadChanges = exchange.rotation !== undefined || (exchange.staged?.size ?? 0) > 0
  exchange.staged = undefined
  exchange.rotation = undefined
  if (!hadChanges) return
  exchange.commitResult = 'discarded'
  if (events.hears('discarded')) events.emit('discarded', exchange.event())
}

/** Saves what is staged, in one call to the store. */
export async function commit(exchange: RequestSession): Promise<void> {
  const changed = exchange.watch?.changed()
  if (changed !== undefined) {
    discard(exchange)
    throw new SessionMutatedError(changed)
  }
  if (!exchange.rotation && !exchange.staged?.size) return
  if (!exchange.isLoaded) await loadOrFail(exchange)
  const delta = deltaOf(exchange)
  if (!delta) return
  const key = exchange.key
  settle(exchange, delta, await send(exchange, key, delta))
  if (delta.user !== undefined) await trim(exchange, delta.user)
}

/** The session is saved by now: that the limit could not be enforced is an event, not the request's failure. */
async function trim(exchange: RequestSession, user: string): Promise<void> {
  const { manager, key } = exchange
  if (manager.options.maxSessionsPerUser !== Infinity) await manager.trim(user, key).catch(() => {})
}

async function loadOrFail(exchange: RequestSession): Promise<void> {
  try {
    await exchange.load()
  } catch (error) {
    exchange.commitResult = 'failed'
    throw error
  }
}

/** What is to be changed; `undefined` when nothing is, as when an attribute is removed that was not there. */
function deltaOf(exchange: RequestSession): SessionDelta | undefined {
  const { staged, rotation, known } = exchange
  const set = new Map<string, Uint8Array>()
  const remove: string[] = []
  for (const [name, bytes] of staged ?? []) {
    if (bytes) set.set(name, bytes)
    else if (known?.attributes.has(name)) remove.push(name)
  }
  if (!rotation && set.size === 0 && remove.length === 0) return undefined
  if (!known) exchange.make()
  const changes = { set, remove, ...identity(exchange) }
  if (!known) return { ...changes, create: { createdAt: exchange.madeAt ?? exchange.manager.options.now() } }
  return rotation ? { ...changes, renameTo: exchange.manager.keyOf(rotation.id) } : changes
}

function identity({
  rotation,
  known,
}: RequestSession): Pick<SessionDelta, 'user' | 'authenticatedAt' | 'previousUser'> {
  return {
    ...(rotation?.user === undefined ? {} : { user: rotation.user }),
    ...(rotation?.authenticatedAt === undefined ? {} : { authenticatedAt: rotation.authenticatedAt }),
    ...(known?.user === undefined ? {} : { previousUser: known.user }),
  }
}

/** Sends one delta to the store; a failure is noted in the report. */
export async function send(exchange: RequestSession, key: string, delta: SessionDelta): Promise<CommitResult> {
  const { storeClient, options } = exchange.manager
  exchange.assertLoadSucceeded()
  try {
    return await storeClient.run('commit', () => options.store.commit(key, delta, exchange.storeOptions()), exchange)
  } catch (error) {
    exchange.commitResult = 'failed'
    exchange.staged = undefined
    exchange.rotation = undefined
    throw error
  }
}

function settle(exchange: RequestSession, delta: SessionDelta, result: CommitResult): void {
  const { rotation } = exchange
  exchange.staged = undefined
  exchange.rotation = undefined
  if (result === 'gone') throw exchange.gone()
  if (result === 'conflict') throw conflict(exchange, 'The new session’s key was taken')
  exchange.commitResult = 'ok'
  remember(exchange, delta)
  if (rotation && !delta.create) {
    const previous = exchange.event()
    exchange.id = rotation.id
    exchange.idDue = true
    announce(exchange, 'rotated', previous.session)
  }
}

/** Takes over what the store has now, so that reading goes on with it and a later commit is a delta to it. */
export function remember(exchange: RequestSession, delta: SessionDelta): void {
  const { options } = exchange.manager
  const { known } = exchange
  const attributes = new Map(known?.attributes)
  for (const [name, bytes] of delta.set ?? []) attributes.set(name, bytes)
  for (const name of delta.remove ?? []) attributes.delete(name)
  const createdAt = delta.create?.createdAt ?? known?.createdAt ?? options.now()
  const user = delta.user ?? known?.user
  const authenticatedAt = delta.authenticatedAt ?? known?.authenticatedAt
  exchange.known = {
    createdAt,
    lastAccessedAt: known?.lastAccessedAt ?? createdAt,
    idleTimeoutMs: known?.idleTimeoutMs ?? options.lifetime.idleTimeoutMs,
    attributes,
    ...(user === undefined ? {} : { user }),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
  }
  if (!delta.create) return
  exchange.idDue = true
  announce(exchange, 'created')
}

function announce(exchange: RequestSession, what: 'created' | 'rotated', previous = ''): void {
  const { events } = exchange.manager
  if (!events.hears(what)) return
  if (what === 'created') events.emit('created', exchange.event())
  else events.emit('rotated', { ...exchange.event(), previous })
}

/** Another writer was always faster: says so, and gives the error to throw. */
export function conflict(exchange: RequestSession, what: string): SessionConflictError {
  const { events } = exchange.manager
  exchange.commitResult = 'conflict'
  if (events.hears('conflict')) events.emit('conflict', exchange.event())
  return new SessionConflictError(what)
}

/** The header that the response needs for the client's cookie: to give the id, to take it back, or none. */
export function dueHeader(exchange: RequestSession, isTls: () => boolean): CarrierHeader | undefined {
  const { carrier, options } = exchange.manager
  const tls = carrier.asksTls && isTls()
  if (exchange.ended) return exchange.endedInStore ? carrier.take(tls) : undefined
  if (!exchange.idDue || exchange.id === undefined) return undefined
  return carrier.give(exchange.id, tls, remainingMs(exchange, options.now()))
}

function remainingMs({ known, manager }: RequestSession, now: number): number {
  const { idleTimeoutMs, absoluteTimeoutMs } = manager.options.lifetime
  if (!absoluteTimeoutMs || !known) return idleTimeoutMs
  return Math.min(idleTimeoutMs, known.createdAt + absoluteTimeoutMs - now)
}
