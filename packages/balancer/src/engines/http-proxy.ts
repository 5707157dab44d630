import type { ClientRequest, IncomingMessage } from 'node:http'
import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { type Bounded, Deadlines } from '../deadlines.ts'
import type { Attempt, Engine, EngineTimeouts, FailureKind, Outgoing, Receiver } from '../engine.ts'
import type { Upstream } from '../upstream.ts'
import { loadHttpProxy, type ProxyServer } from './load-http-proxy.ts'
import { BodyPump } from './pump.ts'

/**
 * The `http-proxy` engine: version 1.18.1 with the parts that crash, hang or smuggle taken out of its hands. It only
 * makes the upstream request; bodies, timers, errors and the response are handled here.
 */
export function httpProxyEngine(timeouts: EngineTimeouts): Engine {
  const proxy = loadHttpProxy().createProxyServer({ selfHandleResponse: true, toProxy: true })
  // CVE-2026-29057: this pass rewrites the framing of DELETE and OPTIONS under a body that follows all the same.
  proxy.webPasses = proxy.webPasses.filter((pass) => pass.name !== 'deleteLength')
  proxy.on('error', () => {})
  const agents = new Map<Upstream, http.Agent>()
  const deadlines = new Deadlines(
    Math.min(timeouts.connectTimeoutMs, timeouts.headersTimeoutMs, timeouts.idleTimeoutMs),
  )
  return {
    name: 'http-proxy',
    send(outgoing, receiver) {
      const agent = agents.get(outgoing.upstream) ?? newAgent(agents, outgoing.upstream)
      const attempt = new HttpProxyAttempt(outgoing, receiver, timeouts, deadlines)
      attempt.start(proxy, agent)
      return attempt
    },
    forget(upstream) {
      agents.get(upstream)?.destroy()
      agents.delete(upstream)
    },
    async close() {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
      deadlines.close()
    },
  }
}

// No `timeout` here: a node's `Keep-Alive: timeout=5` would then end requests that take longer. No maxSockets: the pool caps.
function newAgent(agents: Map<Upstream, http.Agent>, upstream: Upstream): http.Agent {
  const options = { keepAlive: true, scheduling: 'lifo', maxFreeSockets: 1024 } as const
  const agent = upstream.url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options)
  agents.set(upstream, agent)
  return agent
}

/** One attempt; to http-proxy it is the client's request, the client's response and the body's buffer at once. */
class HttpProxyAttempt implements Attempt, Bounded {
  readonly #outgoing: Outgoing
  readonly #receiver: Receiver
  readonly #timeouts: EngineTimeouts
  readonly #deadlines: Deadlines
  #request: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #pump: BodyPump | undefined
  #over = false
  #connected = false
  deadline = Number.POSITIVE_INFINITY
  slot = -1

  // What http-proxy reads of a request and of a response.
  readonly method: string
  readonly url: string
  readonly headers: readonly string[] | HeaderObject
  readonly socket = { destroyed: false }
  readonly finished = false
  readonly headersSent = false
  on(): void {}

  constructor(outgoing: Outgoing, receiver: Receiver, timeouts: EngineTimeouts, deadlines: Deadlines) {
    this.#outgoing = outgoing
    this.#receiver = receiver
    this.#timeouts = timeouts
    this.#deadlines = deadlines
    this.method = outgoing.method
    this.url = outgoing.path
    const { body, headers } = outgoing
    const framed = body && body.length === undefined ? [...headers, 'Transfer-Encoding', 'chunked'] : headers
    this.headers = isJoinedAsItIs(this.url) ? framed : headerObject(framed)
  }

  start(proxy: ProxyServer, agent: http.Agent): void {
    const target = this.#outgoing.upstream.url
    try {
      proxy.web(this, this, { target: targetOf(target), agent, buffer: this }, (error) => this.#onError(error))
    } catch (error) {
      queueMicrotask(() => this.#fail('unsendable', error as Error))
    }
  }

  /** http-proxy hands the upstream request over here, before anything is sent. */
  pipe(request: ClientRequest): void {
    this.#request = request
    request.path = this.url
    request.on('socket', (socket) => this.#onSocket(request, socket))
    request.on('information', (info) => this.#receiver.onInformation(info.statusCode, info.rawHeaders))
    request.on('response', (response) => this.#onResponse(response))
    request.on('upgrade', (_, socket: Socket) => this.#onUpgrade(socket))
    this.#deadlines.watch(this)
    if (!this.#outgoing.body) request.end()
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
    this.deadline = performance.now() + this.#timeouts.connectTimeoutMs
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => this.#onConnect(request))
  }

  #onConnect(request: ClientRequest) {
    if (this.#over) return
    this.#connected = true
    const { body } = this.#outgoing
    if (!body) return this.#awaitHeaders()
    this.deadline = Number.POSITIVE_INFINITY
    this.#pump = new BodyPump(body, request, () => this.#awaitHeaders())
  }

  #awaitHeaders(): void {
    if (!this.#response) this.deadline = performance.now() + this.#timeouts.headersTimeoutMs
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#over) return
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

  #onError(error: NodeJS.ErrnoException): void {
    // The whole answer is here: its end is about to be told.
    if (this.#response?.complete) return
    const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE'
    if (!this.#connected) this.#fail('connect', error)
    else if (closed && this.#request?.reusedSocket && !this.#response) this.#fail('stale', error)
    else this.#fail(error.code?.startsWith('HPE_') ? 'protocol' : 'died', error)
  }

  #fail(kind: FailureKind, error: Error): void {
    if (this.#over) return
    this.abort()
    this.#receiver.onFailure({ kind, error })
  }

  #touch(): void {
    this.deadline = performance.now() + this.#timeouts.idleTimeoutMs
  }

  #finish(): void {
    this.#over = true
    this.#deadlines.forget(this)
  }
}

type HeaderObject = Record<string, string | string[]>

// Raw headers are written together with the path when the request is made, and http-proxy joins paths in its own way:
// those that it would change are put right in `pipe`, which takes headers as an object.
const isJoinedAsItIs = (path: string): boolean => !path.includes('//') && !path.includes('http')

function headerObject(headers: readonly string[]): HeaderObject {
  const object: HeaderObject = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const before = object[name]
    if (before === undefined) object[name] = headers[i + 1] as string
    else object[name] = [...(typeof before === 'string' ? [before] : before), headers[i + 1] as string]
  }
  return object
}

const targets = new WeakMap<URL, object>()

// http-proxy reads a handful of own fields; a URL object has none, and its string form would be parsed for each request.
function targetOf(url: URL): object {
  let target = targets.get(url)
  if (!target) {
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    target = { protocol: url.protocol, hostname, host: hostname, port: url.port || undefined }
    targets.set(url, target)
  }
  return target
}
