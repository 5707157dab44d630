import { UnencodableError } from '../codec/codec.ts'
import { SessionNameError, SessionTooLargeError, SessionValueError } from '../errors.ts'
import type { StoredSession } from '../store/store.ts'
import { assertWritable } from './assert.ts'
import { deepFreeze } from './freeze.ts'
import { eventOf } from './report.ts'
import type { RequestSession } from './request-session.ts'
import { checkSize } from './size.ts'

/** The longest name of an attribute, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 1024

/** Throws unless every store can keep an attribute of this name: any well-formed text of 1 to 1,024 bytes will do. */
export function checkName(name: string): void {
  if (typeof name !== 'string') throw new SessionNameError(`must be a string, not ${typeof name}`)
  if (name.length === 0) throw new SessionNameError('must not be empty')
  if (name.length > MAX_NAME_BYTES || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new SessionNameError(`must be at most ${MAX_NAME_BYTES} bytes long`)
  }
  if (!name.isWellFormed()) throw new SessionNameError('holds half a surrogate pair, so it is not valid Unicode')
}

/** An attribute as this request sees it, its own changes included. The session must be loaded. */
export function readAttribute(request: RequestSession, name: string): unknown {
  return decodeAttribute(request, name, bytesOf(request, name))
}

/** As `readAttribute`, but a value that may be changed in place. */
export function readLiveAttribute(request: RequestSession, name: string): unknown {
  return decode(request, name, bytesOf(request, name), true)
}

/** The bytes of an attribute as this request sees it. The session must be loaded. */
export function bytesOf(request: RequestSession, name: string): Uint8Array | undefined {
  const staged = request.changes?.attributes
  return staged?.has(name) ? staged.get(name) : storedAttributes(request)?.get(name)
}

/** What the store has of the attributes, unless they are to be dropped. */
export const storedAttributes = ({ record, changes }: RequestSession): StoredSession['attributes'] | undefined =>
  changes?.isAnew ? undefined : record?.attributes

/** The names of all attributes as this request sees them. The session must be loaded. */
export function attributeNames(request: RequestSession): string[] {
  const names = new Set<string>()
  for (const [name, bytes] of storedAttributes(request) ?? []) if (bytes.length > 0) names.add(name)
  for (const [name, bytes] of request.changes?.attributes ?? []) {
    if (bytes) names.add(name)
    else names.delete(name)
  }
  return [...names]
}

/** Has an attribute changed when the request is committed; `undefined` removes it. Encodes now; asks no store. */
export function stageAttribute(
  request: RequestSession,
  operation: 'set' | 'delete',
  name: string,
  value: unknown,
): void {
  assertWritable(request, operation)
  checkName(name)
  const bytes = value === undefined ? undefined : encodeAttribute(request, name, value)
  request.change().attributes.set(name, bytes)
  request.watch?.drop(name)
  if (bytes && typeof value === 'object' && value !== null) request.watch?.add(name, value)
}

/** Takes an attribute back, and throws, when the session would be too large with it. The session must be loaded. */
export function checkStaged(request: RequestSession, name: string): void {
  if (!request.changes) return
  try {
    checkSize(request, request.changes)
  } catch (error) {
    request.changes.attributes.delete(name)
    throw error
  }
}

/** A value as bytes, or `SessionValueError` / `SessionTooLargeError`. */
export function encodeAttribute({ manager }: RequestSession, name: string, value: unknown): Uint8Array {
  const { codec, maxAttributeBytes } = manager.options
  const bytes = encode()
  if (bytes.length > maxAttributeBytes) throw new SessionTooLargeError(name, bytes.length, maxAttributeBytes)
  return bytes

  function encode(): Uint8Array {
    try {
      return codec.encode(value)
    } catch (error) {
      if (error instanceof UnencodableError) throw new SessionValueError(name, error.path, error.reason, error)
      throw new SessionValueError(name, '', `could not be encoded (${String(error)})`, error)
    }
  }
}

/** A fresh, frozen value from an attribute's bytes. */
export function decodeAttribute(request: RequestSession, name: string, bytes: Uint8Array | undefined): unknown {
  return decode(request, name, bytes, false)
}

/**
 * Bytes that the codec cannot read (any longer) read as absent, with an `unreadable` event: during a rolling upgrade
 * one odd attribute must not fail the whole request.
 */
function decode(request: RequestSession, name: string, bytes: Uint8Array | undefined, isLive: boolean): unknown {
  // Spring Session writes a removed attribute as an empty value.
  if (bytes === undefined || bytes.length === 0) return undefined
  try {
    const value = request.manager.options.codec.decode(bytes)
    if (!isLive && !deepFreeze(value)) request.watch?.add(name, value)
    return value
  } catch (error) {
    const { events } = request.manager
    if (events.hears('unreadable')) events.emit('unreadable', { ...eventOf(request), attribute: name, error })
    return undefined
  }
}
