/** Our side of the tests with Spring Boot: one application for each variant, which is its namespace too. */
import { inspect } from 'node:util'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { createSessions, fastifySessions, redisOptions, redisStore, type Session, springJson } from '../../src/index.ts'

type Any = Record<string, unknown>
type Act = (session: Session<Any>, query: Record<string, string>) => unknown

const VALUES: Any = {
  text: '한글 "q"',
  int: 42,
  whole: 4_200_000_000,
  double: 1.5,
  flag: true,
  map: { list: [1, 'x'], long: 5n, none: null },
  list: ['java.io.File', '/etc/passwd'],
  set: new Set(['a', 'b']),
  date: new Date(1_700_000_000_000),
  long: 9007199254740993n,
}

/** Names of attributes that say something elsewhere. */
const NAMES = [
  '@class',
  'java.io.File',
  '["java.io.File","/etc/passwd"]',
  '__proto__',
  'creationTime',
  'a:b',
  '한글',
  ' ',
]

const ROUTES: Record<string, Act> = {
  '/make': (session) => Promise.all(Object.entries(VALUES).map(([name, value]) => session.set(name, value))),
  '/set': (session, { q }) => session.set('q', q),
  '/pair': (session, { a, b }) => session.set('pair', { nested: [a, b], deep: [[a, b]] }),
  '/object': (session, { key = '', value }) => session.set('object', { [key]: value }),
  '/get': (session) => session.get('q'),
  '/forever': (session) => Promise.all([session.setLifetime({ idleTimeoutMs: Infinity }), session.set('q', 'x')]),
  '/named': (session) => Promise.all(NAMES.map((name) => session.set(name, ['java.io.File', '/etc/passwd']))),
  '/rotate': (session) => session.rotate(),
  '/login': (session, { user }) => session.rotate({ user }),
  '/logout': (session) => session.invalidate(),
  '/all': async (session) => {
    const names = (await session.keys()).toSorted()
    if (!(await session.info())) return 'no session'
    const lines = names.map(async (name) => `${name} = ${inspect(await session.get(name), { compact: true })}`)
    return (await Promise.all(lines)).join('\n')
  },
}

const [redisPort, ...variants] = process.argv.slice(2)
const client = new Redis(Number(redisPort), '127.0.0.1', redisOptions)
client.on('error', () => {})
const apps = await Promise.all(variants.map(start))
console.log('ready')
process.stdin.resume().once('end', async () => {
  await Promise.all(apps.map((app) => app.close()))
  client.disconnect()
})

async function start(namespace: string) {
  const sessions = createSessions<Any>({
    store: redisStore({ client, namespace, ids: 'spring' }),
    codec: springJson(),
    cookie: { encoding: 'base64' },
    storeTimeoutMs: 30_000,
  })
  const app = Fastify()
  await app.register(fastifySessions, { sessions })
  for (const [url, act] of Object.entries(ROUTES)) {
    app.get<{ Querystring: Record<string, string> }>(url, async (request) => {
      const value = await act(sessions.of(request), request.query)
      return typeof value === 'string' ? value : 'done'
    })
  }
  app.get<{ Querystring: { user: string } }>('/everywhere', async ({ query: { user } }) => {
    return `ended ${await sessions.endUser(user)}`
  })
  let unreadable = 0
  sessions.on('unreadable', () => unreadable++)
  app.get('/unreadable', async () => String(unreadable))
  app.get('/list', async () => String((await sessions.list()).sessions.length))
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  console.log(namespace, new URL(address).port)
  return app
}
