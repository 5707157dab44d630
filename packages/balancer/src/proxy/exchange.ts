import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attempt, Failure, FailureKind, Receiver } from '../engines/engine.ts'
import { closeGently } from '../front/linger.ts'
import { respond } from '../front/own-response.ts'
import { problemOf } from '../front/request-problem.ts'
import type { Termination } from '../front/termination.ts'
import { outgoingHeaders } from '../headers/outgoing.ts'
import type { Peer } from '../headers/peer.ts'
import type { Problem, RequestHead } from '../headers/request-head.ts'
import { responseHeaders } from '../headers/response-head.ts'
import { passedTrailers } from '../headers/trailers.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Context } from './context.ts'
import { writeHints } from './head-writer.ts'
import { type Met, Passage } from './passage.ts'
import { Reply, type ReplyOwner } from './reply.ts'
import { Upload, type UploadOwner } from './upload.ts'

/** What the server knows of a request before its headers are looked at. */
export interface Known {
  readonly expectsContinue: boolean
  /** Why it must be refused. */
  readonly problem?: Problem | undefined
}

const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * One request from its arrival to its last byte: it is sent, sent elsewhere if that is allowed, and its answer is passed
 * on. It ends exactly once, whatever happens.
 */
export class Exchange extends Passage implements Receiver, ReplyOwner, UploadOwner {
  readonly #res: ServerResponse
  readonly #known: Known
  readonly #reply: Reply
  #headers: string[] = []
  #body: Upload | undefined
  #attempt: Attempt | undefined
  #sentAt = 0
  #staleRetried = false
  /** What the attempt that failed last would be answered with. */
  #verdict: Verdict = VERDICTS.connect

  constructor(context: Context, req: IncomingMessage, res: ServerResponse, peer: Peer, known: Known) {
    super(context, req, peer)
    this.#res = res
    this.#reply = new Reply(res, this, context.stalls)
    this.#known = known
    if (req.httpVersionMajor === 2) this.head.frameAs2(req)
  }

  get bytesOut(): number {
    return this.#reply.bytes
  }

  get bytesIn(): number {
    return this.#body?.sent ?? 0
  }

  /** Begins; everything after this happens by events. */
  start() {
    this.context.active.add(this)
    this.#res.on('close', () => this.#onClose())
    const problem = this.#known.problem ?? this.head.problem ?? problemOf(this.req, this.head)
    if (problem) return this.#answer('bad_request', problem.status, problem.text, true)
    if (this.head.hasBody) {
      this.req.on('error', () => {})
      this.#body = this.#uploadOf(this.head)
    }
    this.#headers = outgoingHeaders(this.head, this.peer, this.requestId, this.context.outgoing)
    if (this.#known.expectsContinue) this.#continueWhenRead()
    this.dispatch()
  }

  #uploadOf({ chunked, length, hasTrailers, connection }: RequestHead): Upload {
    const trailers = hasTrailers ? () => passedTrailers(this.req.rawTrailers, connection) : undefined
    const body = { source: this.req, length: chunked ? undefined : length, trailers }
    return new Upload(body, this, this.context.uploads.bounds, this.context.uploads.deadlines)
  }

