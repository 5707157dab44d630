import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Bounded, Deadlines } from '../../front/deadlines.ts'
import type { Upstream } from '../../pool/upstream.ts'
import { isOutOfResources } from '../../resources.ts'
import type { Attempt, EngineOptions, FailureKind, Outgoing, Receiver } from '../engine.ts'
import { BodyPump, type PumpOwner } from '../pump.ts'
import { ResponseSyntaxError } from './fields.ts'
import { chunkedBody, plainBody } from './request-body.ts'
import type { ResponseHead } from './response-head.ts'
import { type ResponseEvents, ResponseReader } from './response-reader.ts'

/** Whose connections they are, and where they go when they are free or gone. */
export interface Owner {
  readonly upstream: Upstream
  readonly options: EngineOptions
  readonly deadlines: Deadlines
  onFree(connection: Connection): void
  onGone(connection: Connection): void
}

/** One connection to an upstream, with one request at a time on it. */
export class Connection implements Bounded, ResponseEvents, PumpOwner {
  slot = -1
  deadline: number
  readonly bornAt = performance.now()
  readonly #owner: Owner
  readonly #socket: Socket
  readonly #reader: ResponseReader
  /** The request under way. */
  #turn: Turn | undefined
  #pump: BodyPump | undefined
  #isReady = false
  #isGone = false
  /** Whether it has carried a request before: only then can it prove stale. */
  #isUsed = false
  /** Whether any byte of this request's answer has come, and whether its head has. */
  #hasBytes = false
  #hasHead = false
  #error: Error | undefined
  /** Whether the node has ended the connection, and what it has broken off with. */
  #isEnded = false
  #endError: Error | undefined
  /** What the node said last about how long it keeps the connection, and what follows from it. */
  #keepAlive: string | undefined
  #idleMs = IDLE_MS

