import type { SessionDelta, StoredSession } from '../store/store.ts'
import type { Changes, Rotation } from './changes.ts'
import type { RequestSession } from './request-session.ts'
import { checkSize } from './size.ts'

/**
 * What the store is to change; `undefined` when nothing is, as when an attribute is removed that was not there.
 * Gives the request a session if it needs one for it.
 */
export function deltaOf(
  request: RequestSession,
  changes: Changes,
  expect?: SessionDelta['expect'],
): SessionDelta | undefined {
  const { record, manager } = request
  const { attributes, rotation, isAnew } = changes
  const lifetime = lifetimeIn(changes, record)
  const set = new Map<string, Uint8Array>()
  const remove: string[] = []
  for (const [name, bytes] of attributes) {
    if (bytes) set.set(name, bytes)
    else if (record?.attributes.has(name)) remove.push(name)
  }
  const isRotated = rotation !== undefined && !(isAnew && rotation.user === null)
  const isChangeOfLifetime = lifetime !== undefined && record !== undefined
  if (!isRotated && !isChangeOfLifetime && set.size === 0 && remove.length === 0) return undefined
  if (set.size > 0) checkSize(request, changes)
  const delta = { set, remove, ...identity(rotation, record?.user), ...(lifetime === undefined ? {} : { lifetime }) }
  if (!record) return { ...delta, create: { createdAt: request.make(isAnew ? rotation?.id : undefined) } }
  const anew = isAnew ? { remove: [], anew: { createdAt: manager.options.now() } } : {}
  return {
    ...delta,
    ...anew,
    ...(expect ? { expect } : {}),
    ...(rotation ? { renameTo: manager.keyOf(rotation.id), graceMs: manager.options.rotationGraceMs } : {}),
  }
}

/** A session that moves takes its own lifetime along, so that the store knows until when its user's index must have it. */
function lifetimeIn(
  { lifetime, rotation, isAnew }: Changes,
  record: StoredSession | undefined,
): SessionDelta['lifetime'] {
  return lifetime === undefined && rotation && !isAnew ? record?.own : lifetime
}

function identity(
  rotation: Rotation | undefined,
  previousUser: string | undefined,
): Pick<SessionDelta, 'user' | 'authenticatedAt' | 'previousUser'> {
  return {
    ...(rotation?.user === undefined ? {} : { user: rotation.user }),
    ...(rotation?.authenticatedAt === undefined ? {} : { authenticatedAt: rotation.authenticatedAt }),
    ...(previousUser === undefined ? {} : { previousUser }),
  }
}
