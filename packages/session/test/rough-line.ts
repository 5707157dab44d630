import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A relay to a port of 127.0.0.1 that treats what the server sends as a network may. */
export interface RoughLine extends AsyncDisposable {
  readonly port: number
  /** Where new connections lead. */
  target: number
  /** How late what the server sends arrives, ms; in order all the same. */
  delayMs: number
  /** Nothing arrives any more, in either direction, though the connection stays; until it is cut. */
  isSilent: boolean
  /** So many pieces more that have this in them are lost, as no network but a faulty relay loses them. */
  loses: { left: number; readonly what: string }
  cut(): void
}

/** Starts such a relay. */
export async function roughLine(target: number): Promise<RoughLine> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: line.target, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        // A connection that is half open is not told of its end.
        if (!line.isSilent) for (const other of [client, upstream]) other.destroy()
      })
    }
    const queue: { readonly chunk: Buffer; readonly at: number }[] = []
    const pump = async (): Promise<void> => {
      for (let next = queue[0]; next; next = queue[0]) {
        const leftMs = next.at - performance.now()
        if (leftMs >= 1) await pause(leftMs)
        queue.shift()
        if (!line.isSilent && client.writable) client.write(next.chunk)
      }
    }
    upstream.on('data', (chunk: Buffer) => {
      if (line.isSilent) return
      if (line.loses.left > 0 && chunk.includes(line.loses.what)) line.loses.left--
      else if (queue.push({ chunk, at: performance.now() + line.delayMs }) === 1) pump()
    })
    client.on('data', (chunk) => line.isSilent || upstream.destroyed || upstream.write(chunk))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const line: RoughLine = {
    target,
    delayMs: 0,
    isSilent: false,
    loses: { left: 0, what: '' },
    port: (server.address() as AddressInfo).port,
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      line.cut()
      server.close()
    },
  }
  return line
}
