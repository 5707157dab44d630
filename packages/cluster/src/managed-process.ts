import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessState } from '@session-cluster/contract'
import { StartError, StateError } from './errors.ts'
import { LogBuffer, type LogLine } from './log-buffer.ts'
import type { ChildSpec } from './supervisor/protocol.ts'
import type { Exit, SupervisedChild, Supervisor } from './supervisor/supervisor.ts'

/** What a {@link ManagedProcess} tells while it lives. */
export interface ProcessListener {
  onLine?(line: LogLine): void
  onState?(state: ProcessState): void
}

/** How to start a process and to know that it is ready. */
export interface ProcessOptions<Ready> extends ProcessListener {
  readonly name: string
  readonly supervisor: Supervisor
  /** Made anew for each start, so that a restart may use what the first start learned. */
  spec(): ChildSpec
  /** Looks at each line on stdout; what it returns is what the process is `ready` with. */
  ready(line: string): Ready | undefined
  /** Does to the process what the signal would, where signals do not reach it (a container). @default the signal itself */
  deliver?(signal: NodeJS.Signals): Promise<void>
  /** How long a start may take before it counts as failed. */
  readonly startTimeoutMs: number
  /** How long a stop by SIGTERM may take before SIGKILL follows. */
  readonly stopTimeoutMs: number
  /** How many of its last lines are kept. */
  readonly logLines: number
}

interface Run<Ready> {
  readonly child: SupervisedChild
  readonly ready: Ready
  readonly exited: Promise<Exit>
}

/** One process of the cluster: started, watched, and ended in every way that a process can end. */
export class ManagedProcess<Ready> {
  readonly name: string
  readonly #options: ProcessOptions<Ready>
  #state: ProcessState = 'stopped'
  #run: Run<Ready> | undefined
  #log: LogBuffer
  #leaving = false

  constructor(options: ProcessOptions<Ready>) {
    this.name = options.name
    this.#options = options
    this.#log = this.#newLog()
  }

  get state(): ProcessState {
    return this.#state
  }

  /** The process's id, also its process group's; `undefined` when it does not run. */
  get pid(): number | undefined {
    return this.#run?.child.pid
  }

  /** What the process said when it was ready; kept from its last run when it does not run. */
  lastReady: Ready | undefined

  /** The last lines that its present or last run wrote. */
  get log(): readonly LogLine[] {
    return this.#log.lines
  }

  /** Starts it and waits until it is ready. A failed start leaves no process and throws {@link StartError}. */
  async start(): Promise<void> {
    if (this.#run || this.#state === 'starting') throw new StateError(`${this.name} runs already`)
    this.#setState('starting')
    this.#log = this.#newLog()
    this.#leaving = false
    try {
      this.#run = await this.#launch()
    } catch (error) {
      this.#setState('stopped')
      throw error
    }
    this.lastReady = this.#run.ready
    this.#setState('running')
    void this.#run.exited.then(() => this.#ended())
  }

  /** SIGTERM, and SIGKILL when it takes longer than the bound; thawed first when frozen. Answers how it ended. */
  async stop(): Promise<Exit> {
    const run = this.#needRun()
    this.#leaving = true
    await this.#deliver(run, 'SIGTERM')
    if (this.#state === 'frozen') await this.#deliver(run, 'SIGCONT')
    const bound = new AbortController()
    const late = delay(this.#options.stopTimeoutMs, 'late' as const, { signal: bound.signal, ref: false }).catch(
      () => 'over' as const,
    )
    const outcome = await Promise.race([run.exited, late])
    bound.abort()
    if (outcome === 'late') await this.#deliver(run, 'SIGKILL')
    return run.exited
  }

  /** SIGKILL, as when the machine loses it: nothing is drained or saved. Resolves when it is gone. */
  async crash(): Promise<void> {
    const run = this.#needRun()
    await this.#deliver(run, 'SIGKILL')
    await run.exited
  }

  /** SIGSTOP: it keeps its connections and answers nothing, until {@link thaw}. */
  async freeze(): Promise<void> {
    await this.#signalState('SIGSTOP', 'frozen')
  }

  /** SIGCONT after {@link freeze}. */
  async thaw(): Promise<void> {
    await this.#signalState('SIGCONT', 'running')
  }

  /** Says that the end which comes next is wanted: it will count as stopped, not as crashed. */
  expectEnd(): void {
    this.#leaving = true
  }

  /** Stops it when it runs, then starts it again at the same address. */
  async restart(): Promise<void> {
    if (this.#run) await this.stop()
    await this.start()
  }

  async #launch(): Promise<Run<Ready>> {
    const { name, supervisor, startTimeoutMs } = this.#options
    const exited = Promise.withResolvers<Exit>()
    const ready = Promise.withResolvers<Ready>()
    const log = this.#log
    this.#onStdout = (line) => {
      const value = this.#options.ready(line)
      if (value !== undefined) ready.resolve(value)
    }
    const child = await supervisor
      .spawn(this.#options.spec(), { output: (stream, text) => log.write(stream, text), exit: exited.resolve })
      .catch((cause: Error) => {
        throw new StartError(name, cause.message, [], { cause })
      })
    const tooLong = () =>
      ready.reject(new Error(`not ready after ${startTimeoutMs} ms; its last line: ${log.lastWords ?? '(none)'}`))
    const timer = setTimeout(tooLong, startTimeoutMs)
    void exited.promise.then((exit) => ready.reject(new Error(log.lastWords ?? `it ended with ${ending(exit)}`)))
    try {
      return { child, ready: await ready.promise, exited: exited.promise }
    } catch (cause) {
      await child.signal('SIGKILL').catch(() => false)
      await exited.promise
      throw new StartError(name, (cause as Error).message, log.lines, { cause })
    } finally {
      clearTimeout(timer)
    }
  }

  /** One that ended meanwhile stays what its end made it. */
  async #signalState(signal: NodeJS.Signals, state: ProcessState): Promise<void> {
    const run = this.#needRun()
    await this.#deliver(run, signal)
    if (this.#run === run) this.#setState(state)
  }

  async #deliver(run: Run<Ready>, signal: NodeJS.Signals): Promise<void> {
    if (this.#options.deliver) await this.#options.deliver(signal)
    else await run.child.signal(signal)
  }

  #onStdout: (line: string) => void = () => {}

  #newLog(): LogBuffer {
    return new LogBuffer(this.#options.logLines, (line) => {
      if (line.stream === 'stdout') this.#onStdout(line.text)
      this.#options.onLine?.(line)
    })
  }

  #ended(): void {
    this.#run = undefined
    this.#setState(this.#leaving ? 'stopped' : 'crashed')
  }

  #needRun(): Run<Ready> {
    if (!this.#run) throw new StateError(`${this.name} does not run (it is ${this.#state})`)
    return this.#run
  }

  #setState(state: ProcessState): void {
    this.#state = state
    this.#options.onState?.(state)
  }
}

function ending({ code, signal }: Exit): string {
  return signal ? signal : `exit code ${code}`
}
