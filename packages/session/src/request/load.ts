import type { SessionKey } from '../carrier/id.ts'
import type { Token } from '../carrier/token.ts'
import type { ResolvedOptions } from '../options.ts'
import { type Loaded, lifetimeOf, type StoredSession, type StoreOptions } from '../store/store.ts'
import { isPending } from '../store/store-client.ts'
import { assertLoadSucceeded, assertStillThere } from './assert.ts'
import type { StoredPhase } from './phase.ts'
import { eventOf } from './report.ts'
import type { RequestSession } from './request-session.ts'

/** Asks the store, once per request; no promise when there is nothing to wait for. Rejects with a `SessionStoreError`. */
export function load(request: RequestSession): Promise<void> | undefined {
  if (request.phase.name !== 'unread') return undefined
  return request.loading ?? begin(request, false)
}

/** As `load`, but asks the store itself, where `load` was answered from this process's memory or would be. */
export function loadFresh(request: RequestSession): Promise<void> | undefined {
  const { phase } = request
  if (phase.name === 'unread') return request.loading ?? begin(request, true)
  if (!request.isFromMemory || phase.name !== 'stored') return request.refreshing
  request.isFromMemory = false
  request.refreshing = reloadStored(request, phase).finally(() => {
    request.refreshing = undefined
  })
  return request.refreshing
}

/**
 * As `loadFresh`, for a writer: it must not make a second session beside one that the store could not tell of. To be awaited
 * within an async function, as it may throw.
 */
export function loadToWrite(request: RequestSession): Promise<void> | undefined {
  const loading = loadFresh(request)
  if (loading) return loading.then(() => assertSavable(request))
  assertSavable(request)
  return undefined
}

function assertSavable(request: RequestSession): void {
  assertLoadSucceeded(request)
  assertStillThere(request)
}

function begin(request: RequestSession, isFresh: boolean): Promise<void> | undefined {
  const { token, manager } = request
  if (typeof token === 'string') {
    missing(request, token, '')
    return undefined
  }
  const { carrier, options, keyOf } = manager
  const key = keyOf(token.id)
  const wantsFresh = isFresh || options.store.peek === undefined || carrier.hasWritten(request.incoming.headers)
  const known = wantsFresh ? undefined : options.store.peek?.(key, storeOptions(request, Infinity))
  if (known) {
    request.isFromMemory = true
    answered(request, token, known)
    return undefined
  }
  const answer = ask(request, key, wantsFresh)
  if (!isPending(answer)) {
    answered(request, token, answer)
    return undefined
  }
  request.loading = awaitAnswer(request, token, answer)
  return request.loading
}

async function awaitAnswer(request: RequestSession, token: Token, answer: Promise<Loaded>): Promise<void> {
  try {
    answered(request, token, await answer)
  } catch (error) {
    const isRefused = request.manager.options.onStoreFailure === 'reject'
    request.loadFailed(isRefused)
    if (isRefused) throw error
  }
}

function ask(request: RequestSession, key: SessionKey, isFresh = true): Loaded | Promise<Loaded> {
  const { storeClient, options } = request.manager
  const call = (giveUpAt: number) => options.store.load(key, storeOptions(request, giveUpAt, isFresh))
  return storeClient.run('load', key, call, request.usage)
}

function answered(request: RequestSession, token: Token, loaded: Loaded): void {
  if (request.phase.name !== 'unread') return // ended meanwhile
  if (!isFound(loaded)) {
    missing(request, loaded ?? 'unknown', token.id)
    return
  }
  const { carrier, events, options } = request.manager
  const isRenewed = token.stale || ((loaded.own?.persistent ?? carrier.isPersistent) && isTouched(loaded, options))
  request.found(token.id, loaded, isRenewed ? 'renew' : 'held')
  if (events.hears('loaded')) events.emit('loaded', eventOf(request))
}

type Missing = 'absent' | 'malformed' | 'unknown' | 'expired' | 'rotated' | 'unreadable'

function missing(request: RequestSession, reason: Missing, id: string): void {
  const { events, options, tellUnreadable } = request.manager
  request.missing(reason, id)
  if (reason === 'absent') return
  if (reason === 'unreadable') {
    tellUnreadable(id)
    return
  }
  const event = { at: options.now(), session: id && events.hash(id) }
  if (reason === 'expired' && events.hears('expired')) events.emit('expired', event)
  if (events.hears('rejected')) events.emit('rejected', { ...event, reason })
}

/** Asks the store again, keeping what is to be changed. Tells whether the session is (still) there. */
export async function reload(request: RequestSession): Promise<boolean> {
  if (request.phase.name === 'stored') await reloadStored(request, request.phase)
  else {
    request.forgetFailure()
    await loadFresh(request)
  }
  return request.phase.name === 'stored'
}

async function reloadStored(request: RequestSession, phase: StoredPhase): Promise<void> {
  const loaded = await ask(request, request.key)
  if (request.phase !== phase) return // it was written to meanwhile: what is known is newer
  request.reloaded(phase, isFound(loaded) ? loaded : undefined)
}

/** Looks for a session under an id that the request did not bring. If it is there, the client is given the id. */
export async function findUnder(request: RequestSession, id: string): Promise<boolean> {
  const loaded = await ask(request, request.manager.keyOf(id))
  if (!isFound(loaded)) return false
  request.found(id, loaded, 'new')
  return true
}

/**
 * Asks the store once more before a client is handed the id that it has already: another request may have rotated it
 * since it was loaded, and the client must not get the old id after the new one. Never fails the request.
 */
export async function confirmRenewal(request: RequestSession): Promise<void> {
  const { phase } = request
  if (phase.name !== 'stored' || phase.cookie !== 'renew') return
  const loaded = await Promise.resolve(ask(request, request.key)).catch(() => undefined)
  if (!isFound(loaded)) request.found(phase.id, phase.record, 'held')
}

/** Asks the store whether a session had this id until a moment ago. */
export async function wasRotated(request: RequestSession, id: string): Promise<boolean> {
  return (await ask(request, request.manager.keyOf(id))) === 'rotated'
}

/** What the store is told along with every call. */
export function storeOptions({ manager, usage }: RequestSession, giveUpAt: number, fresh = false): StoreOptions {
  const { options, onBackgroundError } = manager
  return { now: options.now(), lifetime: options.lifetime, usage, onBackgroundError, giveUpAt, fresh }
}

/** Whether the load wrote the access down. */
function isTouched(loaded: StoredSession, { now, lifetime }: ResolvedOptions): boolean {
  return loaded.isTouched ?? now() - loaded.lastAccessedAt >= lifetimeOf(loaded, lifetime).touchEveryMs
}

const isFound = (loaded: Loaded): loaded is StoredSession => typeof loaded === 'object'
