import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { type RoughLine, roughLine } from '../rough-line.ts'
import { type Bounds, judge, type ModelSession } from './model.ts'
import type { NodeSetup, Order, Ways } from './node.ts'

/** What a world is made of. */
export interface WorldOptions {
  /** The ports of the servers of Redis; several are a cluster. */
  readonly ports: readonly number[]
  /** How many processes there are, and how many near caches in each. */
  readonly processes: number
  readonly nodesEach: number
  /** The rule of the near cache that is taken out. */
  readonly without?: string | undefined
  readonly seed: number
}

/** One process with its near caches, and the lines between them and Redis. */
export interface WorldProcess {
  readonly child: ChildProcess
  readonly lines: readonly { readonly data: RoughLine; readonly changes: readonly RoughLine[] }[]
}

export const TIMES = { leaseMs: 300, maxAgeMs: 1_000 } as const
const IDLE_MS = 1_000
/** So long a change that was not answered may be made yet, ms. */
const UNSURE_MS = 1_100

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Several processes that share sessions through Redis, what was answered to whom, and which promises were broken. */
export class World implements AsyncDisposable {
  readonly processes: readonly WorldProcess[]
  readonly broken: string[] = []
  readonly counts = { reads: 0, writes: 0, ends: 0, failed: 0 }
  readonly random: () => number
  readonly #namespace: string
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #sessions: ModelSession[] = []
  readonly #busy = new Set<ModelSession>()
  /** Until when a loss of word of a change on a way may matter, monotonic ms. */
  readonly #lossUntil = new WeakMap<object, number>()
  #orders = 0
  #values = 0
  #keys = 0
  #writers = 0
  #endAt = 0
  #stillness: Promise<void> | undefined
  #isOver = false

  private constructor(processes: readonly WorldProcess[], namespace: string, seed: number) {
    this.processes = processes
    this.#namespace = namespace
    this.random = random(seed)
    for (const { child } of processes) {
      child.on('message', ({ id, answer, error }: { id: number; answer: unknown; error?: string }) => {
        const waiting = this.#waiting.get(id)
        this.#waiting.delete(id)
        if (error === undefined) waiting?.resolve(answer)
        else waiting?.reject(new Error(error))
      })
    }
  }

  static async start({ ports, processes, nodesEach, without, seed }: WorldOptions): Promise<World> {
    const namespace = `model-${seed}-${without ?? 'whole'}`
    const made = await Promise.all(
      Array.from({ length: processes }, () => startProcess({ ports, nodesEach, without, namespace })),
    )
    return new World(made, namespace, seed)
  }

  /** The keys in Redis of the sessions that there are now. */
  get keys(): string[] {
    return this.#sessions.map(({ key }) => `${this.#namespace}:sessions:${key}`)
  }

  /** Has clients at work until told to stop. */
  async run(until: () => boolean, clients = 16): Promise<void> {
    const all = Array.from({ length: clients }, () => this.#client(() => this.#isOver || until()))
    await Promise.all(all)
  }

  /** Says that word of a change may have been lost until now, on the ways of one near cache. */
  mayHaveLost(ways: object): void {
    this.#lossUntil.set(ways, performance.now() + TIMES.maxAgeMs)
  }

  /** Does something while nobody writes. All sessions that there were may be gone after it, if it says so. */
  async whileStill(act: () => Promise<'gone' | 'kept'>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stillness = promise
    while (this.#writers > 0) await pause(5)
    for (const session of this.#sessions) session.mayHaveEnded = true
    if ((await act()) === 'gone') {
      for (const session of this.#sessions) session.endedAt ??= performance.now() + TIMES.leaseMs
    } else for (const session of this.#sessions) if (session.endedAt === undefined) session.mayHaveEnded = false
    this.#stillness = undefined
    resolve()
  }

  async stats(): Promise<{ hits: number; misses: number; flushes: number; invalidations: number }[]> {
    const nodes = this.processes.flatMap(({ lines }, i) =>
      lines.map((_, node) => this.order(i, node, { name: 'stats' })),
    )
    return (await Promise.all(nodes)) as never
  }

  order(process: number, node: number, act: Order['act']): Promise<unknown> {
    const id = ++this.#orders
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.processes[process]?.child.send({ id, node, act } satisfies Order)
    return waiting.promise
  }

  #anyNode(): [process: number, node: number, name: string] {
    const process = Math.floor(this.random() * this.processes.length)
    const { lines } = this.processes[process] as WorldProcess
    const node = Math.floor(this.random() * lines.length)
    return [process, node, `${process}/${node}`]
  }

  async #client(isOver: () => boolean): Promise<void> {
    /** What it has written itself, and when that was answered. */
    const own = new Map<ModelSession, { value: number; at: number }>()
    while (!isOver()) {
      const alive = this.#sessions.filter(({ endedAt, mayHaveEnded }) => endedAt === undefined && !mayHaveEnded)
      // By time and not by turns: what is stale shows only when the next write does not come too soon.
      const due = alive.filter((session) => performance.now() > session.writeAt && !this.#busy.has(session))
      if (alive.length < 12) await this.#create()
      else if (due.length > 0) await this.#write(this.#pick(due), own)
      else if (performance.now() > this.#endAt) await this.#end(this.#pick(alive))
      else await this.#read(this.#pick(this.random() < 0.7 ? alive : this.#sessions), own)
      await pause(this.random() * 3)
    }
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T
  }

  async #create(): Promise<void> {
    const [process, node] = this.#anyNode()
    const idleMs = this.random() < 0.25 ? IDLE_MS : undefined
    const key = `${++this.#keys}`.padStart(43, 'k')
    const lifetime = idleMs === undefined ? {} : { lifetime: { idleTimeoutMs: idleMs } }
    await this.#writing(async () => {
      const at = performance.now()
      if ((await this.order(process, node, { name: 'create', key, ...lifetime })) !== 'ok') return
      if (this.#sessions.length > 24) this.#sessions.shift()
      const none = { endedAt: undefined, expiredAt: undefined, mayHaveEnded: false }
      this.#sessions.push({ key, idleMs, writes: [], ...none, lastUsedAt: at, writeAt: at + 100 })
    })
  }

  async #write(session: ModelSession, own: Map<ModelSession, { value: number; at: number }>): Promise<void> {
    this.#busy.add(session)
    session.writeAt = performance.now() + (this.random() < 0.5 ? 40 : 2 * TIMES.maxAgeMs * this.random())
    const [process, node, name] = this.#anyNode()
    const value = ++this.#values
    const done = await this.#writing(async () => {
      const result = await this.order(process, node, { name: 'write', key: session.key, value })
      const at = performance.now()
      if (result === 'ok') {
        session.writes.push({ value, answeredAt: at })
        // Half of the time the writer does not look again: what it asks for anew would put right what others have wrong.
        if (this.random() < 0.5) own.set(session, { value, at })
        this.#ownOf(session).set(name, value)
      } else if (session.idleMs !== undefined) session.expiredAt ??= at
    })
    if (!done) await pause(UNSURE_MS)
    this.counts.writes++
    this.#busy.delete(session)
  }

