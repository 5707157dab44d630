import { createServer, type IncomingMessage } from 'node:http'
import { createSessions, memoryStore, withSessions } from '@session-cluster/session/http'
import { H3 } from 'h3'
import { toNodeHandler } from 'h3/node'

const sessions = createSessions<{ visits: number }>({ store: memoryStore(), cookie: { secure: 'auto' } })

const app = new H3()
app.get('/', async (event) => {
  const request = event.runtime?.node?.req as IncomingMessage
  const visits = await sessions.of(request).update('visits', (n = 0) => n + 1)
  return `visit ${visits}\n`
})

export const server = createServer(withSessions(sessions, toNodeHandler(app)))
server.listen(Number(process.env.PORT ?? 3000))
