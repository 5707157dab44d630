import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** What every contender answers to `/read`: the session's `q`. */
export const seeded = 'password'

/** Listens on a free loopback port, tells the bench which, and ends with it. */
export async function listen(app: FastifyInstance): Promise<void> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  announce(typeof address === 'object' && address ? address.port : 0)
}

/** The same for a server without a framework. */
export function announceServer(server: Server): void {
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
}

/** Answers as Fastify does. */
export function answer(response: ServerResponse, value: object): void {
  const body = JSON.stringify(value)
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.setHeader('content-length', Buffer.byteLength(body))
  response.end(body)
}

/** Tells the bench the port; when the bench goes away, so does this process. */
export function announce(port: number): void {
  process.on('disconnect', () => process.exit(0))
  process.send?.({ port })
}
