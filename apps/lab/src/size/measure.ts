import { startRedis } from '@session-cluster/cluster'
import { redisStore, type SessionStore } from '@session-cluster/session'
import { Redis } from 'ioredis'
import { prove } from '../experiment.ts'
import { inParallel } from '../load/open-loop.ts'
import { memoryFigure } from '../rig/redis.ts'
import type { Point } from './measured.ts'

const parallel = 100
const requests = 20_000
const createdAt = 1_700_000_000_000
const lifetime = { idleTimeoutMs: 3_600_000, absoluteTimeoutMs: 0, touchEveryMs: 60_000 }
const key = (index: number) => `session-${index}`

export interface Measuring {
  readonly sessions: number
  readonly valueBytes: number
  readonly signal: AbortSignal
}

/** Fills a Redis of its own with sessions, and asks it what it took for them, and takes for a request that reads or changes one. */
export async function measurePoint({ sessions, valueBytes, signal }: Measuring): Promise<Point> {
  await using redis = await startRedis()
  const client = new Redis(redis.url)
  try {
    const store = redisStore({ client, namespace: 'size' })
    await read(store, 0)
    await write(store, 0, valueBytes) // Both scripts are known before anything is looked at.
    const empty = await memoryFigure(client, 'used_memory')
    await each(sessions, signal, async (index) => {
      const set = new Map([['cart', Buffer.alloc(valueBytes, `${index} `)]])
      const made = await store.commit(key(index), { create: { createdAt }, set }, { now: createdAt, lifetime })
      prove(made === 'ok', `a new session is made, not ${made}`)
    })
    const usedBytes = (await memoryFigure(client, 'used_memory')) - empty
    const taken = async (act: (index: number) => Promise<unknown>) => {
      const before = await spent(client)
      await each(requests, signal, (index) => act((index * 7919) % sessions))
      const after = await spent(client)
      return { cpuUs: (after.cpuUs - before.cpuUs) / requests, netBytes: (after.netBytes - before.netBytes) / requests }
    }
    const [reads, writes] = [
      await taken((index) => read(store, index)),
      await taken(async (index) => {
        await read(store, index)
        await write(store, index, valueBytes)
      }),
    ]
    return {
      sessions,
      valueBytes,
      usedBytes,
      cpuUs: { read: reads.cpuUs, write: writes.cpuUs },
      netBytes: { read: reads.netBytes, write: writes.netBytes },
    }
  } finally {
    client.disconnect()
  }
}

const read = async (store: SessionStore, index: number) => store.load(key(index), { now: createdAt + 1, lifetime })
const write = (store: SessionStore, index: number, valueBytes: number) =>
  store.commit(
    key(index),
    { set: new Map([['cart', Buffer.alloc(valueBytes, `${index} `)]]) },
    { now: createdAt + 1, lifetime },
  )

function each(count: number, signal: AbortSignal, act: (index: number) => Promise<unknown>): Promise<unknown> {
  return inParallel(
    Array.from({ length: count }, (_, index) => index),
    parallel,
    async (index) => {
      signal.throwIfAborted()
      await act(index)
    },
  )
}

/** CPU time and bytes on the wire of a Redis since its start. */
async function spent(client: Redis): Promise<{ cpuUs: number; netBytes: number }> {
  const info = `${await client.info('cpu')}\n${await client.info('stats')}`
  const sum = (pattern: RegExp) => [...info.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0)
  return {
    cpuUs: 1e6 * sum(/^used_cpu_(?:user|sys):([\d.]+)/gm),
    netBytes: sum(/^total_net_(?:input|output)_bytes:(\d+)/gm),
  }
}
