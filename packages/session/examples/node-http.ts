import { createServer } from 'node:http'
import { createSessions, memoryStore, withSessions } from '@session-cluster/session/http'

const sessions = createSessions<{ visits: number }>({ store: memoryStore(), cookie: { secure: 'auto' } })

export const server = createServer(
  withSessions(sessions, async (_request, response, session) => {
    const visits = await session.update('visits', (n = 0) => n + 1)
    response.end(`visit ${visits}\n`)
  }),
)

server.listen(Number(process.env.PORT ?? 3000))
