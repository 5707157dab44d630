import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ChildSpec, Notice, Reply, Request } from './protocol.ts'

/** How a child ended: an exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** What a child's owner hears of it. */
export interface ChildListener {
  output(stream: 'stdout' | 'stderr', text: string): void
  exit(exit: Exit): void
}

/** A child that runs under a {@link Supervisor}. */
export interface SupervisedChild {
  readonly pid: number
  /** Signals the child's whole process group; false when it has ended already. */
  signal(signal: NodeJS.Signals): Promise<boolean>
}

type Question = Request extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never

interface Waiting {
  resolve(value: number | string | boolean): void
  reject(error: Error): void
}

/**
 * Starts processes that never outlive their owner: when this process ends, by SIGKILL even, all of them are killed
 * within 5 s, stopped ones included, and the directories made here are removed. Disposing does the same at once.
 *
 * The work is done in a process of its own, see `main.ts` beside this file. Should that one be killed, the children
 * are killed from here.
 */
export class Supervisor implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #children = new Map<number, { listener: ChildListener; pid?: number }>()
  readonly #hello = Promise.withResolvers<void>()
  readonly #gone = Promise.withResolvers<void>()
  #next = 1
  #over = false

  private constructor(env: Readonly<Record<string, string>>) {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url))
    this.#process = spawn(process.execPath, [main], {
      detached: true,
      env: { ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#process.on('message', (message: Notice | Reply) => this.#hear(message))
    this.#process.once('error', (error) => this.#lose(error))
    this.#process.once('exit', () => this.#lose(new Error("the cluster's supervisor has ended")))
  }

  /** Starts a supervisor with exactly the given environment and waits until it can take children. */
  static async start(env: Readonly<Record<string, string>>): Promise<Supervisor> {
    const supervisor = new Supervisor(env)
    await supervisor.#hello.promise
    return supervisor
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Starts a child; rejects with the system's own words when the command cannot be run. */
  async spawn(spec: ChildSpec, listener: ChildListener): Promise<SupervisedChild> {
    const child = this.#next++
    const entry: { listener: ChildListener; pid?: number } = { listener }
    this.#children.set(child, entry)
    try {
      const pid = Number(await this.#ask({ ask: 'spawn', child, spec }))
      entry.pid = pid
      return {
        pid,
        signal: async (signal) => (this.#over ? false : Boolean(await this.#ask({ ask: 'signal', child, signal }))),
      }
    } catch (error) {
      this.#children.delete(child)
      throw error
    }
  }

  /** A new empty directory that is removed when the supervisor ends. */
  async directory(): Promise<string> {
    return String(await this.#ask({ ask: 'directory' }))
  }

  /** Kills every child with its group and removes the directories; resolves when they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.#ask({ ask: 'end' }).catch(() => {})
    await this.#gone.promise
  }

  #ask(question: Question): Promise<number | string | boolean> {
    if (this.#over) return Promise.reject(new Error("the cluster's supervisor has ended"))
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#process.send({ ...question, id } as Request, (error) => error && this.#settle({ id, error: error.message }))
    })
  }

  #hear(message: Notice | Reply): void {
    if (!('notice' in message)) this.#settle(message)
    else if (message.notice === 'hello') this.#hello.resolve()
    else if (message.notice === 'output')
      this.#children.get(message.child)?.listener.output(message.stream, message.text)
    else {
      const ended = this.#children.get(message.child)
      this.#children.delete(message.child)
      ended?.listener.exit({ code: message.code, signal: message.signal })
    }
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiting?.reject(new Error(reply.error))
    else waiting?.resolve(reply.value)
  }

  /** The supervisor is gone: after an ordinary end nothing is left to do; after a crash the children are killed from here. */
  #lose(error: Error): void {
    if (this.#over) return
    this.#over = true
    for (const { listener, pid } of this.#children.values()) {
      if (pid !== undefined) killGroup(pid)
      listener.exit({ code: null, signal: 'SIGKILL' })
    }
    this.#children.clear()
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
    this.#hello.reject(error)
    this.#gone.resolve()
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It had ended by itself.
  }
}