  /** What was written to a session by way of each node, last. */
  readonly #nodeWrites = new WeakMap<ModelSession, Map<string, number>>()

  #ownOf(session: ModelSession): Map<string, number> {
    const writes = this.#nodeWrites.get(session) ?? new Map<string, number>()
    this.#nodeWrites.set(session, writes)
    return writes
  }

  async #end(session: ModelSession): Promise<void> {
    this.#endAt = performance.now() + this.random() * 600
    if (this.#busy.has(session)) return
    this.#busy.add(session)
    session.mayHaveEnded = true
    const [process, node] = this.#anyNode()
    const { key } = session
    const act = this.random() < 0.5 ? { name: 'end' as const, key } : { name: 'rotate' as const, key, to: `${key}r` }
    await this.#writing(async () => {
      const result = await this.order(process, node, act)
      if (result === true || result === 'ok') session.endedAt ??= performance.now()
    })
    this.counts.ends++
    this.#busy.delete(session)
  }

  /** Tells whether it was answered. */
  async #writing(act: () => Promise<void>): Promise<boolean> {
    await this.#stillness
    this.#writers++
    try {
      await act()
      return true
    } catch {
      this.counts.failed++
      return false
    } finally {
      this.#writers--
    }
  }

  async #read(session: ModelSession, own: Map<ModelSession, { value: number; at: number }>): Promise<void> {
    const [process, node, name] = this.#anyNode()
    const mine = own.get(session)
    const sentAt = performance.now()
    const nodes = this.#ownOf(session).get(name)
    // As the cookie has it: for a while after its own write a client asks for what is fresh.
    const fresh = mine !== undefined && sentAt < mine.at + TIMES.leaseMs
    try {
      const answer = (await this.order(process, node, { name: 'read', key: session.key, fresh })) as number | 'gone'
      this.counts.reads++
      const ways = this.processes[process]?.lines[node] as object
      const bounds: Bounds = { ...TIMES, mayLose: sentAt < (this.#lossUntil.get(ways) ?? 0) }
      const why = judge(session, { sentAt, answer }, bounds)
      if (why) this.broken.push(`${why}, node ${name}`)
      if (answer === 'gone') {
        if (session.endedAt === undefined && !session.mayHaveEnded) session.expiredAt ??= performance.now()
        return
      }
      session.lastUsedAt = Math.max(session.lastUsedAt, sentAt)
      if (mine && answer < mine.value && !bounds.mayLose) {
        this.broken.push(`(b) a client read ${answer} after its own ${mine.value}, node ${name}`)
      }
      if (nodes !== undefined && answer < nodes) {
        this.broken.push(`(b) node ${name} read ${answer} after it wrote ${nodes}`)
      }
    } catch {
      this.counts.failed++
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    for (const { child } of this.processes) child.kill('SIGKILL')
    await Promise.all(
      this.processes.flatMap(({ lines }) =>
        lines.flatMap(({ data, changes }) => [data, ...changes]).map((line) => line[Symbol.asyncDispose]()),
      ),
    )
  }
}

async function startProcess(options: {
  ports: readonly number[]
  nodesEach: number
  without: string | undefined
  namespace: string
}): Promise<WorldProcess> {
  const { ports, nodesEach, without, namespace } = options
  const lines = await Promise.all(
    Array.from({ length: nodesEach }, async () => ({
      data: await roughLine(ports[0] as number),
      changes: await Promise.all(ports.map((port) => roughLine(port))),
    })),
  )
  const nodes = lines.map(({ data, changes }): Ways => {
    if (ports.length === 1) return { data: data.port, changes: changes[0]?.port as number }
    const nat = ports.map((port, i) => [`127.0.0.1:${port}`, { host: '127.0.0.1', port: changes[i]?.port as number }])
    return { data: ports[0] as number, changes: ports[0] as number, natMap: Object.fromEntries(nat) }
  })
  const setup: NodeSetup = { namespace, nodes, options: TIMES }
  const mutation = without === undefined ? [] : ['--import', new URL('mutate.mjs', import.meta.url).href]
  const child = fork(new URL('node.ts', import.meta.url), [JSON.stringify(setup)], {
    execArgv: ['--disable-warning=ExperimentalWarning', ...mutation],
    env: { ...process.env, ...(without === undefined ? {} : { WITHOUT: without }) },
  })
  await once(child, 'message')
  return { child, lines }
}
