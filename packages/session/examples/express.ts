import { createSessions, expressSessions, memoryStore } from '@session-cluster/session/http'
import express from 'express'

const sessions = createSessions<{ visits: number }>({ store: memoryStore(), cookie: { secure: 'auto' } })

const app = express()
app.use(expressSessions(sessions))
app.get('/', async (request, response) => {
  const visits = await sessions.of(request).update('visits', (n = 0) => n + 1)
  response.send(`visit ${visits}\n`)
})

export const server = app.listen(Number(process.env.PORT ?? 3000))
