import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net'

/** What a test's node saw of one request. */
export interface Seen {
  method: string
  url: string
  rawHeaders: string[]
  headers: IncomingMessage['headers']
  body: string
}

type Handler = (req: IncomingMessage, res: ServerResponse, body: string) => void

/** A real HTTP server as an upstream; it remembers what it saw and can go away and come back on its port. */
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
  port = 0

  constructor(name: string) {
    this.name = name
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

  /** As a killed process: every connection breaks and new ones are refused. */
  async crash(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.server.close(() => resolve())
    for (const socket of this.sockets) socket.resetAndDestroy()
    await promise
  }

  async restart(): Promise<void> {
    this.server = this.#make()
    await this.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.server.listening) await this.crash()
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

/** Starts a node on a free port. */
export const testNode = (name: string): Promise<TestNode> => new TestNode(name).start()

/** Starts nodes a, b, c … */
export async function testNodes(count: number): Promise<TestNodes> {
  const nodes = await Promise.all([...'abcdefghij'].slice(0, count).map(testNode))
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

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createNetServer()
  const listening = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', () => listening.resolve())
  await listening.promise
  const { port } = server.address() as AddressInfo
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  await closed.promise
  return port
}
