// express-session on express with connect-redis. Its two options without a default are set as its documentation advises.
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { announce, seeded } from './listen.ts'

declare module 'express-session' {
  interface SessionData {
    q: string
    user: string
    counter: number
  }
}

const client = createClient({ url: process.env.REDIS_URL ?? '' })
await client.connect()

const app = express()
app.use(
  session({
    secret: 'a secret of at least thirty-two characters',
    resave: false,
    saveUninitialized: false,
    store: new RedisStore({ client, prefix: 'express-session:' }),
  }),
)
app.get('/untouched', (_, response) => void response.json({ q: seeded }))
app.get('/begin', (request, response) => {
  Object.assign(request.session, { q: seeded, user: 'u1', counter: 0 })
  response.json({ ok: true })
})
app.get('/read', (request, response) => void response.json({ q: request.session.q ?? null }))
let written = 0
app.get('/write', (request, response) => {
  request.session.counter = ++written
  response.json({ ok: true })
})
app.get('/counter', (request, response) => void response.json({ counter: request.session.counter ?? null }))
app.get('/rotate', (request, response, next) => {
  const { q, user, counter } = request.session
  request.session.regenerate((error) => {
    if (error) return next(error)
    Object.assign(request.session, { q, user, counter })
    response.json({ ok: true })
  })
})
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address()
  announce(typeof address === 'object' && address ? address.port : 0)
})
