import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect as connect2, createServer as createServer2, type Http2Server } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Any, actions, slowSessions } from '../../test/differential/cells.ts'
import { type Program, programs } from '../../test/differential/programs.ts'
import { type Sessions, withSessions } from '../http.ts'

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

async function serving(server: Server | Http2Server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}

/** What a client on HTTP/2 sees of a program. */
async function over2(program: Program, action: string, sessions: Sessions<Any> | undefined) {
  const notes: unknown[] = []
  const server = createServer2(listen(program, action, sessions, notes) as never)
  await using at = await serving(server)
  const client = connect2(`http://127.0.0.1:${at.port}`)
  const stream = client.request({ ':path': '/', ':method': program.ask?.method ?? 'GET', ...program.ask?.headers })
  stream.end(program.ask?.body)
  const seen: Record<string, unknown> = {}
  stream.on('response', (headers) => Object.assign(seen, headers))
  stream.on('trailers', (trailers) => Object.assign(seen, { trailers: { ...trailers } }))
  stream.on('error', ({ code }: NodeJS.ErrnoException) => Object.assign(seen, { error: code }))
  const body = await text(stream).catch(() => 'cut')
  if (!stream.closed) await once(stream, 'close')
  client.close()
  const cookies = [seen['set-cookie'] ?? []].flat() as string[]
  const ours = cookies.filter((line) => line.startsWith('SESSION='))
  if (ours.length > 0) delete seen['cache-control']
  const { date: _, ...rest } = seen
  const theirs = cookies.filter((line) => !line.startsWith('SESSION='))
  return { seen: { ...rest, 'set-cookie': theirs, body, notes }, ours: ours.length }
}

/** Not of HTTP/2: what it has no notion of, and what Node's compatibility layer answers without an error of its own. */
const NOT_2 =
  /reason|connection|keep-alive|expect|hints|leaves|encodings|refused|odd list|none|buffer|second head|destroy|of all kinds/

describe('withSessions on HTTP/2', { timeout: 30_000 }, () => {
  const names = Object.keys(programs).filter((name) => !NOT_2.test(name))

  it.each(acts)('leaves every answer as it is without it, with a session that is %s', async (action) => {
    expect(names.length).toBeGreaterThan(50)
    const sessions = slowSessions()
    for (const name of names) {
      const program = programs[name] as Program
      const [without, ours] = [await over2(program, action, undefined), await over2(program, action, sessions)]
      expect([name, ours.seen]).toEqual([name, without.seen])
      expect(ours.ours).toBe(action === 'untouched' ? 0 : 1)
    }
  })
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
