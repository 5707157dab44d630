// Runs one script as a child of the bootstrap, and ends all that it started when the bootstrap or the reader of its output has gone.
import { Socket } from 'node:net'
import { constants as system } from 'node:os'
import { pathToFileURL } from 'node:url'
import { ending } from './ending.mjs'
import { whenReaderGone } from './pipe-reader.mjs'
import { descendants, startedWith } from './process-tree.mjs'

/** How long what runs has to end by itself, ms; then it is killed. All is to be gone within 5 s. */
const GRACE_MS = 3500

/** What the bootstrap marks all of one command's processes with. */
const TASK = 'SESSION_CLUSTER_TASK'

const [, , script, ...args] = process.argv
process.argv = [process.argv[0], script, ...args]

// The bootstrap holds the other end and never writes: the end of it means that the bootstrap has gone.
const lifeline = new Socket({ fd: 3, readable: true, writable: false })
lifeline.on('error', end).on('close', end).resume().unref()
whenReaderGone(end)
// Whoever read the output may be gone before that is noticed.
for (const stream of [process.stdout, process.stderr]) stream.on('error', end)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) void endTree(128 + system.signals[signal])
  })
}

if (args.includes('--watch')) await watch()
else await import(pathToFileURL(script).href)

/** Node's own watch mode runs the script, and again whenever a file that it has loaded changes. */
async function watch() {
  const { spawn } = await import('node:child_process')
  const rest = args.filter((word) => word !== '--watch')
  // A restart is not to wait for clients.
  const env = { ...process.env, DRAIN_MS: process.env.DRAIN_MS || '0' }
  const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', script, ...rest], {
    stdio: 'inherit',
    env,
  })
  child.on('exit', (code) => process.exit(code ?? 1))
}

/** Nobody is there any more: what stops by itself is let do so, and whatever remains is killed. */
function end() {
  if (ending.signal.aborted) return
  ending.abort()
  if (process.listenerCount('SIGTERM') === 1) return void endTree(143)
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => {
    signalAll([...descendants(process.pid), ...startedWith(TASK, process.env[TASK] ?? '')], 'SIGKILL')
    process.kill(process.pid, 'SIGKILL')
  }, GRACE_MS).unref()
}

/** Ends all that this process started, then the process. */
async function endTree(exitCode) {
  ending.abort()
  const children = descendants(process.pid)
  signalAll(children, 'SIGTERM')
  const last = performance.now() + GRACE_MS
  while (children.some(isAlive) && performance.now() < last) await new Promise((resolve) => setTimeout(resolve, 50))
  // What has appeared meanwhile, and what has outlived its parent, which hides it from the tree.
  signalAll([...children, ...descendants(process.pid), ...startedWith(TASK, process.env[TASK] ?? '')], 'SIGKILL')
  process.exit(exitCode)
}

function signalAll(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {} // gone already
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
