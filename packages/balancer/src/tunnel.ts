import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { Context } from './context.ts'
import { refuseRaw } from './front.ts'
import { outgoingHeaders } from './headers/outgoing.ts'
import { clientAddress, isSecure, type Peer } from './headers/peer.ts'
import { RequestHead } from './headers/request-head.ts'
import { responseHeaders } from './headers/response-head.ts'
import { conclude, type Recorded, tellDecision } from './ledger.ts'
import type { PickKey } from './policy.ts'
import { problemOf } from './refuse.ts'
import { type Decision, select } from './select.ts'
import type { Termination } from './termination.ts'
import type { Upstream } from './upstream.ts'

/**
 * A WebSocket: the upgrade is sent to an upstream as any request is, then bytes go both ways until either end closes, which
 * closes the other. The same for every engine: http-proxy ends the client's socket when its first upstream fails, and leaves
 * no second try.
 */
export class Tunnel implements PickKey, Recorded {
  readonly requestId: string
  readonly method = 'GET'
  readonly path: string
  slot = -1
  readonly #context: Context
  readonly req: IncomingMessage
  readonly #client: Duplex
  readonly #early: Buffer
  readonly #peer: Peer
  readonly #head: RequestHead
  readonly startedAt = performance.now()
  #headers: string[] = []
  #decision: Decision | undefined
  #upstream: Upstream | undefined
  #request: ClientRequest | undefined
  attempts = 0
  bytesIn = 0
  bytesOut = 0
  #tried: Upstream[] = []
  readonly #failed: string[] = []
  #answered = 0
  #over = false

