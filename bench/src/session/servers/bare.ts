// Fastify alone, with the same routes and answers: the baseline of every ratio.
import Fastify from 'fastify'
import { listen, seeded } from './listen.ts'

const app = Fastify()
app.get('/untouched', async () => ({ q: seeded }))
app.get('/read', async () => ({ q: seeded }))
app.get('/write', async () => ({ ok: true }))
await listen(app)
