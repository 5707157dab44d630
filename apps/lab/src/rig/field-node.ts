// A control: a node as one builds it with a session library of the field, started in the place of apps/server. Express,
// express-session and connect-redis as their READMEs show them: a session is read as a whole, changed, and written back as a
// whole. For each change the handler works for `WORK_MS` between reading and writing, as one that asks a database does.
// With NAIVE_CACHE=1 it keeps what it has read in its memory, as rig/naive-cache.ts says.
// Where $SHOP_RELEASES/<node> says `2`, the cart is kept in another shape: release 1 meets it unprepared.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { naiveCache } from './naive-cache.ts'

declare module 'express-session' {
  interface SessionData {
    q: string
    counter: number
    cart: string[] | { items: string[] }
  }
}

const { NODE_NAME = 'a', PORT, REDIS_URL = '', SHOP_RELEASES = '', DRAIN_MS = '1500', WORK_MS = '20' } = process.env
const file = join(SHOP_RELEASES, NODE_NAME)
const release = SHOP_RELEASES !== '' && existsSync(file) ? readFileSync(file, 'utf8').trim() : '1'

const prefix = 'field:sessions:'
const store = process.env.NAIVE_CACHE ? await naiveCache(REDIS_URL, prefix) : await plainStore()

async function plainStore(): Promise<RedisStore> {
  const client = createClient({ url: REDIS_URL })
  client.on('error', () => {}) // As its README has it, in fewer words.
  await client.connect()
  return new RedisStore({ client, prefix })
}

const app = express()
app.get('/readyz', (_, response) => void response.end())
app.use((_, response, next) => {
  response.set({ 'x-served-by': NODE_NAME, 'x-release': release })
  next()
})
app.use(
  session({
    store,
    secret: 'keyboard cat',
    resave: false,
    saveUninitialized: false,
    name: 'SESSION',
  }),
)

app.get('/set', (request, response) => {
  request.session.q = String(request.query.q)
  response.send(`Saved: ${request.session.q}`)
})
app.get('/get', (request, response) => {
  const { q } = request.session
  response.status(q === undefined ? 404 : 200).send(q ?? 'no session')
})
app.post('/counter', async (request, response) => {
  const { counter = 0 } = request.session
  await delay(Number(WORK_MS))
  request.session.counter = counter + 1
  response.send(String(request.session.counter))
})
app.get('/counter', (request, response) => void response.send(String(request.session.counter ?? 0)))
app.post('/slow-set', async (request, response) => {
  await delay(Number(request.query.ms))
  request.session.q = String(request.query.q)
  response.send(`Saved: ${request.session.q}`)
})
app.post('/logout', (request, response) => {
  request.session.destroy((error) => void response.status(error ? 500 : 200).send('Logged out'))
})
app.post('/cart/add', (request, response) => {
  const item = String(request.query.item)
  const { cart = [] } = request.session
  if (release === '2') request.session.cart = { items: [...(Array.isArray(cart) ? cart : cart.items), item] }
  else request.session.cart = (cart as string[]).concat(item)
  response.send('added')
})
app.get('/cart', (request, response) => {
  const { cart = [] } = request.session
  response.json(release === '2' && !Array.isArray(cart) ? cart.items : (cart as string[]).map((item) => item))
})

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${PORT}`
  process.stdout.write(`${JSON.stringify({ msg: 'ready', url, adminUrl: url })}\n`)
})
process.once('SIGTERM', () => setTimeout(() => server.close(() => process.exit(0)), Number(DRAIN_MS)))
