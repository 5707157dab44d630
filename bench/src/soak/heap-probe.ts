// Loaded before a process that is not ours to change: tells what its heap holds when asked over IPC.
import { setTimeout as pause } from 'node:timers/promises'
import { settled } from './settled.ts'

/** undici drops a cleared timer at its next tick, which comes every half second. */
const tickMs = 500

process.on('message', async (order: unknown) => {
  if (order !== 'heap') return
  process.send?.({ heapBytes: await settled(held) })
})

/** The heap in bytes, without the caches that V8 would give up before it ran out of memory. */
async function held(): Promise<number> {
  await pause(tickMs)
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return process.memoryUsage().heapUsed
}
