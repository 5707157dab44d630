import type { Parts } from '../parts.ts'

/** One field of a stored session: its bytes, as text, and what the codec makes of them. */
export interface InspectedField {
  name: string
  /** The bytes, base64. */
  base64: string
  /** The bytes read as UTF-8, for the eye. */
  text: string
  /** What the codec reads; absent for the store's own fields and for bytes that it cannot read. */
  decoded?: unknown
  /** Why the codec cannot read the bytes. */
  unreadable?: string
}

/** One session as the store holds it. */
export interface InspectedSession {
  handle: string
  /** The exact key in Redis; `null` in memory. */
  redisKey: string | null
  /** When Redis will forget it, in milliseconds from now; `null` in memory. */
  ttlMs: number | null
  codec: string
  fields: InspectedField[]
}

/** Shows the session behind a handle without touching it; `undefined` when there is none. */
export async function inspectSession(parts: Parts, handle: string): Promise<InspectedSession | undefined> {
  if (!/^[A-Za-z0-9_-]{43}$/.test(handle)) return undefined
  return parts.redis ? inRedis(parts, parts.redis, handle) : inMemory(parts, handle)
}

async function inRedis(
  parts: Parts,
  redis: NonNullable<Parts['redis']>,
  handle: string,
): Promise<InspectedSession | undefined> {
  const redisKey = `${parts.config.session.namespace}:sessions:${handle}`
  const [hash, ttlMs] = await Promise.all([redis.hgetallBuffer(redisKey), redis.pttl(redisKey)])
  const fields = Object.entries(hash).map(([name, bytes]) => show(parts, name, bytes))
  return fields.length === 0 ? undefined : { handle, redisKey, ttlMs, codec: parts.config.session.codec, fields }
}

async function inMemory(parts: Parts, handle: string): Promise<InspectedSession | undefined> {
  const listing = await find(parts, handle)
  if (!listing) return undefined
  const { store, lifetime } = parts.sessions.options
  // Asked as of its last access, the store finds it live and has no access to write down.
  const stored = await store.load(handle, { now: listing.lastAccessedAt, lifetime })
  if (typeof stored !== 'object') return undefined
  const fields = [...stored.attributes].map(([name, bytes]) => show(parts, `sessionAttr:${name}`, Buffer.from(bytes)))
  return { handle, redisKey: null, ttlMs: null, codec: parts.config.session.codec, fields }
}

async function find({ sessions }: Parts, handle: string) {
  let cursor: string | undefined
  do {
    const page = await sessions.list({ cursor, limit: 1000 })
    const found = page.sessions.find((listed) => listed.handle === handle)
    if (found) return found
    cursor = page.cursor
  } while (cursor !== undefined)
  return undefined
}

function show({ sessions }: Parts, name: string, bytes: Buffer): InspectedField {
  const field = { name, base64: bytes.toString('base64'), text: bytes.toString('utf8') }
  if (!name.startsWith('sessionAttr:') || bytes.length === 0) return field
  try {
    return { ...field, decoded: sessions.options.codec.decode(bytes) }
  } catch (error) {
    return { ...field, unreadable: (error as Error).message }
  }
}