  constructor(context: Context, req: IncomingMessage, client: Duplex, early: Buffer, peer: Peer) {
    this.#context = context
    this.req = req
    this.#client = client
    this.#early = early
    this.#peer = peer
    this.path = req.url ?? '/'
    this.requestId = context.nextRequestId()
    this.#head = new RequestHead(req.rawHeaders)
    // First of all: a client that resets before the answer must not take the process with it.
    client.on('error', () => this.#onClientGone())
    client.on('close', () => this.#onClientGone())
  }

  get address(): string {
    return clientAddress(this.#peer, this.#head, this.#context.trusted)
  }

  get upstream(): Upstream | undefined {
    return this.#upstream
  }

  get host(): string | undefined {
    return this.#head.host
  }

  header(name: string): string | undefined {
    if (name === 'cookie') return this.#head.cookie
    const value = this.req.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  start() {
    this.#context.active.add(this)
    const problem = this.#head.problem ?? problemOf(this.req, this.#head)
    if (problem || this.#head.hasBody)
      return this.#refuse('bad_request', 400, problem?.text ?? 'an upgrade has no body')
    this.#headers = outgoingHeaders(this.#head, this.#peer, this.requestId, this.#context.outgoing)
    this.#headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    this.#dispatch()
  }

  /** Closes both ends. */
  cut(): void {
    this.#request?.destroy()
    this.#finish('balancer_closed', this.#answered || 502)
    this.#client.destroy()
  }

  #dispatch() {
    const { events } = this.#context
    const decision = select(this.#context, this, this.#tried, events.wants('decision'))
    this.#decision ??= decision
    if (events.wants('decision')) tellDecision(this.#context, this, decision, this.#failed)
    if (decision.upstream) return this.#send(decision.upstream)
    if (this.attempts > 0) return this.#refuse('connect_failed', 502, 'no upstream could be reached')
    this.#refuse('no_upstream', 503, 'no upstream is available')
  }

  #send(upstream: Upstream): void {
    const { url } = upstream
    this.#upstream = upstream
    this.attempts++
    this.#context.pool.enter(upstream)
    upstream.stats.requests++
    const { request } = url.protocol === 'https:' ? https : http
    const asked = request({
      ...{ hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path: this.path },
      ...{ agent: false, headers: this.#headers, setDefaultHeaders: false },
    })
    this.#request = asked
    let connected = false
    const bound = this.#context.clock.after(this.#context.connectTimeoutMs + this.#context.headersTimeoutMs, () => {
      asked.destroy(new Error('upstream did not answer the upgrade in time'))
    })
    asked.on('socket', (socket) =>
      socket.once('connect', () => {
        connected = true
      }),
    )
    asked.once('close', () => bound.cancel())
    asked.on('error', (error) => this.#onFailure(upstream, asked, error, connected))
    asked.on('response', (response) => this.#onRefused(response))
    asked.on('upgrade', (response, socket, head) => this.#onUpgrade(response, socket, head))
    asked.end()
  }

  #onUpgrade(response: IncomingMessage, node: Duplex, early: Buffer) {
    if (this.#over) return node.destroy()
    this.#answered = 101
    this.#context.passive.succeeded(this.#upstream as Upstream)
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
    node.pipe(this.#client)
    this.#client.pipe(node)
    this.#client.once('close', () => node.destroy())
  }

  // The node answers, but not with an upgrade: the client gets to see that answer.
  #onRefused(response: IncomingMessage) {
    if (this.#over) return response.destroy()
    this.#answered = response.statusCode ?? 502
    this.#context.passive.succeeded(this.#upstream as Upstream)
    const headers = this.#responseHeaders(response)
    headers.push('Connection', 'close')
    this.#client.write(headText(this.#answered, response.statusMessage ?? '', headers))
    response.on('error', () => this.#client.destroy())
    response.on('end', () => this.#finish('ok', this.#answered))
    response.pipe(this.#client)
  }

  #responseHeaders(response: IncomingMessage): string[] {
    const upstream = this.#upstream as Upstream
    upstream.stats.countStatus(this.#answered)
    const { affinity } = this.#context
    const moved = affinity !== undefined && upstream !== this.#decision?.pinned
    return responseHeaders(response.rawHeaders, {
      requestId: this.requestId,
      setCookie: moved ? affinity.cookieFor(upstream, isSecure(this.#peer, this.#head)) : undefined,
      trailers: false,
    })
  }

  #onFailure(upstream: Upstream, asked: ClientRequest, error: Error, connected: boolean) {
    if (this.#over || this.#request !== asked || this.#answered) return
    this.#release()
    if (connected) upstream.stats.responseErrors++
    else upstream.stats.connectErrors++
    this.#context.passive.failed(upstream, error.message)
    if (this.#tried.length < this.#context.retries) {
      upstream.stats.redispatches++
      this.#tried.push(upstream)
      this.#failed.push(`${upstream.name} ${connected ? 'died before it answered' : 'could not be reached'}`)
      return this.#dispatch()
    }
    this.#refuse(connected ? 'upstream_died' : 'connect_failed', 502, 'no upstream took the upgrade')
  }

  #onNodeGone(): void {
    this.#finish('ok', this.#answered)
    this.#client.destroy()
  }

  #onClientGone(): void {
    this.#request?.destroy()
    if (!this.#answered && this.#upstream) this.#upstream.stats.clientAborts++
    this.#finish(this.#answered ? 'ok' : 'client_left', this.#answered || 499)
  }

  #refuse(why: Termination, status: number, text: string): void {
    this.#finish(why, status)
    const reason = http.STATUS_CODES[status] ?? ''
    refuseRaw(this.#client, `${status} ${reason}`, text, status === 503 ? 'Retry-After: 1\r\n' : '')
  }

  #release(): void {
    if (!this.#request || !this.#upstream) return
    this.#request = undefined
    this.#context.pool.leave(this.#upstream)
    this.#context.line.free(this.#upstream)
  }

  #finish(termination: Termination, status: number): void {
    if (this.#over) return
    this.#over = true
    this.#release()
    this.#context.active.delete(this)
    conclude(this.#context, this, termination, status)
  }
}

function headText(status: number, message: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${message}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n`
}
