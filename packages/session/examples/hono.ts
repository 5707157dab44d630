import { createServer } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { createSessions, memoryStore, withSessions } from '@session-cluster/session/http'
import { Hono } from 'hono'

const sessions = createSessions<{ visits: number }>({ store: memoryStore(), cookie: { secure: 'auto' } })

const app = new Hono<{ Bindings: HttpBindings }>()
app.get('/', async (c) => {
  const visits = await sessions.of(c.env.incoming).update('visits', (n = 0) => n + 1)
  return c.text(`visit ${visits}\n`)
})

export const server = createServer(withSessions(sessions, getRequestListener(app.fetch)))
server.listen(Number(process.env.PORT ?? 3000))
