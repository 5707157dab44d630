import { Agent, type ClientRequest } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { Deadlines } from '../front/deadlines.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Engine, EngineOptions } from './engine.ts'
import { loadHttpProxy, type ProxyServer } from './load-http-proxy.ts'
import { framed, NodeAttempt } from './node-http.ts'

/**
 * The `http-proxy` engine: version 1.18.1 with the parts that crash, hang or smuggle taken out of its hands. It only
 * makes the upstream request; bodies, timers, errors and the response are handled by {@link NodeAttempt}.
 */
export function httpProxyEngine(options: EngineOptions): Engine {
  const proxy = loadHttpProxy().createProxyServer({ selfHandleResponse: true, toProxy: true })
  // CVE-2026-29057: this pass rewrites the framing of DELETE and OPTIONS under a body that follows all the same.
  proxy.webPasses = proxy.webPasses.filter((pass) => pass.name !== 'deleteLength')
  proxy.on('error', () => {})
  const agents = new Map<Upstream, Agent>()
  const deadlines = new Deadlines(Math.min(options.connectTimeoutMs, options.headersTimeoutMs, options.idleTimeoutMs))
  return {
    name: 'http-proxy',
    send(outgoing, receiver) {
      const agent = agents.get(outgoing.upstream) ?? newAgent(agents, outgoing.upstream, options.maxConnectionAgeMs)
      const attempt = new HttpProxyAttempt(proxy, outgoing, receiver, options, deadlines)
      attempt.start(agent)
      return attempt
    },
    forget(upstream) {
      agents.get(upstream)?.destroy()
      agents.delete(upstream)
    },
    relieve() {
      for (const { freeSockets } of agents.values()) {
        for (const socket of Object.values(freeSockets).flat()) socket?.destroy()
      }
    },
    async close() {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
      deadlines.close()
    },
  }
}

// No `timeout` here: a node's `Keep-Alive: timeout=5` would then end requests that take longer. No maxSockets: the pool caps.
function newAgent(agents: Map<Upstream, Agent>, upstream: Upstream, maxAgeMs: number): Agent {
  const options = { keepAlive: true, scheduling: 'lifo', maxFreeSockets: 1024 } as const
  const agent = upstream.tls ? new TlsAgent({ ...options, ...upstream.tls }) : new Agent(options)
  boundAge(agent, upstream, maxAgeMs)
  agents.set(upstream, agent)
  return agent
}

// Asked when a connection is free again, so that one that is too old is not kept.
function boundAge(agent: Agent, { stats }: Upstream, maxAgeMs: number): void {
  const born = new WeakMap<object, number>()
  const keep = agent.keepSocketAlive.bind(agent)
  agent.keepSocketAlive = (socket) => {
    const now = performance.now()
    const since = born.get(socket) ?? now
    born.set(socket, since)
    if (now - since < maxAgeMs) return keep(socket)
    stats.expired++
    return false
  }
}

/** One attempt; to http-proxy it is the client's request, the client's response and the body's buffer at once. */
class HttpProxyAttempt extends NodeAttempt {
  readonly #proxy: ProxyServer

  // What http-proxy reads of a request and of a response.
  readonly method: string
  readonly url: string
  readonly headers: readonly string[] | HeaderObject
  readonly socket = { destroyed: false }
  readonly finished = false
  readonly headersSent = false
  on(): void {}

  constructor(proxy: ProxyServer, ...args: ConstructorParameters<typeof NodeAttempt>) {
    super(...args)
    this.#proxy = proxy
    const { method, path } = this.outgoing
    this.method = method
    this.url = path
    const headers = framed(this.outgoing)
    this.headers = isJoinedAsItIs(path) ? headers : headerObject(headers)
  }

  protected override ask(agent: Agent): void {
    const target = targetOf(this.outgoing.upstream.url)
    this.#proxy.web(this, this, { target, agent, buffer: this }, (error) => this.onError(error))
  }

  /** http-proxy hands the upstream request over here, before anything is sent. */
  pipe(request: ClientRequest): void {
    request.path = this.url
    this.take(request)
  }
}

type HeaderObject = Record<string, string | string[]>

// Raw headers are written together with the path when the request is made, and http-proxy joins paths in its own way:
// those that it would change are put right in `pipe`, which takes headers as an object.
const isJoinedAsItIs = (path: string): boolean => !path.includes('//') && !path.includes('http')

function headerObject(headers: readonly string[]): HeaderObject {
  // A client chooses the names: `constructor` is one like any other.
  const object: HeaderObject = Object.create(null)
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
