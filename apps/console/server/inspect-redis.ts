import type { CodecName } from '@session-cluster/contract'
import { Redis } from 'ioredis'
import type { FieldShown, HashShown } from '../wire/inspection.ts'
import { codecOf, show } from './codecs.ts'

/** Looks into the Redis of one lane. It only ever reads. */
export interface RedisInspector extends AsyncDisposable {
  /**
   * @param codec how the lane's servers read values now; `undefined` where nobody here knows
   * @returns undefined when the key does not exist
   */
  hash(key: string, codec?: CodecName): Promise<HashShown | undefined>
  /** How many sessions the namespace holds. */
  count(): Promise<number>
  readonly client: Redis
}

/** How many keys' last looks are remembered. */
const memory = 64

/** Connects on first use; a Redis that does not answer within a second is an error, not a wait. */
export function redisInspector(url: string, namespace: () => string): RedisInspector {
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: true,
    connectTimeout: 1000,
    commandTimeout: 1000,
    retryStrategy: () => 500,
  })
  // Every command reports its own failure; without a listener ioredis prints each broken connection.
  client.on('error', () => undefined)
  const looks = new Map<string, ReadonlyMap<string, string>>()
  return {
    client,
    async hash(key, codec) {
      const [fields, ttlMs] = await Promise.all([client.hgetallBuffer(key), client.pttl(key)])
      const entries = Object.entries(fields)
      if (entries.length === 0) return undefined
      const before = looks.get(key)
      const now = new Map(entries.map(([name, value]) => [name, value.toString('latin1')]))
      looks.delete(key)
      looks.set(key, now)
      if (looks.size > memory) looks.delete(looks.keys().next().value as string)
      const shown = entries.map(([name, value]) => showField(name, value, before, codec))
      return {
        key,
        ttlMs,
        endsInMs: endsInMs(fields),
        fields: shown,
        removed: before ? [...before.keys()].filter((name) => !now.has(name)) : [],
      }
    },
    async count() {
      let total = 0
      let cursor = '0'
      do {
        const [next, keys] = await client.scan(cursor, 'MATCH', `${namespace()}:sessions:*`, 'COUNT', 500)
        cursor = next
        total += keys.length
      } while (cursor !== '0' && total < 100_000)
      return total
    },
    async [Symbol.asyncDispose]() {
      client.disconnect()
    },
  }
}

function showField(
  name: string,
  value: Buffer,
  before: ReadonlyMap<string, string> | undefined,
  codec: CodecName | undefined,
): FieldShown {
  const was = before?.get(name)
  const change =
    before === undefined || was === value.toString('latin1') ? 'same' : was === undefined ? 'new' : 'changed'
  const decoded = decodeField(name, value, codec)
  // An empty value is a removed attribute in Spring Session's layout.
  const unreadable = codec !== undefined && isAttribute(name) && value.length > 0 && decoded === undefined
  return {
    name,
    raw: printable(value),
    bytes: value.length,
    change,
    ...(decoded === undefined ? {} : { decoded }),
    ...(unreadable && { unreadable: true as const }),
  }
}

/** When the session ends by its own times unless it is used; `undefined` for one that never does. Redis may keep the key a little longer. */
function endsInMs({ lastAccessedTime, maxInactiveInterval }: Readonly<Record<string, Buffer>>): number | undefined {
  const [accessed, seconds] = [Number(lastAccessedTime), Number(maxInactiveInterval)]
  return seconds < 0 || Number.isNaN(accessed + seconds)
    ? undefined
    : Math.max(0, accessed + seconds * 1000 - Date.now())
}

const isAttribute = (name: string): boolean => name.startsWith('sessionAttr:')

/** What a field means: a time, a duration, or an attribute's value as the lane's servers read it; `undefined` when they cannot. */
export function decodeField(name: string, value: Buffer, codec: CodecName = 'json'): string | undefined {
  const text = value.toString('utf8')
  if (name === 'creationTime' || name === 'lastAccessedTime')
    return /^\d+$/.test(text) ? `${new Date(Number(text)).toISOString().slice(0, 19).replace('T', ' ')} UTC` : undefined
  if (name === 'maxInactiveInterval') return /^-?\d+$/.test(text) ? `${text} s` : undefined
  try {
    if (codec === 'json' || !isAttribute(name)) return JSON.stringify(JSON.parse(text))
    return show(codecOf(codec).decode(value))
  } catch {
    return undefined
  }
}

/** Bytes as `redis-cli` prints them: printable ASCII as it is, the rest as `\xNN`. */
export function printable(value: Buffer): string {
  let text = ''
  for (const byte of value.subarray(0, 2000)) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`
    else text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}
