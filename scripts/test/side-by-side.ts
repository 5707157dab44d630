/** Runs tasks side by side, and says how far they are. */
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { Recap } from './recap.ts'
import type { Stage } from './stages.ts'
import type { Task } from './task.ts'

export interface Planned {
  stage: Stage
  task: Task
  /** Where the parts that its stage needs are. */
  env: NodeJS.ProcessEnv
}

export interface Outcome extends Planned {
  passed: boolean
  ms: number
  recap: Recap
}

/** How many at once: each waits about half of its time for processes, sockets and clocks. */
const AT_ONCE = Math.max(2, Math.min(4, availableParallelism()))
/** How often a log without a terminal is told that something still runs. */
const TELL_EVERY_MS = 60_000

/** Runs all of them in this order. What each prints comes whole when it has ended, or at once when it is alone. */
export async function sideBySide(plan: readonly Planned[]): Promise<Outcome[]> {
  const waiting = [...plan]
  const outcomes: Outcome[] = []
  const running = new Map<Planned, { recap: Recap; started: number }>()
  const progress = new Progress(() => statusOf(plan.length, outcomes, running))

  const worker = async (): Promise<void> => {
    for (let planned = waiting.shift(); planned; planned = waiting.shift()) {
      const [recap, started] = [new Recap(), performance.now()]
      running.set(planned, { recap, started })
      const printed: string[] = []
      const print = plan.length === 1 ? undefined : (text: string) => void printed.push(text)
      const env = { ...planned.env, ...recap.env, ...(print && process.stderr.isTTY ? { FORCE_COLOR: '1' } : {}) }
      const passed = await planned.task.run({ env, ...(print && { print }) })
      running.delete(planned)
      const outcome = { ...planned, passed, ms: performance.now() - started, recap }
      outcomes.push(outcome)
      // On a terminal only what failed is worth its lines.
      if (!(passed && process.stderr.isTTY)) progress.write(`\n━━ ${nameOf(planned)}\n${printed.join('')}`)
      progress.write(`${passed ? '✓' : '✗'} ${nameOf(planned)} ${seconds(outcome.ms)}\n`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  progress.end()
  return outcomes
}

/** As a reader knows it: the stage, and the package where it has several. */
export function nameOf({ stage, task }: { stage: { name: string }; task: { name: string } }): string {
  return task.name === stage.name ? stage.name : `${stage.name} ${task.name}`
}

export function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

function statusOf(
  all: number,
  outcomes: readonly Outcome[],
  running: ReadonlyMap<Planned, { recap: Recap; started: number }>,
): string {
  const now = [...running].map(([planned, { recap, started }]) => {
    const files = recap.finished.length
    return `${nameOf(planned)} (${files > 0 ? `${files} files, ` : ''}${seconds(performance.now() - started)})`
  })
  const failed = outcomes.filter(({ passed }) => !passed).length
  return `${outcomes.length} of ${all} done${failed > 0 ? `, ${failed} FAILED` : ''}; running: ${now.join(', ')}`
}

/** One line at the foot of a terminal; elsewhere a line now and then. */
class Progress {
  readonly #status: () => string
  readonly #timer: NodeJS.Timeout
  readonly #isTerminal = process.stderr.isTTY === true

  constructor(status: () => string) {
    this.#status = status
    this.#timer = setInterval(() => this.#tell(), this.#isTerminal ? 1000 : TELL_EVERY_MS)
  }

  write(text: string): void {
    if (this.#isTerminal) process.stderr.write('\r\x1b[K')
    process.stderr.write(text)
  }

  end(): void {
    clearInterval(this.#timer)
    this.write('')
  }

  #tell(): void {
    const status = this.#status()
    if (this.#isTerminal) this.write(status.slice(0, (process.stderr.columns ?? 80) - 1))
    else process.stderr.write(`… ${status}\n`)
  }
}
