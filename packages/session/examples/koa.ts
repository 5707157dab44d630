import { createServer } from 'node:http'
import { createSessions, memoryStore, withSessions } from '@session-cluster/session/http'
import Koa from 'koa'

const sessions = createSessions<{ visits: number }>({ store: memoryStore(), cookie: { secure: 'auto' } })

const app = new Koa()
app.use(async (ctx) => {
  const visits = await sessions.of(ctx.req).update('visits', (n = 0) => n + 1)
  ctx.body = `visit ${visits}\n`
})

export const server = createServer(withSessions(sessions, app.callback()))
server.listen(Number(process.env.PORT ?? 3000))
