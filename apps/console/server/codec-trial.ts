import { randomUUID } from 'node:crypto'
import { UnencodableError } from '@session-cluster/session'
import type { Redis } from 'ioredis'
import type { CodecTrial, SampleName, TrialCodec } from '../wire/codec.ts'
import { codecOf, SecurityContext, show } from './codecs.ts'
import { printable } from './inspect-redis.ts'

const values: Readonly<Record<SampleName, () => unknown>> = {
  plain: () => ({ user: 'Alice', cart: ['tea', 'milk'], visits: 3 }),
  date: () => ({ since: new Date(Date.UTC(2026, 0, 1)) }),
  map: () => ({ prices: new Map([['tea', 3]]) }),
  class: () => new SecurityContext('Alice', ['ROLE_USER']),
}

/** Puts a value into Redis with a codec, takes it out again, and tells what became of it. The key is gone afterwards. */
export async function tryCodec(redis: Redis, codecName: TrialCodec, sample: SampleName): Promise<CodecTrial> {
  const codec = codecOf(codecName)
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
  const verdict = show(back) === about.value ? 'same' : 'changed'
  return { ...about, verdict, raw: printable(kept), bytes: kept.length, back: show(back) }
}