  protected override send(upstream: Upstream): void {
    this.#sentAt = performance.now()
    const { method, path } = this
    const outgoing = { upstream, method, path, headers: this.#headers, body: this.#body }
    this.#attempt = this.context.engine.send(outgoing, this)
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
    if (links.length > 0) writeHints(this.#res, links)
  }

  onHeaders(status: number, message: string, rawHeaders: string[]) {
    const upstream = this.upstream as Upstream
    try {
      const headers = responseHeaders(rawHeaders, {
        requestId: this.requestId,
        setCookie: this.cookieFor(upstream),
        trailers: this.req.httpVersion !== '1.0' && this.method !== 'HEAD',
        length: status !== 204,
      })
      this.#reply.head(status, message, headers, { closing: this.context.isClosing(), early: this.#isEarly })
    } catch (error) {
      // What the parser let through and no answer may hold.
      this.#attempt?.abort()
      return this.onFailure({ kind: 'protocol', error: error as Error })
    }
    upstream.stats.latency.record(performance.now() - this.#sentAt)
    upstream.stats.countStatus(status)
    this.context.passive.succeeded(upstream)
  }

  onData(chunk: Buffer): boolean {
    return this.#reply.data(chunk)
  }

  onEnd(rawTrailers: string[]): void {
    const trailers = rawTrailers.length === 0 ? rawTrailers : passedTrailers(rawTrailers, undefined)
    const isTaken = this.#reply.end(trailers)
    this.#leave()
    if (isTaken) this.onTaken()
  }

  /** {@link ReplyOwner}: the client has room again. */
  onRoom(): void {
    this.#attempt?.resume()
  }

  /** {@link ReplyOwner}: the client has all of the answer. */
  onTaken(): void {
    this.finish('ok', this.#res.statusCode)
  }

  /** {@link ReplyOwner}: the client has stopped reading; the node is not to blame. */
  onStall(): void {
    this.#abandon('client_stalled')
  }

  /** {@link UploadOwner} */
  get isAnswered(): boolean {
    return this.#res.headersSent
  }

  /** {@link UploadOwner}: the client has stopped sending; the node is not to blame. */
  onUploadStall() {
    if (this.isAnswered) return this.#abandon('client_stalled')
    this.#attempt?.abort()
    this.#leave()
    this.#answer('request_timeout', 408, 'the rest of the request did not come in time', true)
  }

  onFailure(failure: Failure) {
    const upstream = this.upstream as Upstream
    if (failure.kind === 'stale' && !this.#staleRetried && this.#isRepeatable) {
      this.#staleRetried = true
      return this.again(upstream)
    }
    this.#leave()
    if (failure.kind === 'unsendable') return this.refuse('bad_request', 400, 'the request cannot be passed on')
    if (failure.kind === 'connect') upstream.stats.connectErrors++
    else upstream.stats.responseErrors++
    if (failure.kind !== 'stale') this.context.passive.failed(upstream, failure.error.message)
    if (this.#res.headersSent) return this.#abandon(failure.kind === 'timeout' ? 'idle_timeout' : 'upstream_aborted')
    this.#verdict = VERDICTS[failure.kind]
    if (this.#mayRetry(failure) && this.goElsewhere(upstream, metWith(failure))) return
    this.refuse(...this.#verdict)
  }

  protected override refuseTried(): void {
    this.refuse(...this.#verdict)
  }

  override cut() {
    if (this.isOver) return
    if (this.#res.headersSent) return this.#abandon('balancer_closed')
    this.#attempt?.abort()
    this.#leave()
    this.refuse('balancer_closed', 502, 'the upstream was taken away')
  }

  protected override refuse(why: Termination, status: number, text: string): void {
    this.#answer(why, status, text, false)
  }

  #mayRetry({ kind }: Failure): boolean {
    return kind === 'connect' || ((kind === 'died' || kind === 'stale') && this.#isRepeatable)
  }

  get #isRepeatable(): boolean {
    return REPEATABLE.has(this.method) && this.#body === undefined
  }

  // Ends it in the middle of its answer.
  #abandon(why: Termination): void {
    this.#attempt?.abort()
    this.#leave()
    this.finish(why, this.#res.statusCode)
    this.#reply.break()
  }

  #onClose(): void {
    if (this.isOver) return
    const waiting = !this.#res.headersSent
    this.#reply.abandon()
    this.#attempt?.abort()
    if (this.upstream) this.upstream.stats.clientAborts++
    this.#leave()
    const { brokenBy } = this.peer
    if (!waiting) this.finish('client_left_body', this.#res.statusCode)
    else if (brokenBy === undefined) this.finish('client_left', 499)
    else this.finish(brokenBy, brokenBy === 'bad_request' ? 400 : 408)
  }

  #answer(why: Termination, status: number, text: string, close: boolean): void {
    const early = this.#isEarly
    if (early) closeGently(this.#res)
    if (close && this.req.httpVersionMajor === 1) this.peer.isRefused = true
    this.finish(why, status)
    respond(this.#res, { status, text, requestId: this.requestId, close: close || early }, this.context.stalls)
  }

  // The answer is here before the client has sent all of its request.
  get #isEarly(): boolean {
    return this.#body !== undefined && !this.req.complete
  }

  protected override finish(termination: Termination, status: number): void {
    this.#body?.over()
    super.finish(termination, status)
  }

  #leave(): void {
    this.#attempt = undefined
    this.release()
  }
}

type Verdict = readonly [why: Termination, status: number, text: string]

const DIED: Verdict = ['upstream_died', 502, 'the upstream closed before it answered']

/** What the client is told of an attempt that failed and is not repeated. */
const VERDICTS: Record<Exclude<FailureKind, 'unsendable'>, Verdict> = {
  connect: ['connect_failed', 502, 'no upstream could be reached'],
  timeout: ['headers_timeout', 504, 'the upstream did not answer in time'],
  protocol: ['upstream_invalid', 502, 'the upstream answered nonsense'],
  stale: DIED,
  died: DIED,
}

function metWith({ kind, error }: Failure): Met {
  if (kind !== 'connect') return 'died'
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refused' : 'unreachable'
}
