import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attempt, Failure, Receiver } from '../engines/engine.ts'
import { closeGently } from '../front/linger.ts'
import { MalformedBodyError } from '../front/malformed.ts'
import { respond } from '../front/own-response.ts'
import { turnOf } from '../front/pipelining.ts'
import { problemOf } from '../front/request-problem.ts'
import type { Termination } from '../front/termination.ts'
import { outgoingHeaders, withHost } from '../headers/outgoing.ts'
import type { Peer } from '../headers/peer.ts'
import type { Problem } from '../headers/request-head.ts'
import { informationHeaders, responseHeaders } from '../headers/response-head.ts'
import { passedTrailers } from '../headers/trailers.ts'
import type { Upstream } from '../pool/upstream.ts'
import { conclude, countAnswer } from './accounting.ts'
import { ClientResponse, type ResponseEvents } from './client-response.ts'
import type { Context, InProgress } from './context.ts'
import { isHttp2, writeInformation } from './head-writer.ts'
import { type Client, type Ending, type PassesOver, proxy } from './loop.ts'
import { ProxiedRequest } from './request.ts'
import { Upload } from './upload.ts'

/** What the server knows of a request before its headers are looked at. */
export interface Known {
  readonly expectsContinue: boolean
  /** Why it must be refused. */
  readonly problem?: Problem | undefined
}

/** Serves one HTTP request from its arrival to its last byte. It ends exactly once, whatever happens. */
export function serveHttp(
  context: Context,
  req: IncomingMessage,
  res: ServerResponse,
  peer: Peer,
  { problem, expectsContinue }: Known,
) {
  const request = new ProxiedRequest(context, req, peer)
  if (isHttp2(res)) request.head.frameAs2(req)
  const client = new HttpClient(context, request, res)
  const refusal = problem ?? problemOf(request, context.outgoing.via)
  if (refusal) return client.refuse(refusal)
  // RFC 9110 §7.6.2
  if (request.method === 'OPTIONS' && request.head.maxForwards === '0') return client.answer(NOT_FORWARDED)
  // Its answer closes the connection: nothing behind it goes to a node. Node's parser does not notice the first beside an upgrade that
  // is ignored, and closes by itself where 100 was expected and not sent.
  const isLast = request.head.isLast || (expectsContinue && !request.head.hasBody)
  if (isLast && !isHttp2(res)) peer.isRefused = true
  client.prepare(expectsContinue)
  const turn = turnOf(res)
  if (turn) void turn.then(() => proxy(context, request, client))
  else void proxy(context, request, client)
}

/** The client of one HTTP request: what it sends, and what it is sent. */
class HttpClient implements Client, Receiver, ResponseEvents, InProgress {
  slot = -1
  isOver = false
  onOver: (() => void) | undefined
  readonly #context: Context
  readonly #request: ProxiedRequest
  readonly #res: ServerResponse
  readonly #response: ClientResponse
  #headers: string[] = []
  #body: Upload | undefined
  #setCookie: string | undefined
  #passesOver: PassesOver | undefined
  #sentAt = 0
  /** The attempt under way, and how it ends for the loop. */
  #attempt: Attempt | undefined
  #settle: ((failure: Failure | undefined) => void) | undefined

