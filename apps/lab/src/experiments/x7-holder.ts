// A process of its own that holds sessions in a memory store, serves them, and measures itself: no other work disturbs its
// heap or its CPU time. Started with --expose-gc; takes one order at a time over IPC and answers it; ends with its parent.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PerformanceObserver } from 'node:perf_hooks'
import { memoryStore, type SessionKey } from '@session-cluster/session'

/** What the holder can be asked to do; `look` only asks how it is. */
export type Order =
  | { readonly do: 'fill'; readonly upTo: number; readonly valueBytes: number }
  | { readonly do: 'expire' }
  | { readonly do: 'look' }

/** What the holder answers to any order. */
export interface HolderState {
  /** Where it answers `GET /<number>` with the size of that session's value. */
  readonly url: string
  readonly sessions: number
  readonly heapBytes: number
  /** The longest pause for garbage collection of its own accord since the last order, in ms. */
  readonly longestPauseMs: number
  /** CPU time of the process so far, in µs. */
  readonly cpuMicros: number
}

const lifetime = { idleTimeoutMs: 60_000, absoluteTimeoutMs: 0, touchEveryMs: 0 }
let now = 1_700_000_000_000
const store = memoryStore({ maxSessions: 10_000_000, maxBytes: 64 * 2 ** 30, sweepEveryMs: 0, now: () => now })
const pauses = new PerformanceObserver(() => {})
pauses.observe({ entryTypes: ['gc'] })

const key = (index: number): SessionKey => `session-${index}`

const server = createServer(async (request, response) => {
  const session = await store.load(key(Number(request.url?.slice(1))), { now, lifetime })
  response.end(typeof session === 'object' ? String(session.attributes.get('cart')?.byteLength) : 'none')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

async function fill({ upTo, valueBytes }: Extract<Order, { do: 'fill' }>): Promise<void> {
  for (let index = store.size; index < upTo; index++) {
    const value = Buffer.alloc(valueBytes, `${index} `)
    await store.commit(key(index), { create: { createdAt: now }, set: new Map([['cart', value]]) }, { now, lifetime })
  }
}

function expire(): void {
  now += lifetime.idleTimeoutMs + 1
  while (store.size > 0 && store.sweep() > 0);
}

/** What is held for good: buffers are given back some time after the collection that found them unused. */
async function settledHeap(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 10))
    const { heapUsed, external } = process.memoryUsage()
    least = Math.min(least, heapUsed + external)
  }
  return least
}

/** Tells the parent, if it is still there to hear it. */
function tell(message: HolderState | 'ready'): void {
  process.send?.(message, undefined, undefined, () => {})
}

process.on('message', async (order: Order) => {
  pauses.takeRecords()
  if (order.do === 'fill') await fill(order)
  if (order.do === 'expire') expire()
  await new Promise((resolve) => setImmediate(resolve))
  const longestPauseMs = Math.max(0, ...pauses.takeRecords().map(({ duration }) => duration))
  const heapBytes = order.do === 'look' ? Number.NaN : await settledHeap()
  const { user, system } = process.cpuUsage()
  const state: HolderState = { url, sessions: store.size, heapBytes, longestPauseMs, cpuMicros: user + system }
  tell(state)
})
process.on('disconnect', () => process.exit(0))
tell('ready')
