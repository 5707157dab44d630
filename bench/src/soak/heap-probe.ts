// Loaded before a process that is not ours to change: tells what its heap holds when asked over IPC.
import { setTimeout as pause } from 'node:timers/promises'
import { settled } from './settled.ts'

/** Node's timers, and those of libraries, let go of what they hold at their next tick: the slowest comes every half second. */
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
