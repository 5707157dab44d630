import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { type Codec, json, registered, registry, typedJson, UnencodableError, v8 } from '@session-cluster/session'
import type { Redis } from 'ioredis'
import type { CodecName, CodecTrial, SampleName } from '../wire/codec.ts'
import { printable } from './inspect-redis.ts'

/** What an authenticated user is and may do: the tutorial's class that plain JSON does not bring back. */
export class SecurityContext {
  readonly user: string
  readonly authorities: readonly string[]

  constructor(user: string, authorities: readonly string[]) {
    this.user = user
    this.authorities = authorities
  }

  /** What a plain copy of the data no longer has. */
  may(authority: string): boolean {
    return this.authorities.includes(authority)
  }
}

const stored = registered({
  name: 'SecurityContext',
  class: SecurityContext,
  write: ({ user, authorities }) => ({ user, authorities: [...authorities] }),
  read: ({ user, authorities }) => new SecurityContext(user, authorities),
})

/** The control: what one gets who uses no codec of the library. */
const rawJson: Codec = {
  name: 'raw-json',
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
}

const made: Readonly<Record<CodecName, () => Codec>> = {
  'raw-json': () => rawJson,
  json,
  'typed-json': typedJson,
  v8,
  registry: () => registry([stored]),
}

const values: Readonly<Record<SampleName, () => unknown>> = {
  plain: () => ({ user: 'Alice', cart: ['tea', 'milk'], visits: 3 }),
  date: () => ({ since: new Date(Date.UTC(2026, 0, 1)) }),
  map: () => ({ prices: new Map([['tea', 3]]) }),
  class: () => new SecurityContext('Alice', ['ROLE_USER']),
}

/** Puts a value into Redis with a codec, takes it out again, and tells what became of it. The key is gone afterwards. */
export async function tryCodec(redis: Redis, codecName: CodecName, sample: SampleName): Promise<CodecTrial> {
  const codec = made[codecName]()
  const value = values[sample]()
  const about = { codec: codecName, sample, value: show(value) }
  let bytes: Buffer
  try {
    bytes = Buffer.from(codec.encode(value))
  } catch (error) {
    if (error instanceof UnencodableError) return { ...about, verdict: 'refused', reason: error.message }
    throw error
  }
  const key = `session-cluster:codec-trial:${randomUUID()}`
  await redis.set(key, bytes, 'EX', 60)
  const kept = await redis.getBuffer(key)
  await redis.del(key)
  if (kept === null) throw new Error('Redis did not keep the value')
  const back = codec.decode(kept)
  // Node's own print names classes and types, so that two values that print alike are alike.
  const verdict = show(back) === about.value ? 'same' : 'changed'
  return { ...about, verdict, raw: printable(kept), bytes: kept.length, back: show(back) }
}

const show = (value: unknown): string => inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY })
