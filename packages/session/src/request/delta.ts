import type { SessionDelta } from '../store/store.ts'
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
  const set = new Map<string, Uint8Array>()
  const remove: string[] = []
  for (const [name, bytes] of attributes) {
    if (bytes) set.set(name, bytes)
    else if (record?.attributes.has(name)) remove.push(name)
  }
  const isRotated = rotation !== undefined && !(isAnew && rotation.user === null)
  if (!isRotated && set.size === 0 && remove.length === 0) return undefined
  if (set.size > 0) checkSize(request, changes)
  const delta = { set, remove, ...identity(rotation, record?.user) }
  if (!record) return { ...delta, create: { createdAt: request.make(isAnew ? rotation?.id : undefined) } }
  return {
    ...delta,
    ...(expect ? { expect } : {}),
    ...(rotation ? { renameTo: manager.keyOf(rotation.id), graceMs: manager.options.rotationGraceMs } : {}),
  }
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
