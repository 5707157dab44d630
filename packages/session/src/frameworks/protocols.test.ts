import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { watchForDeaths } from '../../test/deaths.ts'
import { type Any, actions, comparable, slowSessions, startRig } from '../../test/differential/cells.ts'
import type { Answer } from '../../test/differential/client.ts'
import { ask2 } from '../../test/differential/client2.ts'
import { middlewares } from '../../test/differential/middlewares.ts'
import { type Program, programs } from '../../test/differential/programs.ts'
import { cells, deeds, matrixApp } from '../../test/fastify-matrix.ts'
import { type Sessions, withSessions } from '../http.ts'
import { fastifySessions } from '../index.ts'

const acts =
  process.env.TEST_BUDGET === 'full' ? Object.keys(actions) : ['untouched', 'written, new', 'written, not awaited']

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** A listener that runs one program, and notes what the program sees. */
function listen(program: Program, action: string, sessions: Sessions<Any> | undefined, notes: unknown[]): Listener {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (sessions) await actions[action]?.act(sessions.of(request))
    else await turn()
    await program.run(response, (...note) => void notes.push(note), request)
  }
  const quiet = (request: IncomingMessage, response: ServerResponse) => handle(request, response).catch(() => {})
  return sessions ? withSessions(sessions, quiet) : quiet
}

async function serving(server: Server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}

/** Not of HTTP/2: what it has no notion of, and what Node's compatibility layer answers without an error of its own. */
const NOT_2 =
  /reason|connection|turn after|keep-alive|expect|hints|leaves|encodings|refused|odd list|none|buffer|second head|destroy|of all kinds|HEAD, stream/

const answers2 = Object.keys(programs).filter((name) => !NOT_2.test(name))
const isFull = process.env.TEST_BUDGET === 'full'

describe('withSessions on HTTP/2', { timeout: 300_000 }, () => {
  it.each(acts)('leaves every answer as it is without it, with a session that is %s', async (action) => {
    expect(answers2.length).toBeGreaterThan(50)
    await using rig = await startRig({ http2: true })
    for (const name of answers2) {
      const difference = await rig.compare({ name, program: programs[name] as Program, action })
      expect([name, difference]).toEqual([name, undefined])
    }
  })

  const few = ['end with 50 kB', 'Readable.from, much, pipe', 'headers after the end', '204']
  // express-session calls a method that Node's responses of HTTP/2 do not have, and throws.
  const able = Object.keys(middlewares).filter((middleware) => middleware !== 'express-session')
  const sides = able.flatMap((middleware) => [false, true].map((inside) => ({ middleware, inside })))

  it.each(sides)('stands beside $middleware, inside: $inside', async ({ middleware, inside }) => {
    await using rig = await startRig({ http2: true })
    for (const action of isFull ? acts : ['read', 'written, new']) {
      for (const name of isFull ? answers2 : few) {
        const program = programs[name] as Program
        // Without us morgan looks when Node has forgotten already that the head of a HEAD was sent.
        const isOdd = middleware === 'morgan' && name === 'HEAD'
        if (isOdd || program.bare || program.not?.includes(middleware)) continue
        const difference = await rig.compare({ name, program, action, middleware, inside })
        expect([name, action, difference]).toEqual([name, action, undefined])
      }
    }
  })
})

describe('Fastify on HTTP/2', () => {
  const places = ['handler', 'preHandler', 'onSend', 'errorHandler', 'notFound']
  const asked = cells.filter(({ place }) => places.includes(place))

  it.each(['nothing', 'get', 'set, for a visitor', 'update'])(
    'answers as without sessions, with a session on which it calls: %s',
    { timeout: 120_000 },
    async (deed) => {
      watchForDeaths()
      const sessions = slowSessions()
      const act = deeds[deed]?.act as (typeof deeds)[string]['act']
      const apps = [
        matrixApp(
          new Map(),
          async () => void (await turn()),
          () => {},
          { http2: true },
        ),
        matrixApp(
          new Map(),
          (request) => act(sessions.of(request), request),
          (scope) => scope.register(fastifySessions, { sessions }),
          { http2: true },
        ),
      ]
      const ports: number[] = []
      for (const app of apps) {
        await app.listen({ port: 0, host: '127.0.0.1' })
        ports.push((app.server.address() as AddressInfo).port)
      }
      for (const { place, way } of asked) {
        const path = `/${place}?way=${encodeURIComponent(way)}`
        const [without, ours] = await Promise.all(ports.map((port) => ask2(port, { path }, 400)))
        if (without?.end !== 'complete') continue // Fastify itself breaks off, sometimes before the head
        const [left, right] = comparable(
          { answer: without as Answer, notes: [] },
          { answer: ours as Answer, notes: [] },
        )
        expect([place, way, right]).toEqual([place, way, left])
      }
      for (const app of apps) await app.close()
    },
  )
})

/** What a client that writes these bytes gets back, until the server closes. */
async function raw(listener: Listener, bytes: string): Promise<string> {
  await using server = await serving(createServer(listener))
  const socket = connect(server.port, '127.0.0.1')
  socket.write(bytes)
  const received = await text(socket)
  return received
    .split('\r\n')
    .filter((line) => !/^(date: |set-cookie: SESSION=|cache-control: no-store)/i.test(line))
    .join('\n')
}

describe.each(acts)('withSessions, a session that is %s', (action) => {
  const sessions = slowSessions()
  const names = [
    'end with text',
    'write, end',
    'Readable.from, pipe',
    'writeHead, length',
    'flushHeaders, then a body',
    '204',
  ]

  it.each(names)('answers a client of HTTP/1.0 as without it: %s', async (name) => {
    const program = programs[name] as Program
    const bytes = 'GET / HTTP/1.0\r\n\r\n'
    const [without, ours] = [listen(program, action, undefined, []), listen(program, action, sessions, [])]
    expect(await raw(ours, bytes)).toBe(await raw(without, bytes))
  })

  // Not in pieces: Node joins those that come while another answer is under way.
  it.each(['end with text', 'writeHead, length', '204'])(
    'answers requests that follow each other on one connection in their order: %s',
    async (name) => {
      const program = programs[name] as Program
      const get = (more: string) => `GET / HTTP/1.1\r\nhost: x\r\n${more}\r\n`
      const bytes = get('') + get('') + get('connection: close\r\n')
      const [without, ours] = [listen(program, action, undefined, []), listen(program, action, sessions, [])]
      expect(await raw(ours, bytes)).toBe(await raw(without, bytes))
    },
  )
})
