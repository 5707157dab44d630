import { createSessions, fastifySessions, memoryStore } from '@session-cluster/session'
import Fastify from 'fastify'

const sessions = createSessions<{ name: string; visits: number }>({
  store: memoryStore(),
  cookie: { secure: 'auto' },
})

export const app = Fastify()
await app.register(fastifySessions, { sessions })

app.get<{ Querystring: { name: string } }>('/hello', async (request) => {
  await sessions.of(request).set('name', request.query.name)
  return 'Nice to meet you\n'
})

app.get('/', async (request) => {
  const session = sessions.of(request)
  const name = (await session.get('name')) ?? 'stranger'
  const visits = await session.update('visits', (n = 0) => n + 1)
  return `Hello ${name}, visit ${visits}\n`
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })
