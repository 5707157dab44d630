import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net'
import { freePort } from '@session-cluster/cluster/free-port'

/** What a test's node saw of one request. */
export interface Seen {
  method: string
  url: string
  rawHeaders: string[]
  headers: IncomingMessage['headers']
  body: string
}

type Handler = (req: IncomingMessage, res: ServerResponse, body: string) => void

/**
 * A real HTTP server as an upstream; it remembers what it saw. With a port of its own (`freePort`) it can crash and come
 * back: while it is away, somebody else's server may be given the ports that the system gives.
 */
export class TestNode implements AsyncDisposable {
  readonly name: string
  readonly seen: Seen[] = []
  readonly sockets = new Set<Socket>()
  /** Replaces the answer; the default names the node and repeats what came. */
  handler: Handler | undefined
  /** Sees the request before its body is read; returning true takes it over. */
  early: ((req: IncomingMessage, res: ServerResponse) => boolean) | undefined
  ready = true
  server: Server
  port: number
  readonly #ownPort: boolean

  constructor(name: string, port = 0) {
    this.name = name
    this.port = port
    this.#ownPort = port !== 0
    this.server = this.#make()
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get upstream(): { name: string; url: string } {
    return { name: this.name, url: this.url }
  }

  async start(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.server.listen(this.port, '127.0.0.1', resolve)
    await promise
    this.port = (this.server.address() as AddressInfo).port
    return this
  }

  /** As a killed process: every connection breaks and new ones are refused. @throws when its port is not its own */
  async crash(): Promise<void> {
    if (!this.#ownPort)
      throw new Error(`${this.name} needs a port of its own to crash: testNode(name, await freePort())`)
    await this.#end()
  }

  async restart(): Promise<void> {
    this.server = this.#make()
    await this.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.server.listening) await this.#end()
  }

  async #end(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.server.close(() => resolve())
    for (const socket of this.sockets) socket.resetAndDestroy()
    await promise
  }

  #make(): Server {
    const server = createServer((req, res) => this.#onRequest(req, res))
    server.keepAliveTimeout = 60_000
    server.on('checkContinue', (req, res) => this.#onRequest(req, res))
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => this.sockets.delete(socket))
    })
    return server
  }

  #onRequest(req: IncomingMessage, res: ServerResponse): void {
    req.on('error', () => {})
    res.on('error', () => {})
    if (req.url === '/readyz') {
      res.writeHead(this.ready ? 200 : 503).end()
      return
    }
    if (this.early?.(req, res)) return
    let body = ''
    req.setEncoding('utf8')
    req.on('data', (chunk) => {
      body += chunk
    })
    req.on('end', () => {
      const { method = '', url = '', rawHeaders, headers } = req
      this.seen.push({ method, url, rawHeaders, headers, body })
      if (this.handler) return this.handler(req, res, body)
      res.setHeader('X-Served-By', this.name)
      res.end(this.name)
    })
  }
}

/** Starts a node; without a port, on one that the system gives. */
export const testNode = (name: string, port?: number): Promise<TestNode> => new TestNode(name, port).start()

/** Starts nodes a, b, c … */
export async function testNodes(count: number): Promise<TestNodes> {
  const nodes = await Promise.all([...'abcdefghij'].slice(0, count).map((name) => testNode(name)))
  return Object.assign(nodes, {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    },
  })
}

/** Several nodes, closed together. */
export type TestNodes = TestNode[] & AsyncDisposable

/** A TCP server that says what the test tells it, for answers that no HTTP server would give. */
export class RawNode implements AsyncDisposable {
  readonly name: string
  /** Everything that came, one string a connection. */
  readonly received: string[] = []
  readonly sockets = new Set<Socket>()
  readonly #server: NetServer
  port = 0

  constructor(name: string, onData: (socket: Socket, text: string, connection: number) => void) {
    this.name = name
    this.#server = createNetServer((socket) => {
      const index = this.received.push('') - 1
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => this.sockets.delete(socket))
      socket.on('data', (chunk) => {
        this.received[index] += chunk.toString('latin1')
        onData(socket, this.received[index] ?? '', index)
      })
    })
  }

  get upstream(): { name: string; url: string } {
    return { name: this.name, url: `http://127.0.0.1:${this.port}` }
  }

  async start(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.listen(0, '127.0.0.1', resolve)
    await promise
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    for (const socket of this.sockets) socket.destroy()
    await promise
  }
}

/** Starts one; `onData` gets everything the connection has sent so far. */
export const rawNode = (
  name: string,
  onData: (socket: Socket, text: string, connection: number) => void,
): Promise<RawNode> => new RawNode(name, onData).start()

/** A node that refuses every connection: nobody listens there. */
export async function deadNode(name = 'dead'): Promise<{ upstream: { name: string; url: string } }> {
  return { upstream: { name, url: `http://127.0.0.1:${await freePort()}` } }
}
