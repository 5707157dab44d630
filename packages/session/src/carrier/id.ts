import { hash, randomFillSync } from 'node:crypto'

/** What a store keeps a session under: a hash of its id, or the id itself in a layout that is shared with Spring. */
export type SessionKey = string & { readonly sessionKey?: never }

const ID_BYTES = 18
const POOL_IDS = 64
const pool = Buffer.allocUnsafe(ID_BYTES * POOL_IDS)
let offset = pool.length

/** Makes an id: 144 bits from the system's secure random source, as 24 characters of base64url. */
export function newId(): string {
  if (offset === pool.length) {
    randomFillSync(pool)
    offset = 0
  }
  const id = pool.toString('base64url', offset, offset + ID_BYTES)
  pool.fill(0, offset, offset + ID_BYTES)
  offset += ID_BYTES
  return id
}

const OWN_SHAPE = /^[A-Za-z0-9_-]{24}$/
const FOREIGN_SHAPE = /^[A-Za-z0-9_-]{16,128}$/

/** Tells whether `text` has the shape of an id that `newId` makes. Nothing else ever reaches a store. */
export const isId = (text: string): boolean => OWN_SHAPE.test(text)

/** Tells whether `text` may be an id that Spring Session made: a UUID, or any word of 16 to 128 base64url characters. */
export const isForeignId = (text: string): boolean => FOREIGN_SHAPE.test(text)

/** Ids whose keys are remembered, in each of two generations. */
const REMEMBERED = 1024
let recent = new Map<string, SessionKey>()
let older = recent

/**
 * The key of a session at rest: SHA-256 of its id, so that whoever reads the store cannot pose as a client. A client mostly
 * sends several requests in a row, so the keys of the last ids are remembered: the hash is a third of what a read from
 * memory costs.
 */
export function hashId(id: string): SessionKey {
  const known = recent.get(id)
  if (known !== undefined) return known
  const key = older.get(id) ?? (hash('sha256', id, 'base64url') as SessionKey)
  if (recent.size >= REMEMBERED) {
    older = recent
    recent = new Map()
  }
  // A copy: what was cut out of a header keeps the whole header alive.
  recent.set(Buffer.from(id).toString(), key)
  return key
}

/** All of an id that may be shown: its last two characters. */
export const maskId = (id: string): string => `…${id.slice(-2)}`
