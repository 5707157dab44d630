import type { ProcessState } from '@session-cluster/contract'
import { StateError } from '../errors.ts'
import type { LogLine } from '../log-buffer.ts'
import type { ManagedProcess } from '../managed-process.ts'
import type { Exit } from '../supervisor/supervisor.ts'

/** What a Redis process is started with. */
export interface RedisSettings {
  readonly port: number
  /** An empty directory of its own. */
  readonly directory: string
  readonly args: readonly string[]
}

/**
 * The Redis of a cluster. One that was found at a given URL (`managed` is false) is only used: everything that would
 * act on its process throws {@link StateError}.
 */
export class Redis {
  /** `redis://…`, as the nodes are told. The same through crash and restart. */
  readonly url: string
  readonly #process: ManagedProcess<true> | undefined

  constructor(url: string, process?: ManagedProcess<true>) {
    this.url = url
    this.#process = process
  }

  /** Whether its process belongs to the cluster. */
  get managed(): boolean {
    return this.#process !== undefined
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Of a single Redis at `redis://host:port`; Sentinel and Cluster addresses have none. */
  get port(): number {
    return Number(new URL(this.url).port || 6379)
  }

  /** `undefined` for a Redis that is not ours: nothing is known of its process. */
  get state(): ProcessState | undefined {
    return this.#process?.state
  }

  get log(): readonly LogLine[] {
    return this.#process?.log ?? []
  }

  /** SIGSTOP: connections stay and hang. */
  async freeze(): Promise<void> {
    await this.#own().freeze()
  }

  async thaw(): Promise<void> {
    await this.#own().thaw()
  }

  /** SIGKILL: connections are refused from now on. Without `appendOnly` its data is lost. */
  async crash(): Promise<void> {
    await this.#own().crash()
  }

  /** SIGTERM: as {@link crash}, but Redis says goodbye. */
  async stop(): Promise<Exit> {
    return this.#own().stop()
  }

  /** Starts it again after a crash or a stop, on the same port; with `appendOnly` its data is back. */
  async start(): Promise<void> {
    await this.#own().start()
  }

  async restart(): Promise<void> {
    await this.#own().restart()
  }

  /** Says that the end which comes next is wanted. */
  expectEnd(): void {
    this.#process?.expectEnd()
  }

  #own(): ManagedProcess<true> {
    if (!this.#process)
      throw new StateError(`the Redis at ${this.url} was not started here: its process cannot be controlled`)
    return this.#process
  }
}
