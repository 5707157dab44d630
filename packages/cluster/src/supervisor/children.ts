import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import type { ChildSpec, Notice } from './protocol.ts'

/** How long a child's pipes may stay open after its death before its exit is told without them. */
const FLUSH_MS = 1_000
/** How long a clean-up command may take: the whole end has 5 s. */
const CLEAN_UP_MS = 4_000

interface Entry {
  readonly process: ChildProcess
  readonly pid: number
  readonly spec: ChildSpec
  readonly gone: Promise<void>
}

/** The living children of a supervisor, each the leader of its process group. */
export class Children {
  readonly #entries = new Map<number, Entry>()
  readonly #tell: (notice: Notice) => void

  constructor(tell: (notice: Notice) => void) {
    this.#tell = tell
  }

  /** Starts a child and answers its pid; throws what the system says when the command cannot be run. */
  async spawn(id: number, spec: ChildSpec): Promise<number> {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...spec.env },
      detached: true,
      stdio: [spec.cleanUp ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    })
    // Registered in the tick that started it: an end that comes next finds it.
    if (child.pid !== undefined) this.#register(id, child, child.pid, spec)
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    return child.pid as number
  }

  /** Signals the child's whole group; false when the child has ended. */
  signal(id: number, signal: NodeJS.Signals): boolean {
    const entry = this.#entries.get(id)
    return entry !== undefined && killGroup(entry.pid, signal)
  }

  /** SIGKILL for every group, then the clean-up commands; resolves when all children are reaped. */
  async killAll(): Promise<void> {
    const entries = [...this.#entries.values()]
    for (const { pid } of entries) killGroup(pid, 'SIGKILL')
    for (const { spec } of entries) cleanUp(spec)
    await Promise.all(entries.map(({ gone }) => gone))
  }

  #register(id: number, child: ChildProcess, pid: number, spec: ChildSpec): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.#tell({ notice: 'output', child: id, stream, text })
      })
    }
    const gone = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        this.#entries.delete(id)
        // Whatever the leader left behind in its group goes with it.
        killGroup(pid, 'SIGKILL')
        cleanUp(spec)
        const told = once(() => {
          clearTimeout(timer)
          this.#tell({ notice: 'exit', child: id, code, signal })
          resolve()
        })
        // 'close' comes when the last output was read, which the exit must not overtake.
        child.once('close', told)
        const timer = setTimeout(told, FLUSH_MS)
      })
    })
    this.#entries.set(id, { process: child, pid, spec, gone })
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

function cleanUp({ cleanUp: command, env }: ChildSpec): void {
  if (!command?.[0]) return
  spawnSync(command[0], command.slice(1), { env: { ...env }, stdio: 'ignore', timeout: CLEAN_UP_MS })
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    act()
  }
}
