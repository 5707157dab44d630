import type { FastifyInstance } from 'fastify'
import type { AnySessions } from '../src/index.ts'
import '@fastify/websocket'

/** The README's recipes for what outlives its request, to the letter: a test runs them and compares them. */
export function live(app: FastifyInstance, sessions: AnySessions): void {
  app.get('/ws', { websocket: true }, (socket, request) => {
    socket.on('message', (message) => socket.send(`you said ${message}`))
    const stop = sessions.onEnded(sessions.of(request), () => socket.close(4401, 'logged out'))
    socket.on('close', stop)
  })

  app.get('/events', async (request, reply) => {
    const session = sessions.of(request)
    if (!(await session.info())?.user) return reply.code(401).send()
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    reply.raw.write('data: hello\n\n')
    const stop = sessions.onEnded(session, () => reply.raw.end())
    reply.raw.on('close', stop)
  })
}
