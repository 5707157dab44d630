import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { type Duplex, type Readable, Transform } from 'node:stream'
import { refuseRaw } from '../front/front.ts'
import { problemOf } from '../front/request-problem.ts'
import type { Termination } from '../front/termination.ts'
import { outgoingHeaders } from '../headers/outgoing.ts'
import type { Peer } from '../headers/peer.ts'
import { responseHeaders } from '../headers/response-head.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Context } from './context.ts'
import { Passage } from './passage.ts'
import type { Stall } from './stall.ts'

/** How long an end of a tunnel is silent before TCP asks whether it is still there. */
const KEEP_ALIVE_MS = 30_000

/**
 * A WebSocket: the upgrade is sent to an upstream as any request is, then bytes go both ways until either end closes, which
 * closes the other. The same for every engine: http-proxy ends the client's socket when its first upstream fails, and leaves
 * no second try.
 */
export class Tunnel extends Passage {
  readonly #client: Duplex
  readonly #early: Buffer
  #headers: string[] = []
  #request: ClientRequest | undefined
  bytesIn = 0
  bytesOut = 0
  #answered = 0
  #sentAt = 0
  #failedAs: Termination = 'connect_failed'

  constructor(context: Context, req: IncomingMessage, client: Duplex, early: Buffer, peer: Peer) {
    super(context, req, peer)
    this.#client = client
    this.#early = early
    // First of all: a client that resets before the answer must not take the process with it.
    client.on('error', () => this.#onClientGone())
    client.on('close', () => this.#onClientGone())
    client.on('end', () => this.#onClientEnd())
  }

  start() {
    this.context.active.add(this)
    const problem = this.head.problem ?? problemOf(this.req, this.head)
    if (problem || this.head.hasBody) {
      return this.refuse('bad_request', 400, problem?.text ?? 'an upgrade has no body')
    }
    this.#headers = outgoingHeaders(this.head, this.peer, this.requestId, this.context.outgoing)
    this.#headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    this.dispatch()
  }

  /** Closes both ends. */
  cut(): void {
    this.#close('balancer_closed')
  }

  protected override send(upstream: Upstream): void {
    const { url } = upstream
    const { request } = url.protocol === 'https:' ? https : http
    const asked = request({
      ...{ hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path: this.path },
      ...{ agent: false, headers: this.#headers, setDefaultHeaders: false },
    })
    this.#request = asked
    this.#sentAt = performance.now()
    let connected = false
    const { clock, connectTimeoutMs, headersTimeoutMs } = this.context
    const late = () => asked.destroy(new Error('upstream did not answer the upgrade in time'))
    let bound = clock.after(connectTimeoutMs, late)
    const onConnect = (): void => {
      connected = true
      bound.cancel()
      bound = clock.after(headersTimeoutMs, late)
    }
    asked.on('socket', (socket) => socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnect))
    asked.once('close', () => bound.cancel())
    asked.on('error', (error) => this.#onFailure(upstream, asked, error, connected))
    asked.on('response', (response) => {
      bound.cancel()
      this.#onRefused(response)
    })
    asked.on('upgrade', (response, socket, head) => {
      // RFC 9110 §7.8: to nothing that was not asked for.
      if (response.headers.upgrade?.toLowerCase() === 'websocket') return this.#onUpgrade(response, socket, head)
      socket.destroy()
      this.#onFailure(upstream, asked, new Error('upstream switched to another protocol'), connected)
    })
    asked.end()
  }

  #onUpgrade(response: IncomingMessage, node: Duplex, early: Buffer) {
    if (this.isOver) return node.destroy()
    this.#answered = 101
    this.context.passive.succeeded(this.upstream as Upstream)
    const headers = this.#responseHeaders(response)
    headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    this.#client.write(headText(101, 'Switching Protocols', headers))
    if (early.length > 0) this.#client.write(early)
    if (this.#early.length > 0) node.write(this.#early)
    node.on('error', () => this.#onNodeGone())
    node.on('close', () => this.#onNodeGone())
    node.on('data', (chunk: Buffer) => {
      this.bytesOut += chunk.length
    })
    this.#client.on('data', (chunk: Buffer) => {
      this.bytesIn += chunk.length
    })
    this.#bound(node, this.#client, 'client_stalled')
    this.#bound(this.#client, node, 'idle_timeout')
    // Silence is allowed; an end that vanished without a word is found out by TCP.
    for (const end of [node, this.#client]) (end as Socket).setKeepAlive(true, KEEP_ALIVE_MS)
    node.pipe(this.#client)
    this.#client.pipe(node)
    this.#client.once('close', () => node.destroy())
  }

  // The node answers, but not with an upgrade: the client gets to see that answer.
  #onRefused(response: IncomingMessage) {
    if (this.isOver) return response.destroy()
    this.#answered = response.statusCode ?? 502
    this.context.passive.succeeded(this.upstream as Upstream)
    const headers = this.#responseHeaders(response)
    headers.push('Connection', 'close')
    // Closing is how such an answer ends, and how a broken one does: only chunks tell them apart.
    const hasNoBody = this.#answered === 204 || this.#answered === 304
    const inChunks = !hasNoBody && response.headers['content-length'] === undefined && this.req.httpVersion !== '1.0'
    if (inChunks) headers.push('Transfer-Encoding', 'chunked')
    this.#client.write(headText(this.#answered, response.statusMessage ?? '', headers))
    this.#watch(response)
    response.on('error', () => {})
    response.on('end', () => this.finish('ok', this.#answered))
    response.on('close', () => {
      if (!response.complete) this.#close('upstream_aborted')
    })
    const body = inChunks ? response.pipe(new Chunks()) : response
    this.#bound(body, this.#client, 'client_stalled')
    body.pipe(this.#client)
  }

  // An answer that stops amid its body is cut; while the client is behind, that is its affair.
  #watch(response: IncomingMessage): void {
    const { clock, uploads } = this.context
    const cut = () => (response.isPaused() ? rearm() : this.#close('idle_timeout'))
    let bound = clock.after(uploads.bounds.idleMs, cut)
    const rearm = (): void => {
      bound.cancel()
      bound = clock.after(uploads.bounds.idleMs, cut)
    }
    response.on('data', rearm)
    response.once('close', () => bound.cancel())
  }

  #responseHeaders(response: IncomingMessage): string[] {
    const upstream = this.upstream as Upstream
    upstream.stats.countStatus(this.#answered)
    upstream.stats.latency.record(performance.now() - this.#sentAt)
    return responseHeaders(response.rawHeaders, {
      requestId: this.requestId,
      setCookie: this.cookieFor(upstream),
      trailers: false,
      length: this.#answered !== 204,
    })
  }

  // A pipe pauses its source when its sink is behind: silence is allowed, not taking what was sent is not.
  #bound(source: Readable, sink: Duplex, why: Termination): void {
    let stall: Stall | undefined
    source.on('pause', () => {
      stall ??= this.context.stalls.watch(sink, () => this.#close(why))
    })
    const onRoom = (): void => {
      stall?.over()
      stall = undefined
    }
    sink.on('drain', onRoom)
    sink.once('close', onRoom)
  }

  #onFailure(upstream: Upstream, asked: ClientRequest, error: Error, connected: boolean) {
    if (this.isOver || this.#request !== asked || this.#answered) return
    this.#leave()
    if (connected) upstream.stats.responseErrors++
    else upstream.stats.connectErrors++
    this.context.passive.failed(upstream, error.message)
    this.#failedAs = connected ? 'upstream_died' : 'connect_failed'
    if (this.goElsewhere(upstream, connected ? 'died' : 'unreachable')) return
    this.refuseTried()
  }

  protected override refuseTried(): void {
    this.refuse(this.#failedAs, 502, 'no upstream took the upgrade')
  }

  #onNodeGone(): void {
    this.finish('ok', this.#answered)
    this.#client.destroy()
  }

  // It may close its half of a tunnel, but not before there is one: whoever does that has left.
  #onClientEnd(): void {
    if (!this.#answered) this.#client.destroy()
  }

  #onClientGone(): void {
    this.#request?.destroy()
    if (!this.#answered && this.upstream) this.upstream.stats.clientAborts++
    this.finish(this.#answered ? 'ok' : 'client_left', this.#answered || 499)
  }

  #close(why: Termination): void {
    this.#request?.destroy()
    this.finish(why, this.#answered || 502)
    this.#client.destroy()
  }

  protected override refuse(why: Termination, status: number, text: string): void {
    this.finish(why, status)
    const reason = http.STATUS_CODES[status] ?? ''
    refuseRaw(this.#client, `${status} ${reason}`, text, status === 503 ? 'Retry-After: 1\r\n' : '')
  }

  protected override finish(termination: Termination, status: number): void {
    this.#leave()
    super.finish(termination, status)
  }

  #leave(): void {
    this.#request = undefined
    this.release()
  }
}

function headText(status: number, message: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${message}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n`
}

/** Frames what goes through it as chunks (RFC 9112 §7.1). */
class Chunks extends Transform {
  override _transform(chunk: Buffer, _: string, done: () => void): void {
    this.push(`${chunk.length.toString(16)}\r\n`)
    this.push(chunk)
    this.push('\r\n')
    done()
  }

  override _flush(done: () => void): void {
    this.push('0\r\n\r\n')
    done()
  }
}