  constructor(owner: Owner) {
    this.#owner = owner
    this.#reader = new ResponseReader(this, owner.options.maxHeaderBytes)
    this.#socket = dial(owner.upstream, () => this.#onReady())
      .on('data', (chunk: Buffer) => this.#onData(chunk))
      .on('end', () => this.#onEnd(undefined))
      .on('error', (error) => {
        this.#error = error
      })
      .on('close', () => this.#onEnd(this.#error ?? new Error('the upstream closed the connection')))
    this.deadline = performance.now() + owner.options.connectTimeoutMs
    owner.deadlines.watch(this)
  }

  /** Sends a request, as soon as the connection stands. It must be free. */
  carry(head: string, outgoing: Outgoing, receiver: Receiver): Attempt {
    const turn = new Turn(this, head, outgoing, receiver)
    this.#turn = turn
    this.#hasBytes = false
    this.#hasHead = false
    this.#reader.expect(outgoing.method === 'HEAD')
    if (this.#isReady) this.#send(turn)
    return turn
  }

  /** Goes on telling what it was asked to hold back. */
  resume(turn: Turn): void {
    if (turn !== this.#turn) return
    this.#touch()
    try {
      if (!this.#reader.resume()) return
      if (this.#isEnded) this.#judgeEnd()
      else this.#socket.resume()
    } catch (error) {
      this.#onSyntax(error)
    }
  }

  /** Breaks the request off, and the connection with it. */
  abort(turn: Turn): void {
    if (turn !== this.#turn) return
    this.#release()
    this.close()
  }

  /** Closes it at once. Nothing is told of a request that is still on it. */
  close(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#reader.stop()
    this.#owner.deadlines.forget(this)
    this.#socket.destroy()
    this.#owner.onGone(this)
  }

  onDeadline(): void {
    if (!this.#turn) this.close()
    else this.#fail(this.#isReady ? 'timeout' : 'connect', new Error('the upstream did not answer in time'))
  }

  onInterim({ status, raw }: ResponseHead): void {
    // Nobody asked for another protocol: upgrades take another way.
    if (status === 101) this.#fail('protocol', new Error('the upstream switched protocols unasked'))
    else if (status !== 100) this.#turn?.receiver.onInformation(status, raw)
  }

  onHead({ status, message, raw, keepAlive }: ResponseHead): void {
    this.#hasHead = true
    if (keepAlive !== this.#keepAlive) {
      this.#keepAlive = keepAlive
      this.#idleMs = idleMs(keepAlive)
    }
    this.#touch()
    this.#turn?.receiver.onHeaders(status, message, raw)
  }

  onBody(piece: Buffer): boolean {
    this.#touch()
    if (this.#turn?.receiver.onData(piece) !== false) return true
    // The client is behind, not the node.
    this.deadline = Number.POSITIVE_INFINITY
    this.#socket.pause()
    return false
  }

  onComplete(rawTrailers: string[], isReusable: boolean): void {
    // An answer before the body was through leaves the connection in no state to be used again.
    const isFree = isReusable && this.#idleMs > 0 && (this.#pump === undefined || this.#pump.isDone)
    const turn = this.#release()
    if (isFree) {
      this.#isUsed = true
      this.deadline = performance.now() + this.#idleMs
      this.#owner.onFree(this)
    } else this.close()
    turn?.receiver.onEnd(rawTrailers)
  }

  #onReady(): void {
    this.#isReady = true
    if (this.#turn) this.#send(this.#turn)
  }

  #send({ head, outgoing: { body } }: Turn): void {
    this.#socket.write(head, 'latin1')
    if (!body) {
      this.onBodySent()
      return
    }
    this.deadline = Number.POSITIVE_INFINITY
    const sink = body.length === undefined ? chunkedBody(this.#socket) : plainBody(this.#socket)
    this.#pump = new BodyPump(body, sink, this)
  }

  /** {@link PumpOwner}: it is the node's turn. */
  onBodySent(): void {
    if (!this.#hasHead) this.deadline = performance.now() + this.#owner.options.headersTimeoutMs
  }

  /** {@link PumpOwner} */
  onBehind(isBehind: boolean): void {
    if (isBehind) this.onBodySent()
    // The client may take its time: what it may not do is bounded where it is read.
    else if (!this.#hasHead) this.deadline = Number.POSITIVE_INFINITY
  }

  #touch(): void {
    this.deadline = performance.now() + this.#owner.options.idleTimeoutMs
  }

  #onData(chunk: Buffer): void {
    // A node that speaks unasked would have it taken for the answer to the next request.
    if (!this.#turn) {
      this.close()
      return
    }
    this.#hasBytes = true
    try {
      this.#reader.read(chunk)
    } catch (error) {
      this.#onSyntax(error)
    }
  }

  #onSyntax(error: unknown): void {
    if (!(error instanceof ResponseSyntaxError)) throw error
    this.#fail('protocol', error)
  }

  // A client that is behind gets what came before the end first: the answer may be whole.
  #onEnd(error: Error | undefined): void {
    if (!this.#isEnded) this.#endError = error
    this.#isEnded = true
    if (!this.#reader.isPaused) this.#judgeEnd()
  }

  #judgeEnd(): void {
    if (this.#endError) this.#lost(this.#endError)
    else if (!this.#reader.end()) this.#lost(new Error('the upstream closed before its answer was complete'))
    else if (!this.#turn) this.close()
  }

  #lost(error: Error): void {
    if (!this.#isReady) this.#fail(isOutOfResources(error) ? 'local' : 'connect', error)
    else this.#fail(this.#isUsed && !this.#hasBytes ? 'stale' : 'died', error)
  }

  #fail(kind: FailureKind, error: Error): void {
    const turn = this.#release()
    this.close()
    turn?.receiver.onFailure({ kind, error })
  }

  #release(): Turn | undefined {
    const turn = this.#turn
    this.#turn = undefined
    this.#pump?.stop()
    this.#pump = undefined
    return turn
  }
}

/** One request on a connection; once it is over, its calls do nothing. */
class Turn implements Attempt {
  readonly head: string
  readonly outgoing: Outgoing
  readonly receiver: Receiver
  readonly #connection: Connection

  constructor(connection: Connection, head: string, outgoing: Outgoing, receiver: Receiver) {
    this.#connection = connection
    this.head = head
    this.outgoing = outgoing
    this.receiver = receiver
  }

  resume(): void {
    this.#connection.resume(this)
  }

  abort(): void {
    this.#connection.abort(this)
  }
}

function dial({ url, tls }: Upstream, onReady: () => void): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const options = { host, noDelay: true, keepAlive: true }
  if (!tls) return connect({ ...options, port: Number(url.port || 80) }, onReady)
  return connectTls({ ...options, ...tls, port: Number(url.port || 443), ALPNProtocols: ['http/1.1'] }, onReady)
}

/** How long a free connection is kept when the node does not say: less than the 5 s of Node's own servers. */
const IDLE_MS = 4_000
/** How much earlier than the node: when it closes, its FIN takes a while, and what is sent meanwhile is lost. */
const IDLE_MARGIN_MS = 1_000
const MAX_IDLE_MS = 600_000

/** How long to keep a connection whose node said `Keep-Alive: timeout=N` (seconds); 0 for not at all. */
function idleMs(keepAlive = ''): number {
  const timeout = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(keepAlive)?.[1]
  if (timeout === undefined) return IDLE_MS
  return Math.min(Math.max(Number(timeout) * 1000 - IDLE_MARGIN_MS, 0), MAX_IDLE_MS)
}
