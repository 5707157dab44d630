import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A relay to a port of 127.0.0.1 that can hold back what clients send. */
export interface HeldLine extends AsyncDisposable {
  readonly port: number
  /** Where new connections lead; those that there are stay where they are, as behind an address that moves. */
  target: number
  /** Keeps what clients send from now on, or after so many pieces more. Answers go on passing. */
  hold(after?: number): void
  /** Whether what the server answers is lost, though the connection stays. */
  isMute: boolean
  /** Whether bytes are being kept. */
  readonly isHolding: boolean
  /** Breaks every client's connection; what is kept of them is delivered all the same. */
  cut(): void
  /** Delivers what was kept, and breaks those connections; resolves when the server has done all of it. */
  release(): Promise<void>
}

interface Link {
  readonly client: Socket
  readonly upstream: Socket
  readonly kept: Buffer[]
}

/** How many pieces pass before they are kept; lines may share one. */
export interface Gate {
  left: number
}

/** Starts a relay. Bytes that were held arrive whatever has become of their sender, as those in a router's queue do. */
export async function heldLine(target: number, gate: Gate = { left: Infinity }): Promise<HeldLine> {
  const links = new Set<Link>()
  const server = createServer({ noDelay: true }, (client) => {
    const link: Link = { client, upstream: connect({ port: line.target, host: '127.0.0.1', noDelay: true }), kept: [] }
    const { upstream, kept } = link
    links.add(link)
    client.on('data', (chunk: Buffer) => void (gate.left-- > 0 ? upstream.write(chunk) : kept.push(chunk)))
    upstream.on('data', (chunk) => !line.isMute && client.writable && client.write(chunk))
    client.on('error', () => {})
    upstream.on('error', () => {})
    upstream.on('close', () => {
      client.destroy()
      links.delete(link)
    })
    client.on('close', () => kept.length === 0 && upstream.end())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const line: HeldLine = {
    target,
    isMute: false,
    port: (server.address() as AddressInfo).port,
    hold: (after = 0) => {
      gate.left = after
    },
    get isHolding() {
      return [...links].some(({ kept }) => kept.length > 0)
    },
    cut() {
      for (const { client } of links) client.destroy()
    },
    async release() {
      gate.left = Infinity
      await Promise.all([...links].filter(({ kept }) => kept.length > 0).map(deliver))
    },
    async [Symbol.asyncDispose]() {
      for (const { client, upstream } of links) for (const socket of [client, upstream]) socket.destroy()
      server.close()
    },
  }
  return line
}

/** Behind the late commands goes one of our own, on the same connection: its answer says that they are done. */
async function deliver({ client, upstream, kept }: Link): Promise<void> {
  client.destroy()
  for (const chunk of kept.splice(0)) upstream.write(chunk)
  const text = `over-${performance.now()}`
  upstream.write(`*2\r\n$4\r\nECHO\r\n$${text.length}\r\n${text}\r\n`)
  let seen = ''
  for await (const chunk of upstream) {
    seen += (chunk as Buffer).toString('latin1')
    if (seen.includes(text)) return
  }
}
