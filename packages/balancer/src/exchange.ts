import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context } from './context.ts'
import type { Attempt, Failure, Receiver, RequestBody } from './engine.ts'
import { outgoingHeaders } from './headers/outgoing.ts'
import { clientAddress, isSecure, type Peer } from './headers/peer.ts'
import { RequestHead } from './headers/request-head.ts'
import { responseHeaders } from './headers/response-head.ts'
import { conclude, type Recorded, tellDecision } from './ledger.ts'
import { closeGently } from './linger.ts'
import type { PickKey } from './policy.ts'
import type { Waiter } from './queue.ts'
import { problemOf } from './refuse.ts'
import { Reply } from './reply.ts'
import { respond } from './respond.ts'
import { type Decision, select } from './select.ts'
import type { Termination } from './termination.ts'
import type { Upstream } from './upstream.ts'

const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS'])
const NONE: readonly Upstream[] = []

/**
 * One request from its arrival to its last byte: it decides where to go, goes, goes elsewhere if that is allowed, and
 * passes the answer on. It ends exactly once, whatever happens, and then counts and tells how.
 */
export class Exchange implements PickKey, Receiver, Waiter, Recorded {
  readonly requestId: string
  readonly method: string
  readonly path: string
  slot = -1
  readonly #context: Context
  readonly req: IncomingMessage
  readonly #res: ServerResponse
  readonly #peer: Peer
  readonly #head: RequestHead
  readonly startedAt = performance.now()
  readonly #expectsContinue: boolean
  #address: string | undefined
  #headers: string[] | undefined
  #body: RequestBody | undefined
  #decision: Decision | undefined
  #upstream: Upstream | undefined
  #attempt: Attempt | undefined
  attempts = 0
  #tried: readonly Upstream[] = NONE
  #sentAt = 0
  /** What the attempts before this one met with, for the why chain. */
  #failed: string[] = []
  #staleRetried = false
  #over = false
  readonly #reply: Reply

  constructor(context: Context, req: IncomingMessage, res: ServerResponse, peer: Peer, expectsContinue = false) {
    this.#context = context
    this.req = req
    this.#res = res
    this.#reply = new Reply(res, () => this.#attempt?.resume())
    this.#peer = peer
    this.#expectsContinue = expectsContinue
    this.requestId = context.nextRequestId()
    this.method = req.method ?? 'GET'
    this.path = req.url ?? '/'
    this.#head = new RequestHead(req.rawHeaders)
    if (req.httpVersionMajor === 2) this.#head.frameAs2(req)
  }

  get address(): string {
    this.#address ??= clientAddress(this.#peer, this.#head, this.#context.trusted)
    return this.#address
  }

