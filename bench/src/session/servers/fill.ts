import { createHash, randomBytes } from 'node:crypto'
import type { SessionStore } from '@session-cluster/session'
import { seeded } from './listen.ts'

/** An order to put sessions into the store without a request for each, and what comes back. */
export interface FillOrder {
  readonly fill: number
  /** How many of their ids to tell. */
  readonly sample: number
}

/** Ids that were told, spread over all sessions, and the heap that this process uses now, in bytes. */
export interface Filled {
  readonly ids: readonly string[]
  readonly heapBytes: number
}

const lifetime = { idleTimeoutMs: 24 * 3_600_000, absoluteTimeoutMs: 0, touchEveryMs: 60_000 }
const batch = 1000

/** Puts small sessions, as `/begin` makes them, straight into the store when the bench asks for it. */
export function fillOnRequest(store: SessionStore): void {
  process.on('message', async (order: FillOrder) => {
    const ids: string[] = []
    const every = Math.max(1, Math.floor(order.fill / order.sample))
    for (let from = 0; from < order.fill; from += batch) {
      const made = Array.from({ length: Math.min(batch, order.fill - from) }, () =>
        randomBytes(18).toString('base64url'),
      )
      await Promise.all(made.map((id) => create(store, id)))
      for (const [at, id] of made.entries()) if ((from + at) % every === 0 && ids.length < order.sample) ids.push(id)
    }
    globalThis.gc?.()
    process.send?.({
      ids,
      heapBytes: process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers,
    } satisfies Filled)
  })
}

async function create(store: SessionStore, id: string): Promise<void> {
  const now = Date.now()
  const set = new Map([
    ['q', Buffer.from(JSON.stringify(seeded))],
    ['user', Buffer.from('"u1"')],
    ['counter', Buffer.from('0')],
  ])
  const key = createHash('sha256').update(id).digest('base64url')
  const result = await store.commit(key, { create: { createdAt: now }, set }, { now, lifetime })
  if (result !== 'ok') throw new Error(`A session could not be made: ${result}`)
}
