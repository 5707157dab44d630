// A near cache that holds many sessions, and one that only hears what others write.
import { setTimeout as pause } from 'node:timers/promises'
import { type NearCache, nearCache, redisOptions, redisStore } from '@session-cluster/session'
import { Redis } from 'ioredis'
import type { NearCacheCosts } from '../near-cache.ts'

const SESSIONS = 100_000
const WRITES_PER_SECOND = 1_000
const SECONDS = 3
const BATCH = 1_000
const MAX_BYTES = 256 * 2 ** 20

const lifetime = { idleTimeoutMs: 24 * 3_600_000, absoluteTimeoutMs: 0, touchEveryMs: 60_000 }
const at = () => ({ now: Date.now(), lifetime })
const keyOf = (i: number): string => `near-${i}`.padStart(43, '0')
const client = new Redis(process.env.REDIS_URL ?? '', redisOptions)
const writer = redisStore({ client, namespace: 'near' })

async function opened(maxBytes: number, maxEntries = SESSIONS): Promise<NearCache> {
  const store = redisStore({ client: client.duplicate(), namespace: 'near' })
  const cache = nearCache(store, { maxBytes, maxEntries, maxAgeMs: 600_000, leaseMs: 60_000 })
  while (!cache.cacheStats.isLive) await pause(5)
  return cache
}

async function inBatches(count: number, act: (i: number) => unknown): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    await Promise.all(Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => act(from + i)))
  }
}

function heap(): number {
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function memory(): Promise<Omit<NearCacheCosts, 'usPerInvalidation' | 'writesPerSecond'>> {
  const set = new Map(['q', 'user', 'counter'].map((name) => [name, Buffer.from('"password"')]))
  await inBatches(SESSIONS, (i) => writer.commit(keyOf(i), { create: { createdAt: Date.now() }, set }, at()))
  const cache = await opened(MAX_BYTES)
  const before = heap()
  await inBatches(SESSIONS, (i) => cache.load(keyOf(i), at()))
  const bytesPerSession = (heap() - before) / cache.cacheStats.entries
  const { entries: sessions, bytes: reckonedBytes } = cache.cacheStats
  await cache[Symbol.asyncDispose]()
  const small = await opened(Math.floor(reckonedBytes / 10))
  await inBatches(SESSIONS, (i) => small.load(keyOf(i), at()))
  const { entries: heldOfTenth, bytes: bytesOfTenth } = small.cacheStats
  await small[Symbol.asyncDispose]()
  return { sessions, bytesPerSession, reckonedBytes, maxBytes: MAX_BYTES, heldOfTenth, bytesOfTenth }
}

/** What this process takes for writes of its own, less what it takes for them while a near cache hears of them. */
async function invalidation(): Promise<number> {
  const cpu = async (): Promise<number> => {
    const start = process.cpuUsage()
    for (let tick = 0; tick < SECONDS * 100; tick++) {
      const due = pause(10)
      const many = Array.from({ length: WRITES_PER_SECOND / 100 }, (_, i) => keyOf((tick * 10 + i) % SESSIONS))
      const set = new Map([['counter', Buffer.from(String(tick))]])
      await Promise.all(many.map((key) => writer.commit(key, { set }, at())))
      await due
    }
    const { user, system } = process.cpuUsage(start)
    return user + system
  }
  await cpu()
  const alone = await cpu()
  const cache = await opened(MAX_BYTES)
  const heard = await cpu()
  await cache[Symbol.asyncDispose]()
  return (heard - alone) / (SECONDS * WRITES_PER_SECOND)
}

const costs = { ...(await memory()), usPerInvalidation: await invalidation(), writesPerSecond: WRITES_PER_SECOND }
process.send?.(costs satisfies NearCacheCosts)
process.on('disconnect', () => process.exit())
