import { Client, type Dispatcher, errors } from 'undici'
import { latin1 } from '../headers/latin1.ts'
import type { Upstream } from '../pool/upstream.ts'
import { BodyStream } from './body-stream.ts'
import { directEngine } from './direct.ts'
import type { Attempt, Engine, EngineTimeouts, FailureKind, Outgoing, Receiver } from './engine.ts'

/**
 * The `undici` engine: its dispatch interface, one connection per client object, one request at a time on it. undici refuses
 * `Expect` and `Transfer-Encoding` headers: bodies are framed by the length the client declared, and chunked otherwise. It
 * ends chunked bodies itself, without trailers: the rare requests that announce some go by `direct`.
 */
export function undiciEngine(timeouts: EngineTimeouts): Engine {
  const stacks = new Map<Upstream, ClientStack>()
  const trailing = directEngine(timeouts)
  return {
    name: 'undici',
    send(outgoing, receiver) {
      if (outgoing.body?.trailers) return trailing.send(outgoing, receiver)
      let stack = stacks.get(outgoing.upstream)
      if (!stack) {
        stack = new ClientStack(outgoing.upstream.url.origin, timeouts)
        stacks.set(outgoing.upstream, stack)
      }
      return new UndiciAttempt(stack, outgoing, receiver)
    },
    forget(upstream) {
      stacks.get(upstream)?.close()
      stacks.delete(upstream)
      trailing.forget(upstream)
    },
    async close() {
      for (const stack of stacks.values()) stack.close()
      stacks.clear()
      await trailing.close()
    },
  }
}

interface Connection {
  readonly client: Client
  /** Whether it has carried a request already: only then can it be stale. */
  used: boolean
}

const MAX_IDLE = 1024

/** The idle connections to one upstream. The last used is used first, so that the others may time out. */
class ClientStack {
  readonly headersTimeoutMs: number
  readonly #origin: string
  readonly #options: Client.Options
  readonly #idle: Connection[] = []
  #closed = false

  constructor(origin: string, timeouts: EngineTimeouts) {
    this.headersTimeoutMs = timeouts.headersTimeoutMs
    this.#origin = origin
    this.#options = {
      pipelining: 1,
      allowH2: false,
      connect: { timeout: timeouts.connectTimeoutMs },
      headersTimeout: timeouts.headersTimeoutMs,
      bodyTimeout: timeouts.idleTimeoutMs,
    }
  }

  take(): Connection {
    return this.#idle.pop() ?? { client: new Client(this.#origin, this.#options), used: false }
  }

  giveBack(connection: Connection): void {
    connection.used = true
    if (this.#closed || this.#idle.length >= MAX_IDLE) void connection.client.close()
    else this.#idle.push(connection)
  }

  close(): void {
    this.#closed = true
    for (const { client } of this.#idle) void client.close()
    this.#idle.length = 0
  }
}

class UndiciAttempt implements Attempt, Dispatcher.DispatchHandler {
  readonly #stack: ClientStack
  readonly #connection: Connection
  readonly #receiver: Receiver
  #controller: Dispatcher.DispatchController | undefined
  #answered = false
  #informedSince: number | undefined
  #over = false

  constructor(stack: ClientStack, { method, path, headers, body }: Outgoing, receiver: Receiver) {
    this.#stack = stack
    this.#receiver = receiver
    this.#connection = stack.take()
    const stream = body ? new BodyStream(body) : null
    this.#connection.client.dispatch({ method, path, headers, body: stream }, this)
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    void this.#connection.client.destroy()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, message?: string) {
    if (this.#over) return
    const raw = strings(controller.rawHeaders)
    if (status < 200) return this.#onInformation(controller, status, raw)
    this.#answered = true
    this.#receiver.onHeaders(status, message ?? '', raw)
  }

  // undici grants its time for headers anew after each of them.
  #onInformation(controller: Dispatcher.DispatchController, status: number, raw: string[]): void {
    const now = performance.now()
    this.#informedSince ??= now
    if (now - this.#informedSince < this.#stack.headersTimeoutMs) this.#receiver.onInformation(status, raw)
    else controller.abort(new errors.HeadersTimeoutError())
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over && !this.#receiver.onData(chunk)) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#over) return
    this.#over = true
    this.#stack.giveBack(this.#connection)
    this.#receiver.onEnd(strings(controller.rawTrailers))
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#over) return
    this.abort()
    const failure = { kind: this.#kindOf(error), error }
    // What undici refuses to send it says before dispatch returns.
    if (failure.kind === 'unsendable') queueMicrotask(() => this.#receiver.onFailure(failure))
    else this.#receiver.onFailure(failure)
  }

  #kindOf(error: NodeJS.ErrnoException): FailureKind {
    if (error.code === 'UND_ERR_INVALID_ARG' || error.code === 'UND_ERR_NOT_SUPPORTED') return 'unsendable'
    if (!this.#controller) return 'connect'
    if (error.code === 'UND_ERR_HEADERS_TIMEOUT' || error.code === 'UND_ERR_BODY_TIMEOUT') return 'timeout'
    if (!this.#answered && isNonsense(error)) return 'protocol'
    return this.#connection.used && !this.#answered ? 'stale' : 'died'
  }
}

// Two lengths, a status below 100, a switch of protocols or a 100 that nobody asked for: undici has a way for each.
const isNonsense = ({ name, code, message }: NodeJS.ErrnoException): boolean =>
  name === 'HTTPParserError' ||
  code === 'UND_ERR_HEADERS_OVERFLOW' ||
  code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
  code === 'ERR_ASSERTION' ||
  (code === 'UND_ERR_SOCKET' && message.startsWith('bad '))

const NONE: string[] = []

// Names and values in turn, as they came over the wire.
function strings(raw: unknown): string[] {
  if (!Array.isArray(raw) || raw.length === 0) return NONE
  const out = new Array<string>(raw.length)
  for (let i = 0; i < raw.length; i++) out[i] = latin1(raw[i])
  return out
}
