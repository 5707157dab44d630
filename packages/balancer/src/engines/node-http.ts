import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Bounded, Deadlines } from '../front/deadlines.ts'
import { isOutOfResources } from '../resources.ts'
import type { Attempt, EngineOptions, FailureKind, Outgoing, Receiver } from './engine.ts'
import { BodyPump, type PumpOwner } from './pump.ts'

/** The headers with the body's framing. */
export const framed = ({ body, headers }: Outgoing): string[] =>
  body && body.length === undefined ? [...headers, 'Transfer-Encoding', 'chunked'] : headers

/** One attempt over a `ClientRequest`: its body, timers, errors and response. How the request is made is the heirs'. */
export abstract class NodeAttempt implements Attempt, Bounded, PumpOwner {
  protected readonly outgoing: Outgoing
  readonly #receiver: Receiver
  readonly #options: EngineOptions
  readonly #deadlines: Deadlines
  #request: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #pump: BodyPump | undefined
  #over = false
  #connected = false
  deadline = Number.POSITIVE_INFINITY
  slot = -1

  constructor(outgoing: Outgoing, receiver: Receiver, options: EngineOptions, deadlines: Deadlines) {
    this.outgoing = outgoing
    this.#receiver = receiver
    this.#options = options
    this.#deadlines = deadlines
  }

  /** Makes the request, hands it to `take`, and its errors to `onError`. @throws when it cannot be sent */
  protected abstract ask(agent: Agent): void

  start(agent: Agent): void {
    try {
      this.ask(agent)
    } catch (error) {
      queueMicrotask(() => this.#fail('unsendable', error as Error))
    }
  }

  /** Takes the upstream request in hand, before anything is sent. */
  protected take(request: ClientRequest): void {
    this.#request = request
    // Read when the connection is there, which is never yet.
    Object.assign(request, { maxHeaderSize: this.#options.maxHeaderBytes })
    request.on('socket', (socket) => this.#onSocket(request, socket))
    // Expectations are met here: a 100 is nobody's.
    request.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode !== 100) this.#receiver.onInformation(statusCode, rawHeaders)
    })
    request.on('response', (response) => this.#onResponse(response))
    request.on('upgrade', (_, socket: Socket) => this.#onUpgrade(socket))
    this.#deadlines.watch(this)
    if (!this.outgoing.body) request.end()
  }

  resume(): void {
    this.#touch()
    this.#response?.resume()
  }

  abort(): void {
    this.#finish()
    this.#pump?.stop()
    this.#request?.destroy()
  }

  onDeadline(): void {
    this.#fail(this.#connected ? 'timeout' : 'connect', new Error('upstream did not answer in time'))
  }

  #onSocket(request: ClientRequest, socket: Socket) {
    if (this.#over) return
    if (!socket.connecting) return this.#onConnect(request)
    this.deadline = performance.now() + this.#options.connectTimeoutMs
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => this.#onConnect(request))
  }

  #onConnect(request: ClientRequest) {
    if (this.#over) return
    this.#connected = true
    const { body } = this.outgoing
    if (!body) return this.onBodySent()
    this.deadline = Number.POSITIVE_INFINITY
    this.#pump = new BodyPump(body, request, this)
  }

  /** {@link PumpOwner} */
  onBehind(isBehind: boolean) {
    if (isBehind) return this.onBodySent()
    // The client may take its time: what it may not do is bounded where it is read.
    if (!this.#response) this.deadline = Number.POSITIVE_INFINITY
  }

  /** {@link PumpOwner}: it is the upstream's turn. */
  onBodySent(): void {
    if (!this.#response) this.deadline = performance.now() + this.#options.headersTimeoutMs
  }

  #onResponse(response: IncomingMessage) {
    if (this.#over) return
    // Without an `Upgrade` header it comes as a response.
    if (response.statusCode === 101) return this.#onUpgrade(response.socket)
    this.#response = response
    this.#touch()
    response.on('data', (chunk: Buffer) => this.#onData(response, chunk))
    response.on('end', () => this.#onEnd(response))
    response.on('error', (error) => this.#fail('died', error))
    response.on('close', () => this.#onClose(response))
    this.#receiver.onHeaders(response.statusCode ?? 502, response.statusMessage ?? '', response.rawHeaders)
  }

  // Nobody asked for one: upgrades take another way.
  #onUpgrade(socket: Socket): void {
    socket.destroy()
    this.#fail('protocol', new Error('upstream switched protocols unasked'))
  }

  #onData(response: IncomingMessage, chunk: Buffer): void {
    if (this.#over) return
    this.#touch()
    if (this.#receiver.onData(chunk)) return
    response.pause()
    // The client is behind, not the node.
    this.deadline = Number.POSITIVE_INFINITY
  }

  #onEnd(response: IncomingMessage): void {
    if (this.#over || !response.complete) return
    this.#finish()
    // The answer came before the body was through: that connection is in no state to be used again.
    if (this.#pump && !this.#pump.isDone) {
      this.#pump.stop()
      this.#request?.destroy()
    }
    this.#receiver.onEnd(response.rawTrailers)
  }

  #onClose(response: IncomingMessage): void {
    if (!response.complete) this.#fail('died', new Error('upstream closed before its answer was complete'))
  }

  /** What the request says went wrong. */
  protected onError(error: NodeJS.ErrnoException): void {
    // The whole answer is here: its end is about to be told.
    if (this.#response?.complete) return
    const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE'
    if (isOutOfResources(error)) this.#fail('local', error)
    else if (!this.#connected) this.#fail('connect', error)
    else if (closed && this.#request?.reusedSocket && !this.#response) this.#fail('stale', error)
    else this.#fail(error.code?.startsWith('HPE_') ? 'protocol' : 'died', error)
  }

  #fail(kind: FailureKind, error: Error): void {
    if (this.#over) return
    this.abort()
    this.#receiver.onFailure({ kind, error })
  }

  #touch(): void {
    this.deadline = performance.now() + this.#options.idleTimeoutMs
  }

  #finish(): void {
    this.#over = true
    this.#deadlines.forget(this)
  }
}
