import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ask } from '@session-cluster/visitor'
import { type Lab, prove } from '../experiment.ts'
import { text } from '../language.ts'
import { inParallel } from '../load/open-loop.ts'
import { type Cycle, compareCosts, cycleSessions, type Size, seeMemoryComeBack, type X7Row } from './x7-grown.ts'
import type { HolderState, Order } from './x7-holder.ts'

/** How many requests one measurement of their cost takes. */
const requests = 1000

/** Fills one process with all the sessions and another one with a tenth, compares the cost of a request, and lets all of them expire. */
export async function growInMemory(lab: Lab<X7Row>, size: Size): Promise<void> {
  const { sessions, valueBytes, steps } = size
  const where = { place: 'memory', valueBytes } as const
  await using holder = await Holder.start(lab)
  await using small = await Holder.start(lab)
  const empty = await holder.ask({ do: 'fill', upTo: 0, valueBytes })
  await small.ask({ do: 'fill', upTo: sessions / 10, valueBytes })
  lab.record({ step: 'filled', ...where, sessions: 0, bytes: 0 })
  let full = empty
  for (let step = 1; step <= steps; step++) {
    const upTo = (sessions * step) / steps
    lab.progress(step / steps, text(`memory: ${upTo} sessions`, `메모리: 세션 ${upTo}개`))
    full = await holder.ask({ do: 'fill', upTo, valueBytes })
    const bytes = full.heapBytes - empty.heapBytes
    lab.record({ step: 'filled', ...where, sessions: full.sessions, bytes, pauseMs: full.longestPauseMs })
  }
  lab.record({ step: 'held', ...where, when: 'full', of: sessions, sessions: full.sessions })
  await compareCosts(lab, where, {
    many: () => holder.cpuPerRequest(lab, sessions),
    few: () => small.cpuPerRequest(lab, sessions / 10),
  })
  const after = await holder.ask({ do: 'expire' })
  lab.record({ step: 'held', ...where, when: 'expired', of: sessions, sessions: after.sessions })
  const whole = { before: empty.heapBytes, full: full.heapBytes, after: after.heapBytes }
  await seeMemoryComeBack(lab, where, whole, () => holder.cycle(size))
}

/** The process that holds sessions, seen from here. */
class Holder implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #signal: AbortSignal

  private constructor(child: ChildProcess, signal: AbortSignal) {
    this.#child = child
    this.#signal = signal
  }

  static async start({ signal }: Lab): Promise<Holder> {
    const child = fork(fileURLToPath(new URL('x7-holder.ts', import.meta.url)), { execArgv: ['--expose-gc'] })
    await once(child, 'message', { signal })
    return new Holder(child, signal)
  }

  async ask(order: Order): Promise<HolderState> {
    this.#child.send(order)
    const [state] = (await once(this.#child, 'message', { signal: this.#signal })) as [HolderState]
    return state
  }

  /** Some sessions come, and expire. */
  async cycle(size: Size): Promise<Cycle> {
    const before = await this.ask({ do: 'fill', upTo: 0, valueBytes: size.valueBytes })
    const full = await this.ask({ do: 'fill', upTo: cycleSessions(size), valueBytes: size.valueBytes })
    const after = await this.ask({ do: 'expire' })
    return { before: before.heapBytes, full: full.heapBytes, after: after.heapBytes }
  }

  /** Its CPU time for one request that reads one session, in µs; requests go all over the sessions. */
  async cpuPerRequest(lab: Lab, sessions: number): Promise<number> {
    const before = await this.ask({ do: 'look' })
    await inParallel(Array.from({ length: requests }), 10, async (_, index) => {
      lab.signal.throwIfAborted()
      const { body } = await ask(new URL(`/${(index * 7919) % sessions}`, before.url))
      prove(Number(body) > 0, `a session is served, not ${body}`)
    })
    return ((await this.ask({ do: 'look' })).cpuMicros - before.cpuMicros) / requests
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
