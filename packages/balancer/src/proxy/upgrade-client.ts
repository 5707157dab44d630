import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Failure, FailureKind } from '../engines/engine.ts'
import { refuseRaw } from '../front/own-response.ts'
import { problemOf } from '../front/request-problem.ts'
import type { Termination } from '../front/termination.ts'
import { outgoingHeaders, withHost } from '../headers/outgoing.ts'
import type { Peer } from '../headers/peer.ts'
import { informationHeaders, responseHeaders } from '../headers/response-head.ts'
import type { Upstream } from '../pool/upstream.ts'
import { isOutOfResources } from '../resources.ts'
import { conclude, countAnswer } from './accounting.ts'
import type { Context, InProgress } from './context.ts'
import { headText, writeRawInformation } from './head-writer.ts'
import { type Client, type Ending, proxy } from './loop.ts'
import { passRefusal } from './refusal.ts'
import { ProxiedRequest } from './request.ts'
import { join } from './tunnel.ts'

/**
 * Serves a WebSocket: the upgrade is sent to an upstream as any request is, then bytes go both ways until either end closes,
 * which closes the other. The same for every engine: http-proxy ends the client's socket when its first upstream fails, and
 * leaves no second try.
 */
export function serveUpgrade(context: Context, req: IncomingMessage, socket: Duplex, early: Buffer, peer: Peer) {
  const request = new ProxiedRequest(context, req, peer)
  const client = new UpgradeClient(context, request, socket as Socket, early)
  const problem = problemOf(request, context.outgoing.via)
  const text = problem?.text ?? (request.head.hasBody ? 'an upgrade request with a body' : undefined)
  if (text !== undefined) return client.answer({ termination: 'bad_request', status: problem?.status ?? 400, text })
  client.prepare()
  void proxy(context, request, client)
}

/** The client of one upgrade. */
class UpgradeClient implements Client, InProgress {
  slot = -1
  isOver = false
  onOver: (() => void) | undefined
  readonly isRepeatable = true
  readonly #context: Context
  readonly #request: ProxiedRequest
  readonly #client: Socket
  /** What the client sent behind its upgrade. */
  readonly #early: Buffer
  #headers: string[] = []
  #setCookie: string | undefined
  #sentAt = 0
  /** The status that the client has been given; 0 before. */
  #status = 0
  #asked: ClientRequest | undefined
  /** The answer of a node that refuses. */
  #refusal: IncomingMessage | undefined
  #settle: ((failure: Failure | undefined) => void) | undefined

