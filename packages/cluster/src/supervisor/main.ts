/**
 * The supervisor: a small process between a cluster's owner and its children.
 *
 * It starts the children itself, so that there is never one that it does not know. The IPC channel to the owner is its
 * life line: when the owner ends, however it ends, the kernel closes the channel, and the supervisor kills every process
 * group (SIGKILL reaches stopped processes too), removes the directories that it made, and exits. It leads a session of its
 * own, so that a terminal's Ctrl-C, Ctrl-Z or hang-up does not reach it or the children.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Children } from './children.ts'
import type { Notice, Reply, Request } from './protocol.ts'

/** How long killed children get to be reaped: a killed process is gone at once unless the kernel is busy with it. */
const REAP_MS = 2_000

/** Output beyond this much that the owner has not taken yet is dropped: one that is stopped (Ctrl-Z) must not fill this process. */
const BACKLOG = 8 * 1024 * 1024

const children = new Children((notice) => tell(notice))
const directories: string[] = []
let backlog = 0
let finishing: Promise<void> | undefined
/** From the first moment of the end no child may be started: it would not be among those that are killed. */
let ending = false

process.on('message', (request: Request) => void answer(request))
process.on('disconnect', () => void finish(0))
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void finish(0))
process.on('uncaughtException', (error) => {
  console.error(`The cluster's supervisor failed: ${error.stack}`)
  void finish(1)
})

// The owner may have died while this file was still being read.
if (process.connected) tell({ notice: 'hello' })
else void finish(0)

async function answer(request: Request): Promise<void> {
  try {
    tell({ id: request.id, value: await carryOut(request) })
  } catch (error) {
    tell({ id: request.id, error: (error as Error).message })
  }
  if (request.ask === 'end') process.exit(0)
}

async function carryOut(request: Request): Promise<number | string | boolean> {
  switch (request.ask) {
    case 'spawn':
      if (ending) throw new Error('the supervisor is ending')
      return children.spawn(request.child, request.spec)
    case 'signal':
      return children.signal(request.child, request.signal)
    case 'directory': {
      const directory = mkdtempSync(join(tmpdir(), 'session-cluster-'))
      directories.push(directory)
      return directory
    }
    case 'end':
      await wipe()
      return true
  }
}

function finish(code: number): Promise<void> {
  finishing ??= wipe().finally(() => process.exit(code))
  return finishing
}

/** Kills every group, waits until each child is reaped (bounded), then removes the directories. */
async function wipe(): Promise<void> {
  ending = true
  await Promise.race([children.killAll(), delay(REAP_MS)])
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
}

function tell(message: Notice | Reply): void {
  const size = 'notice' in message && message.notice === 'output' ? message.text.length : 0
  if (!process.connected || (size > 0 && backlog > BACKLOG)) return
  backlog += size
  // An error means that the owner went while the message was on its way: 'disconnect' follows.
  process.send?.(message, undefined, undefined, () => {
    backlog -= size
  })
}
