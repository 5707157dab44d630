import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { afterAll, describe, expect, it } from 'vitest'
import { live } from '../test/live.ts'
import { redisRig } from '../test/redis-rig.ts'
import { createSessions, fastifySessions } from './index.ts'
import { redisStore } from './store/redis/redis.ts'

const rig = await redisRig()
afterAll(() => rig[Symbol.asyncDispose]())

/** A node with the README's recipes, listening. */
async function node() {
  const sessions = createSessions({ store: redisStore({ client: rig.client() }), storeTimeoutMs: 30_000 })
  const app = Fastify({ forceCloseConnections: true })
  await app.register(websocket)
  await app.register(fastifySessions, { sessions })
  app.get('/login', (request) => sessions.of(request).rotate({ user: 'bob' }))
  app.get('/logout', (request) => sessions.of(request).invalidate())
  live(app, sessions)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const ask = (path: string, cookie = '') => fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } })
  return { port, ask, [Symbol.asyncDispose]: () => app.close() }
}

async function twoNodes() {
  const [here, there] = [await node(), await node()]
  const cookie = (await here.ask('/login')).headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return {
    here,
    there,
    cookie,
    async [Symbol.asyncDispose]() {
      await Promise.all([here, there].map((n) => n[Symbol.asyncDispose]()))
    },
  }
}

describe('the README’s recipe', () => {
  it('for a WebSocket closes it when its user logs out on another node', async () => {
    await using n = await twoNodes()
    const socket = new WebSocket(`ws://127.0.0.1:${n.here.port}/ws`, { headers: { cookie: n.cookie } } as never)
    const closed = once(socket, 'close')
    await once(socket, 'open')
    socket.send('hello')
    const [{ data }] = (await once(socket, 'message')) as [MessageEvent]
    expect(data).toBe('you said hello')
    await n.there.ask('/logout', n.cookie)
    expect((await closed)[0]).toMatchObject({ code: 4401, reason: 'logged out' })
  })

  it('for server-sent events ends the stream when its user logs out on another node, and opens none without one', async () => {
    await using n = await twoNodes()
    const stream = await n.here.ask('/events', n.cookie)
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    const whole = stream.text()
    await n.there.ask('/logout', n.cookie)
    expect(await whole).toBe('data: hello\n\n')
    expect((await n.here.ask('/events', n.cookie)).status).toBe(401)
  })

  it('is what is tested here', () => {
    const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8').replaceAll(/^ {2}/gm, '')
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const [, body = ''] = /\): void \{\n(.*)\n\}/s.exec(read('../test/live.ts')) ?? []
    for (const recipe of body.split('\n\n')) expect(readme).toContain(recipe)
  })
})
