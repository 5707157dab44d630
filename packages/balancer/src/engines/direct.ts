import { Deadlines } from '../front/deadlines.ts'
import type { Upstream } from '../pool/upstream.ts'
import { Connection, type Owner } from './direct/connection.ts'
import { requestHead } from './direct/request-head.ts'
import type { Attempt, Engine, EngineOptions, Receiver } from './engine.ts'

/**
 * The `direct` engine: HTTP/1.1 over sockets of its own, one request at a time on each, with a reader of answers that is
 * stricter than Node’s parser. Of the two it costs the least.
 */
export function directEngine(options: EngineOptions): Engine {
  const { connectTimeoutMs, headersTimeoutMs, idleTimeoutMs } = options
  const deadlines = new Deadlines(Math.min(connectTimeoutMs, headersTimeoutMs, idleTimeoutMs))
  const stacks = new Map<Upstream, Stack>()
  return {
    name: 'direct',
    send(outgoing, receiver) {
      const head = requestHead(outgoing)
      if (head === undefined) return refused(receiver)
      const { upstream } = outgoing
      let stack = stacks.get(upstream)
      if (!stack) {
        stack = new Stack(upstream, options, deadlines)
        stacks.set(upstream, stack)
      }
      return stack.take().carry(head, outgoing, receiver)
    },
    forget(upstream) {
      stacks.get(upstream)?.retire()
      stacks.delete(upstream)
    },
    relieve() {
      for (const stack of stacks.values()) stack.relieve()
    },
    async close() {
      for (const stack of stacks.values()) stack.close()
      stacks.clear()
      deadlines.close()
    },
  }
}

function refused(receiver: Receiver): Attempt {
  const error = new Error('a field, the path or the method holds what no request may hold')
  let isOver = false
  queueMicrotask(() => {
    if (!isOver) receiver.onFailure({ kind: 'unsendable', error })
  })
  return {
    resume() {},
    abort() {
      isOver = true
    },
  }
}

/** Free connections that are kept to one upstream at most. */
const MAX_IDLE = 1024

/** The connections to one upstream. The one used last is used first, so that the others may time out. */
class Stack implements Owner {
  readonly upstream: Upstream
  readonly options: EngineOptions
  readonly deadlines: Deadlines
  readonly #idle: Connection[] = []
  readonly #all = new Set<Connection>()
  #isRetired = false

  constructor(upstream: Upstream, options: EngineOptions, deadlines: Deadlines) {
    this.upstream = upstream
    this.options = options
    this.deadlines = deadlines
  }

  /** A free connection, or a new one. */
  take(): Connection {
    const free = this.#idle.pop()
    if (free && free.deadline > performance.now()) return free
    // Those beneath it have been free for longer still.
    free?.close()
    const connection = new Connection(this)
    this.#all.add(connection)
    return connection
  }

  onFree(connection: Connection): void {
    const isOld = performance.now() - connection.bornAt >= this.options.maxConnectionAgeMs
    if (isOld) this.upstream.stats.expired++
    if (isOld || this.#isRetired || this.#idle.length >= MAX_IDLE) connection.close()
    else this.#idle.push(connection)
  }

  onGone(connection: Connection): void {
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
  }

  /** Closes the free connections, and the others as soon as they are free. */
  retire(): void {
    this.#isRetired = true
    this.relieve()
  }

  /** Closes the free connections. */
  relieve(): void {
    for (const connection of [...this.#idle]) connection.close()
  }

  close(): void {
    for (const connection of [...this.#all]) connection.close()
  }
}
