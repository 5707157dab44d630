import type { ProcessState } from '@session-cluster/contract'
import type { LogLine } from './log-buffer.ts'
import type { ManagedProcess } from './managed-process.ts'
import type { Addresses } from './ready.ts'
import type { Exit } from './supervisor/supervisor.ts'

/** A node or the balancer: one process with an address for traffic and one for its operator. */
export class Member {
  readonly name: string
  readonly #process: ManagedProcess<Addresses>

  constructor(name: string, process: ManagedProcess<Addresses>) {
    this.name = name
    this.#process = process
  }

  /** Where it takes traffic, directly: `http://127.0.0.1:8080`. The same through crash and restart. */
  get url(): string {
    return this.#addresses.url
  }

  /** Where it answers its operator. */
  get adminUrl(): string {
    return this.#addresses.adminUrl
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get state(): ProcessState {
    return this.#process.state
  }

  /** The last lines that its present or last run wrote, oldest first. */
  get log(): readonly LogLine[] {
    return this.#process.log
  }

  /** Starts it again after a stop or a crash; ready when it resolves. */
  async start(): Promise<void> {
    await this.#process.start()
  }

  /** SIGTERM: it finishes what it has and ends. Answers how it ended: exit code 0 when all is well. */
  async stop(): Promise<Exit> {
    return this.#process.stop()
  }

  /** SIGKILL: it ends in the middle of whatever it does. */
  async crash(): Promise<void> {
    await this.#process.crash()
  }

  /** SIGSTOP: it hangs with all its connections open. */
  async freeze(): Promise<void> {
    await this.#process.freeze()
  }

  /** SIGCONT after {@link freeze}. */
  async thaw(): Promise<void> {
    await this.#process.thaw()
  }

  /** A graceful stop, then a start at the same address. */
  async restart(): Promise<void> {
    await this.#process.restart()
  }

  get #addresses(): Addresses {
    const { lastReady } = this.#process
    if (!lastReady) throw new Error(`${this.#process.name} has never been ready`)
    return lastReady
  }
}
