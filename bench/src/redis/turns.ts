import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A relay before Redis that counts round trips: how often the client had to wait for an answer before it sent more. */
export interface TurnCounter extends AsyncDisposable {
  readonly port: number
  /** Round trips since the last reading. */
  read(): number
}

/**
 * Relays to `target` and holds every answer back for `holdMs`. What the client sends while it waits belongs to the same
 * round trip (pipelined); what it sends after an answer begins a new one. A command that needs the answer of another can
 * never be merged; two pipelined ones are told apart only if more than `holdMs` lies between their writes.
 */
export async function startTurnCounter(target: number, holdMs = 25): Promise<TurnCounter> {
  let turns = 0
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const redis = connect({ port: target, host: '127.0.0.1', noDelay: true })
    let waiting = false
    let answers: Buffer[] | undefined
    for (const socket of [client, redis]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        redis.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (!waiting) turns++
      waiting = true
      redis.write(chunk)
    })
    redis.on('data', (chunk: Buffer) => {
      if (answers) return void answers.push(chunk)
      answers = [chunk]
      setTimeout(() => {
        client.write(Buffer.concat(answers ?? []))
        answers = undefined
        waiting = false
      }, holdMs)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    read() {
      const read = turns
      turns = 0
      return read
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
