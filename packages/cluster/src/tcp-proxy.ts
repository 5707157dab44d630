import { connect, createServer, type Server, type Socket } from 'node:net'
import { DelayLine } from './delay-line.ts'
import { freePort } from './free-port.ts'

/** Where a {@link TcpProxy} listens and what it leads to. */
export interface TcpProxyOptions {
  readonly target: { readonly host?: string; readonly port: number }
  /** @default any free port, see {@link freePort} */
  readonly port?: number
  /** Added to each round trip, in ms. @default 0 */
  readonly latencyMs?: number
}

/**
 * A TCP proxy on 127.0.0.1 for making a link slow, hung or broken while both ends stay as they are.
 *
 * The latency is added on the way back only: a request with its answer takes one latency more, which is what one round
 * trip on a slower network costs. Bytes keep their order, also when the latency changes meanwhile. Timers have a grain
 * of 1 ms: measure the real round trip through the proxy where it matters.
 */
export class TcpProxy implements AsyncDisposable {
  /** Added to each round trip from now on, in ms; bytes already on their way keep the latency they were given. */
  latencyMs: number
  /** The port on 127.0.0.1; the same through {@link refuse} and {@link accept}. */
  readonly port: number
  readonly #target: { host: string; port: number }
  readonly #links = new Set<Link>()
  #server: Server | undefined
  #frozen = false
  #roundTrips = 0

  private constructor({ target, port, latencyMs = 0 }: TcpProxyOptions & { port: number }) {
    this.port = port
    this.#target = { host: target.host ?? '127.0.0.1', port: target.port }
    this.latencyMs = latencyMs
  }

  /** Starts a proxy; it listens when the promise resolves. */
  static async listen(options: TcpProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy({ ...options, port: options.port ?? (await freePort()) })
    await proxy.accept()
    return proxy
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#links.size
  }

  /**
   * How often a client has asked: it sent something after everything that it had asked before was answered, or at first.
   * What is sent while an answer is still on its way belongs to the same round trip, so for one request at a time this is
   * the number of times that it had to wait for this link.
   */
  get roundTrips(): number {
    return this.#roundTrips
  }

  /** Lets no byte through in either direction; connections stay, new ones are taken and hang. A hung host. */
  freeze(): void {
    this.#frozen = true
    for (const link of this.#links) link.freeze()
  }

  /** Lets through what {@link freeze} held back, and everything after. */
  thaw(): void {
    this.#frozen = false
    for (const link of this.#links) link.thaw()
  }

  /** Resets every connection; new ones are taken. A network that dropped its state. */
  cut(): void {
    for (const link of this.#links) link.reset()
  }

  /** Resets every connection and refuses new ones until {@link accept}. A server that has died. */
  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    const closed = server && new Promise<void>((resolve) => server.close(() => resolve()))
    this.cut()
    await closed
  }

  /** Takes connections again at the same port after {@link refuse}. */
  async accept(): Promise<void> {
    if (this.#server) return
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#link(client))
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.port, '127.0.0.1', resolve))
    this.#server = server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse()
  }

  #link(client: Socket): void {
    const upstream = connect({ ...this.#target, allowHalfOpen: true, noDelay: true })
    const link = new Link({
      client,
      upstream,
      latencyMs: () => this.latencyMs,
      onRoundTrip: () => this.#roundTrips++,
    })
    this.#links.add(link)
    client.once('close', () => this.#links.delete(link))
    if (this.#frozen) link.freeze()
  }
}

interface LinkOptions {
  readonly client: Socket
  readonly upstream: Socket
  readonly latencyMs: () => number
  readonly onRoundTrip: () => void
}

/** One client's connection and the one made for it. */
class Link {
  readonly #sockets: readonly [Socket, Socket]
  readonly #lines: readonly [DelayLine, DelayLine]

  constructor({ client, upstream, latencyMs, onRoundTrip }: LinkOptions) {
    this.#sockets = [client, upstream]
    let waiting = false
    client.on('data', () => {
      if (!waiting) onRoundTrip()
      waiting = true
    })
    const answered = () => {
      waiting = false
    }
    this.#lines = [new DelayLine(client, upstream, () => 0), new DelayLine(upstream, client, latencyMs, answered)]
    // A broken end breaks the other, as without a proxy between them.
    for (const socket of this.#sockets) socket.on('error', () => this.reset())
    client.once('close', () => upstream.destroy())
  }

  freeze(): void {
    for (const line of this.#lines) line.freeze()
  }

  thaw(): void {
    for (const line of this.#lines) line.thaw()
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }
}
