import type { FastifyInstance } from 'fastify'

/** What every contender answers to `/read`: the session's `q`. */
export const seeded = 'password'

/** Listens on a free loopback port, tells the bench which, and ends with it. */
export async function listen(app: FastifyInstance): Promise<void> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  announce(typeof address === 'object' && address ? address.port : 0)
}

/** Tells the bench the port; when the bench goes away, so does this process. */
export function announce(port: number): void {
  process.on('disconnect', () => process.exit(0))
  process.send?.({ port })
}