  constructor(context: Context, request: ProxiedRequest, res: ServerResponse) {
    this.#context = context
    this.#request = request
    this.#res = res
    this.#response = new ClientResponse(res, this, context.stalls)
    context.active.add(this)
    res.on('close', () => this.#onClose())
  }

  get isRepeatable(): boolean {
    return this.#context.retry.isRepeatable(this.#request.method, this.#body !== undefined)
  }

  get isAnswered(): boolean {
    return this.#res.headersSent
  }

  isOn(upstream: Upstream): boolean {
    return this.#attempt !== undefined && this.#request.upstream === upstream
  }

  /** Makes ready what is sent, whichever upstream takes it. */
  prepare(expectsContinue: boolean): void {
    const { head, req } = this.#request
    if (head.hasBody) {
      req.on('error', (error) => this.#onBodyError(error))
      this.#body = this.#upload()
    }
    this.#headers = outgoingHeaders(this.#request, this.#context.outgoing)
    if (expectsContinue) this.#continueWhenRead()
  }

  #upload(): Upload {
    const { req, head } = this.#request
    const { chunked, length, hasTrailers, connection } = head
    const trailers = hasTrailers ? () => passedTrailers(req.rawTrailers, connection) : undefined
    const body = { source: req, length: chunked ? undefined : length, trailers }
    return new Upload(body, this.#res, this.#context.uploads, () => this.#onUploadStall())
  }

  // RFC 9110 §10.1.1: the client is told to go on once somebody is there to take its body.
  #continueWhenRead(): void {
    this.#request.req.once('resume', () => {
      if (!this.isAnswered) this.#res.writeContinue()
    })
  }

  send(
    upstream: Upstream,
    setCookie: string | undefined,
    passesOver: PassesOver | undefined,
  ): Promise<Failure | undefined> {
    const { method, path } = this.#request
    this.#setCookie = setCookie
    this.#passesOver = passesOver
    this.#sentAt = performance.now()
    const outgoing = { upstream, method, path, headers: withHost(this.#headers, upstream.host), body: this.#body }
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#attempt = this.#context.engine.send(outgoing, this)
    })
  }

  onInformation(status: number, rawHeaders: string[]): void {
    if (this.#request.req.httpVersion === '1.0') return
    const headers = informationHeaders(rawHeaders)
    if (status !== 103 || headers.length > 0) writeInformation(this.#res, status, headers)
  }

  onHeaders(status: number, message: string, rawHeaders: string[]) {
    const { upstream, requestId, method, req, head } = this.#request
    if (this.#passesOver?.(status)) return this.#passOver(status)
    try {
      const headers = responseHeaders(rawHeaders, {
        requestId,
        status,
        setCookie: this.#setCookie,
        trailers: req.httpVersion !== '1.0' && method !== 'HEAD',
      })
      const flags = { closing: this.#context.isClosing() || head.isLast, early: this.#isEarly }
      this.#response.head(status, message, headers, flags)
    } catch (error) {
      // What the parser let through and no answer may hold.
      this.#attempt?.abort()
      return this.onFailure({ kind: 'protocol', error: error as Error })
    }
    if (upstream) countAnswer(this.#context, upstream, status, this.#sentAt)
  }

  // The answer's body is of no use: with the connection it is gone.
  #passOver(status: number): void {
    const { upstream } = this.#request
    this.#attempt?.abort()
    if (upstream) countAnswer(this.#context, upstream, status, this.#sentAt)
    this.onFailure({ kind: 'status', status, error: new Error(`the upstream answered ${status}`) })
  }

  onData(chunk: Buffer): boolean {
    return this.#response.data(chunk)
  }

  onEnd(rawTrailers: string[]): void {
    const isTaken = this.#response.end(rawTrailers.length === 0 ? rawTrailers : passedTrailers(rawTrailers, undefined))
    this.#leave()
    if (isTaken) this.onTaken()
  }

  onFailure(failure: Failure): void {
    this.#leave(failure)
  }

  onRoom(): void {
    this.#attempt?.resume()
  }

  onTaken(): void {
    this.#finish('ok', this.#res.statusCode)
  }

  // It has stopped reading; the node is not to blame.
  onStall(): void {
    this.breakOff('client_stalled')
  }

  // What it sends breaks the framing; that it has left is told otherwise.
  #onBodyError(error: Error) {
    if (!(error instanceof MalformedBodyError) || this.isOver) return
    if (this.isAnswered) return this.breakOff('bad_request')
    this.#abort()
    this.refuse(error.problem)
  }

  // It has stopped sending; the node is not to blame.
  #onUploadStall() {
    if (this.isAnswered) return this.breakOff('client_stalled')
    this.#abort()
    this.refuse(BODY_TIMEOUT, 'request_timeout')
  }

  cut() {
    if (this.isOver) return
    if (this.isAnswered) return this.breakOff('balancer_closed')
    this.#abort()
    this.answer(REMOVED)
  }

  answer({ termination, status, text }: Ending): void {
    this.#answer(termination, status, text, false)
  }

  /** Ends it as a request that cannot be served, and its connection with it. */
  refuse({ status, text }: Problem, termination: Termination = 'bad_request'): void {
    this.#answer(termination, status, text, true)
  }

  breakOff(why: Termination): void {
    this.#abort()
    this.#finish(why, this.#res.statusCode)
    this.#response.break()
  }

  #onClose(): void {
    if (this.isOver) return
    const { upstream } = this.#request
    this.#response.abandon()
    this.#abort()
    if (upstream) upstream.stats.clientAborts++
    if (this.isAnswered) this.#finish('client_left_body', this.#res.statusCode)
    else this.#finish('client_left', 499)
  }

  #answer(why: Termination, status: number, text: string, close: boolean): void {
    const early = this.#isEarly
    if (early) closeGently(this.#res)
    const { peer, requestId, head } = this.#request
    if (close && !isHttp2(this.#res)) peer.isRefused = true
    this.#finish(why, status)
    respond(this.#res, { status, text, requestId, close: close || early || head.isLast }, this.#context.stalls)
  }

  // The answer is here before the client has sent all of its request.
  get #isEarly(): boolean {
    return this.#body !== undefined && !this.#request.req.complete
  }

  #abort(): void {
    this.#attempt?.abort()
    this.#leave()
  }

  #leave(failure?: Failure): void {
    this.#attempt = undefined
    this.#settle?.(failure)
    this.#settle = undefined
  }

  #finish(termination: Termination, status: number): void {
    if (this.isOver) return
    this.isOver = true
    this.#body?.over()
    this.#context.active.delete(this)
    this.#request.bytesIn = this.#body?.sent ?? 0
    this.#request.bytesOut = this.#response.bytes
    conclude(this.#context, this.#request, termination, status)
    this.onOver?.()
  }
}

const BODY_TIMEOUT: Problem = { status: 408, text: 'the request body did not arrive in time' }
const NOT_FORWARDED: Ending = { termination: 'ok', status: 200, text: 'Max-Forwards is 0: the balancer answers' }
const REMOVED: Ending = { termination: 'balancer_closed', status: 502, text: 'the upstream was removed' }