  constructor(context: Context, request: ProxiedRequest, client: Socket, early: Buffer) {
    this.#context = context
    this.#request = request
    this.#client = client
    this.#early = early
    context.active.add(this)
    // First of all: a client that resets before the answer must not take the process with it.
    client.on('error', () => this.#onClientGone())
    client.on('close', () => this.#onClientGone())
    client.on('end', () => this.#onClientEnd())
  }

  get isAnswered(): boolean {
    return this.#status !== 0
  }

  isOn(upstream: Upstream): boolean {
    return this.#settle !== undefined && this.#request.upstream === upstream
  }

  /** Makes ready what is sent, whichever upstream takes it. */
  prepare(): void {
    this.#headers = outgoingHeaders(this.#request, this.#context.outgoing)
    this.#headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
  }

  send(upstream: Upstream, setCookie: string | undefined): Promise<Failure | undefined> {
    this.#setCookie = setCookie
    this.#sentAt = performance.now()
    const asked = ask(
      upstream,
      this.#request.path,
      withHost(this.#headers, upstream.host),
      this.#context.maxHeaderBytes,
    )
    this.#asked = asked
    this.#watchAnswer(asked)
    asked.on('information', ({ statusCode, rawHeaders }) => this.#onInformation(statusCode, rawHeaders))
    asked.on('response', (response) => this.#onRefused(response))
    asked.on('upgrade', (response, node, early) => this.#onUpgrade(response, node as Socket, early))
    asked.end()
    return new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  // Bounds the time to connect and the time to answer, and tells a failure of either.
  #watchAnswer(asked: ClientRequest): void {
    const { clock, connectTimeoutMs, headersTimeoutMs } = this.#context
    let late: FailureKind = 'connect'
    const onLate = (): void => void asked.destroy(new Error('the upstream did not answer the upgrade in time'))
    let bound = clock.after(connectTimeoutMs, onLate)
    const onConnect = (): void => {
      late = 'timeout'
      bound.cancel()
      bound = clock.after(headersTimeoutMs, onLate)
    }
    asked.on('socket', (socket) => socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnect))
    for (const event of ['close', 'response', 'upgrade']) asked.once(event, () => bound.cancel())
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#asked !== asked) return
      // All of it is here, and on its way to a client that is behind.
      if (this.#refusal?.complete) return
      // In the middle of the answer of a node that refuses. One that ends with its connection would look whole in a moment: it is broken off now.
      if (this.isAnswered) {
        this.#leave({ kind: 'died', error })
        return this.#close('upstream_aborted')
      }
      this.#leave({ kind: isOutOfResources(error) ? 'local' : kindOf(error, late), error })
    })
  }

  #onUpgrade(response: IncomingMessage, node: Socket, early: Buffer) {
    if (this.isOver) return void node.destroy()
    // RFC 9110 §7.8: to nothing that was not asked for.
    if (response.headers.upgrade?.toLowerCase() !== 'websocket') {
      return this.#refuse(node, new Error('the upstream switched to another protocol'))
    }
    const headers = this.#fieldsOf(response, node)
    if (!headers) return
    headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    this.#client.write(headText(101, 'Switching Protocols', headers), 'latin1')
    if (early.length > 0) this.#client.write(early)
    if (this.#early.length > 0) node.write(this.#early)
    node.on('data', (chunk: Buffer) => {
      this.#request.bytesOut += chunk.length
    })
    this.#client.on('data', (chunk: Buffer) => {
      this.#request.bytesIn += chunk.length
    })
    join(this.#client, node, {
      stalls: this.#context.stalls,
      halfClosedMs: this.#context.uploads.bounds.idleMs,
      onEnd: (why) => this.#close(why),
    })
  }

  // What the parser let through and no answer may hold.
  #refuse(node: { destroy(): unknown }, error: Error): void {
    this.#leave({ kind: 'protocol', error })
    node.destroy()
  }

  #onInformation(status: number, rawHeaders: string[]): void {
    if (status === 100 || this.isOver) return
    writeRawInformation(this.#client, status, informationHeaders(rawHeaders))
  }

  // The node answers, but not with an upgrade: the client gets to see that answer.
  #onRefused(response: IncomingMessage): void {
    if (this.isOver) return void response.destroy()
    const status = response.statusCode ?? 502
    if (status === 101) {
      this.#refuse(response, new Error('the upstream switched protocols, and does not say to which'))
      return
    }
    const headers = this.#fieldsOf(response, response)
    if (!headers) return
    this.#refusal = response
    passRefusal(response, this.#client, {
      ...{ headers, isOld: this.#request.req.httpVersion === '1.0', clock: this.#context.clock },
      ...{ stalls: this.#context.stalls, idleMs: this.#context.uploads.bounds.idleMs },
      onLeft: (error) => this.#leave(error && { kind: 'died', error }),
      onEnd: (why) => (why === 'ok' ? this.#finish(why, status) : this.#close(why)),
    })
  }

  // The upstream has answered: the fields that the client gets of it; none when they are refused.
  #fieldsOf(response: IncomingMessage, node: { destroy(): unknown }): string[] | undefined {
    const { upstream, requestId } = this.#request
    const status = response.statusCode ?? 502
    try {
      const options = { requestId, status, setCookie: this.#setCookie, trailers: false }
      const fields = responseHeaders(response.rawHeaders, options)
      this.#status = status
      if (upstream) countAnswer(this.#context, upstream, status, this.#sentAt)
      return fields
    } catch (error) {
      this.#refuse(node, error as Error)
      return undefined
    }
  }

  // It may close its half of a tunnel, but not before there is one: whoever does that has left.
  #onClientEnd(): void {
    if (!this.isAnswered) this.#client.destroy()
  }

  #onClientGone(): void {
    if (this.isOver) return
    const { upstream } = this.#request
    if (!this.isAnswered && upstream) upstream.stats.clientAborts++
    this.#abort()
    this.#finish(this.isAnswered ? 'ok' : 'client_left', this.#status || 499)
  }

  /** Closes both ends. */
  cut(): void {
    this.#close('balancer_closed')
  }

  breakOff(why: Termination): void {
    this.#close(why)
  }

  answer({ termination, status, text }: Ending): void {
    this.#finish(termination, status)
    refuseRaw(this.#client, { status, text }, this.#context.stalls)
  }

  #close(why: Termination): void {
    this.#abort()
    this.#finish(why, this.#status || 502)
    this.#client.destroy()
  }

  #abort(): void {
    this.#asked?.destroy()
    this.#leave()
  }

  #leave(failure?: Failure): void {
    this.#asked = undefined
    this.#settle?.(failure)
    this.#settle = undefined
  }

  #finish(termination: Termination, status: number): void {
    if (this.isOver) return
    this.isOver = true
    this.#context.active.delete(this)
    conclude(this.#context, this.#request, termination, status)
    this.onOver?.()
  }
}

function kindOf({ code }: NodeJS.ErrnoException, late: FailureKind): FailureKind {
  if (late === 'connect') return late
  if (code === undefined) return 'timeout'
  return code.startsWith('HPE_') ? 'protocol' : 'died'
}

function ask({ url, tls }: Upstream, path: string, headers: string[], maxHeaderSize: number): ClientRequest {
  const { request } = tls ? https : http
  return request({
    ...{ hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path },
    ...{ agent: false, headers, setDefaultHeaders: false, maxHeaderSize, ...tls },
  })
}