  header(name: string): string | undefined {
    if (name === 'cookie') return this.#head.cookie
    const value = this.req.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  get upstream(): Upstream | undefined {
    return this.#upstream
  }

  get host(): string | undefined {
    return this.#head.host
  }

  get bytesOut(): number {
    return this.#reply.bytes
  }

  get bytesIn(): number {
    return this.#body?.sent ?? 0
  }

  /** Begins; everything after this happens by events. */
  start() {
    this.#context.active.add(this)
    this.#res.once('close', () => this.#onClose())
    const problem = this.#head.problem ?? problemOf(this.req, this.#head)
    if (problem) return this.#answer('bad_request', problem.status, problem.text, { close: true })
    if (this.#head.hasBody) {
      this.req.on('error', () => {})
      this.#body = { source: this.req, length: this.#head.chunked ? undefined : this.#head.length, sent: 0 }
    }
    this.#headers = outgoingHeaders(this.#head, this.#peer, this.requestId, this.#context.outgoing)
    this.#dispatch()
  }

  #dispatch() {
    const { events } = this.#context
    const explain = events.wants('decision')
    const decision = select(this.#context, this, this.#tried, explain)
    // The client's pin is what it came with, however often it is tried.
    this.#decision ??= decision
    if (decision.reason === 'repicked' && decision.pinned) decision.pinned.stats.redispatches++
    if (explain) tellDecision(this.#context, this, decision, this.#failed)
    if (decision.upstream) return this.#send(decision.upstream)
    if (decision.reason === 'full') return this.#wait()
    if (this.attempts > 0) return this.#answer('connect_failed', 502, 'no upstream could be reached')
    this.#answer('no_upstream', 503, 'no upstream is available', { retryAfter: 1 })
  }

  #send(upstream: Upstream): void {
    const { pool, engine } = this.#context
    this.#upstream = upstream
    this.attempts++
    pool.enter(upstream)
    upstream.stats.requests++
    this.#sentAt = performance.now()
    if (this.#expectsContinue) this.#continueWhenRead()
    const { method, path } = this
    this.#attempt = engine.send({ upstream, method, path, headers: this.#headers ?? [], body: this.#body }, this)
  }

  // RFC 9110 §10.1.1: the client is told to go on once somebody is there to take its body.
  #continueWhenRead(): void {
    const onResume = (): void => {
      if (!this.#res.headersSent) this.#res.writeContinue()
    }
    this.req.once('resume', onResume)
  }

  onInformation(status: number, rawHeaders: string[]): void {
    if (status !== 103 || this.req.httpVersion === '1.0') return
    const links = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'link')
    if (links.length > 0) this.#res.writeEarlyHints({ link: links })
  }

  onHeaders(status: number, message: string, rawHeaders: string[]) {
    const upstream = this.#upstream as Upstream
    const { affinity } = this.#context
    const moved = affinity !== undefined && upstream !== this.#decision?.pinned
    const headers = responseHeaders(rawHeaders, {
      requestId: this.requestId,
      setCookie: moved ? affinity.cookieFor(upstream, isSecure(this.#peer, this.#head)) : undefined,
      trailers: this.req.httpVersion !== '1.0' && this.method !== 'HEAD',
    })
    try {
      this.#reply.head(status, message, headers, { closing: this.#context.isClosing(), early: this.#isEarly })
    } catch (error) {
      // Characters that the parser let through and no answer may hold.
      this.#attempt?.abort()
      return this.onFailure({ kind: 'protocol', error: error as Error })
    }
    upstream.stats.latency.record(performance.now() - this.#sentAt)
    upstream.stats.countStatus(status)
    this.#context.passive.succeeded(upstream)
  }

  onData(chunk: Buffer): boolean {
    return this.#reply.data(chunk)
  }

  onEnd(rawTrailers: string[]): void {
    this.#reply.end(rawTrailers)
    this.#release()
    this.#finish('ok', this.#res.statusCode)
  }

  onFailure(failure: Failure) {
    const upstream = this.#upstream as Upstream
    this.#release()
    if (failure.kind === 'unsendable') return this.#answer('bad_request', 400, 'the request cannot be passed on')
    if (failure.kind === 'connect') upstream.stats.connectErrors++
    else upstream.stats.responseErrors++
    if (failure.kind !== 'stale') this.#context.passive.failed(upstream, failure.error.message)
    if (this.#res.headersSent) return this.#breakOff(failure)
    if (failure.kind === 'stale' && !this.#staleRetried && this.#isRepeatable) {
      this.#staleRetried = true
      upstream.stats.retries++
      return this.#send(upstream)
    }
    if (this.#mayRetry(failure)) {
      upstream.stats.redispatches++
      this.#failed.push(`${upstream.name} ${inWords(failure)}`)
      this.#tried = [...this.#tried, upstream]
      return this.#dispatch()
    }
    if (failure.kind === 'timeout') return this.#answer('headers_timeout', 504, 'the upstream did not answer in time')
    if (failure.kind === 'connect') return this.#answer('connect_failed', 502, 'no upstream could be reached')
    if (failure.kind === 'protocol') return this.#answer('upstream_invalid', 502, 'the upstream answered nonsense')
    this.#answer('upstream_died', 502, 'the upstream closed before it answered')
  }

  /** Ends the request at once, because the balancer closes or the upstream was removed by force. */
  cut(): void {
    if (this.#over) return
    this.#attempt?.abort()
    this.#release()
    if (this.#res.headersSent) {
      this.#finish('balancer_closed', this.#res.statusCode)
      this.#reply.break()
    } else this.#answer('balancer_closed', 502, 'the upstream was taken away')
  }

  #mayRetry(failure: Failure): boolean {
    if (this.#tried.length >= this.#context.retries) return false
    if (failure.kind === 'connect') return true
    return (failure.kind === 'died' || failure.kind === 'stale') && this.#isRepeatable
  }

  get #isRepeatable(): boolean {
    return REPEATABLE.has(this.method) && this.#body === undefined
  }

  #breakOff(failure: Failure): void {
    this.#finish(failure.kind === 'timeout' ? 'idle_timeout' : 'upstream_aborted', this.#res.statusCode)
    this.#reply.break()
  }

  #wait(): void {
    const { line } = this.#context
    if (line.join(this)) return
    this.#answer('queue_full', 503, 'all upstreams are busy and the queue is full', { retryAfter: 1 })
  }

  /** {@link Waiter}: only the pinned upstream will do while it can serve. */
  get wanted(): Upstream | undefined {
    const pinned = this.#decision?.pinned
    return pinned && this.#context.pool.mayServe(pinned) ? pinned : undefined
  }

  onPlace(): void {
    this.#decision = undefined
    this.#dispatch()
  }

  onTimeout(): void {
    this.#answer('queue_timeout', 503, 'all upstreams are busy', { retryAfter: 1 })
  }

  #onClose(): void {
    if (this.#over) return
    const waiting = !this.#res.headersSent
    this.#reply.abandon()
    this.#context.line.quit(this)
    this.#attempt?.abort()
    if (this.#upstream) this.#upstream.stats.clientAborts++
    this.#release()
    this.#finish(waiting ? 'client_left' : 'client_left_body', waiting ? 499 : this.#res.statusCode)
  }

  #answer(why: Termination, status: number, text: string, extra: { retryAfter?: number; close?: boolean } = {}): void {
    const early = this.#isEarly
    if (early) closeGently(this.#res)
    this.#finish(why, status)
    respond(this.#res, { status, text, requestId: this.requestId, close: early, ...extra })
  }

  // The answer is here before the client has sent all of its request.
  get #isEarly(): boolean {
    return this.#body !== undefined && !this.req.complete
  }

  // Takes the request off its upstream; whoever waits for the place may go.
  #release(): void {
    const upstream = this.#upstream
    if (!this.#attempt || !upstream) return
    this.#attempt = undefined
    this.#context.pool.leave(upstream)
    this.#context.line.free(upstream)
  }

  #finish(termination: Termination, status: number): void {
    if (this.#over) return
    this.#over = true
    this.#context.active.delete(this)
    conclude(this.#context, this, termination, status)
  }
}

function inWords({ kind, error }: Failure): string {
  if (kind !== 'connect') return 'died before it answered'
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refused the connection' : 'could not be reached'
}
