import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import { directEngine } from './direct.ts'
import type { Attempt, Engine, Failure, Outgoing, Receiver, RequestBody } from './engine.ts'

const timeouts = { connectTimeoutMs: 15_000, headersTimeoutMs: 15_000, idleTimeoutMs: 15_000 }

/** A node that is played by hand: its connections in their order, and what came on each. */
class PlayedNode implements AsyncDisposable {
  readonly connections: Socket[] = []
  readonly received: string[] = []
  readonly #server = createServer((socket) => {
    const at = this.connections.push(socket) - 1
    this.received[at] = ''
    socket.setEncoding('latin1').on('error', () => {})
    socket.on('data', (text: string) => {
      this.received[at] += text
      this.answer?.(socket, text)
    })
  })
  /** What it does when it is sent something. */
  answer: ((socket: Socket, text: string) => void) | undefined

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get upstream(): Upstream {
    const { port } = this.#server.address() as AddressInfo
    const pool = new Pool({ clock: systemClock, random: Math.random })
    return pool.add({ name: 'a', url: `http://127.0.0.1:${port}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.connections) socket.destroy()
    this.#server.close()
  }
}

/** What became of one request. */
interface Asked extends Receiver {
  attempt: Attempt
  status: number
  body: string
  trailers: readonly string[]
  failure: Failure | undefined
  ended: boolean
  hasRoom: boolean
}

function ask(engine: Engine, upstream: Upstream, rest: Partial<Outgoing> = {}): Asked {
  const asked: Asked = {
    ...{ status: 0, body: '', trailers: [], failure: undefined, ended: false, hasRoom: true },
    attempt: undefined as never,
    onInformation() {},
    onHeaders(status) {
      asked.status = status
    },
    onData(piece) {
      asked.body += piece.toString('latin1')
      return asked.hasRoom
    },
    onEnd(trailers) {
      Object.assign(asked, { ended: true, trailers })
    },
    onFailure(failure) {
      asked.failure = failure
    },
  }
  const outgoing = { upstream, method: 'GET', path: '/', headers: ['Host', 'x'], body: undefined, ...rest }
  asked.attempt = engine.send(outgoing, asked)
  return asked
}

// A connection that is closed in these tests was closed for a reason, and not since it had been free for long.
const OK = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=600\r\nContent-Length: 2\r\n\r\nok'
const done = async (asked: Asked): Promise<void> => {
  await expect.poll(() => asked.ended || asked.failure !== undefined).toBe(true)
}

async function parts() {
  const node = await new PlayedNode().start()
  const engine = directEngine({ ...timeouts, maxConnectionAgeMs: Number.POSITIVE_INFINITY, maxHeaderBytes: 16_384 })
  // Not an AsyncDisposableStack: Node 22 has none.
  const end = async (): Promise<void> => {
    await engine.close()
    await node[Symbol.asyncDispose]()
  }
  return { node, engine, upstream: node.upstream, [Symbol.asyncDispose]: end }
}

describe('directEngine', () => {
  it('writes a request as it is told, and uses a connection again when it is free', async () => {
    await using all = await parts()
    const { node, engine, upstream } = all
    node.answer = (socket) => socket.write(OK)
    for (let i = 0; i < 3; i++) {
      const asked = ask(engine, upstream, { path: '/a?b', headers: ['Host', 'x', 'X-A', '\xe4'] })
      await done(asked)
      expect(asked).toMatchObject({ status: 200, body: 'ok', failure: undefined })
    }
    expect(node.received).toEqual(['GET /a?b HTTP/1.1\r\nHost: x\r\nX-A: \xe4\r\n\r\n'.repeat(3)])
  })

  it.each([
    ['the node closes after it', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['more came than belongs to the answer', `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
    ['the node is about to close it', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'],
  ])('never uses a connection again when %s', async (_, answer) => {
    await using all = await parts()
    const { node, engine, upstream } = all
    node.answer = (socket) => socket.write(answer)
    for (let i = 0; i < 2; i++) {
      const asked = ask(engine, upstream)
      await done(asked)
      expect(asked.body).toBe('ok')
    }
    expect(node.connections).toHaveLength(2)
  })

  it('closes a free connection on which the node speaks unasked: it would be taken for the next answer', async () => {
    await using all = await parts()
    const { node, engine, upstream } = all
    node.answer = (socket) => socket.write(OK)
    await done(ask(engine, upstream))
    node.connections[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
    await expect.poll(() => node.connections[0]?.closed).toBe(true)
    const asked = ask(engine, upstream)
    await done(asked)
    expect([asked.body, node.connections.length]).toEqual(['ok', 2])
  })

  it('uses no connection again that has been free for longer than the node keeps it', async () => {
    await using all = await parts()
    const { node, engine, upstream } = all
    node.answer = (socket) => socket.write(OK)
    await done(ask(engine, upstream))
    const later = performance.now() + 599_001
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later)
    const asked = ask(engine, upstream)
    clock.mockRestore()
    await done(asked)
    expect(node.connections).toHaveLength(2)
  })

  it('calls it nonsense when the node switches protocols unasked, without waiting for its end', async () => {
    await using all = await parts()
    all.node.answer = (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n')
    const asked = ask(all.engine, all.upstream)
    await done(asked)
    expect(asked.failure?.kind).toBe('protocol')
  })

  it('tells a stale connection from one that died, and one that broke off from one that was never made', async () => {
    await using all = await parts()
    const { node, engine, upstream } = all
    node.answer = (socket) => socket.write(OK)
    await done(ask(engine, upstream))
    node.answer = (socket) => socket.destroy()
    const stale = ask(engine, upstream)
    await done(stale)
    const died = ask(engine, upstream)
    await done(died)
    node.answer = (socket) => socket.write(OK)
    await done(ask(engine, upstream))
    node.answer = (socket) => socket.end(OK.slice(0, 9))
    const begun = ask(engine, upstream)
    await done(begun)
    node.answer = (socket) => socket.end(OK.slice(0, -1))
    const broke = ask(engine, upstream)
    await done(broke)
    await node[Symbol.asyncDispose]()
    const refused = ask(engine, upstream)
    await done(refused)
    const kinds = [stale, died, begun, broke, refused].map(({ failure }) => failure?.kind)
    expect(kinds).toEqual(['stale', 'died', 'died', 'died', 'connect'])
  })

  it.each([
    ['a path', { path: '/a b' }],
    ['a path with a line end', { path: '/\r\nX: y' }],
    ['a method', { method: 'GET /' }],
    ['a value', { headers: ['Host', 'x\r\nX: y'] }],
    ['a value beyond one byte', { headers: ['Host', '\u{1F600}'] }],
    ['a name', { headers: ['Ho st', 'x'] }],
  ])('sends nothing of a request with %s that a node could misread, and says so later', async (_, odd) => {
    await using all = await parts()
    const asked = ask(all.engine, all.upstream, odd)
    expect(asked.failure).toBeUndefined()
    await done(asked)
    expect([asked.failure?.kind, all.node.connections.length]).toEqual(['unsendable', 0])
  })

  it('frames a body of unknown length in chunks and one of known length not at all, and reads trailers', async () => {
    await using all = await parts()
    const { node, engine, upstream } = all
    node.answer = (socket, text) => {
      if (/(hello|0\r\n\r\n)$/.test(text)) {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSum: 1\r\n\r\n')
      }
    }
    const body = (length: number | undefined, ...pieces: string[]): RequestBody => ({
      ...{ source: Readable.from(pieces.map((piece) => Buffer.from(piece))), length, sent: 0, trailers: undefined },
    })
    const headers = ['Content-Length', '5']
    const known = ask(engine, upstream, { method: 'POST', headers, body: body(5, 'hello') })
    await done(known)
    const unknown = ask(engine, upstream, { method: 'POST', headers: [], body: body(undefined, 'hel', '', 'lo') })
    await done(unknown)
    expect([known.trailers, unknown.trailers]).toEqual([
      ['Sum', '1'],
      ['Sum', '1'],
    ])
    expect(node.received[0]).toBe(
      'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello' +
        'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
    )
  })

  it('tells no more while there is no room, and the rest afterwards', async () => {
    await using all = await parts()
    const { node, engine, upstream } = all
    node.answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab')
    const asked = ask(engine, upstream)
    asked.hasRoom = false
    await expect.poll(() => asked.body).toBe('ab')
    node.connections[0]?.write('cd')
    asked.hasRoom = true
    asked.attempt.resume()
    await done(asked)
    expect([asked.body, asked.failure]).toEqual(['abcd', undefined])
  })

  it('closes the connection of a request that is broken off, and tells nothing more', async () => {
    await using all = await parts()
    const { node, engine, upstream } = all
    const asked = ask(engine, upstream)
    await expect.poll(() => node.received[0]).toContain('GET /')
    asked.attempt.abort()
    await expect.poll(() => node.connections[0]?.closed).toBe(true)
    expect(asked).toMatchObject({ failure: undefined, ended: false })
  })

  it('lets what is under way to a forgotten upstream finish, and keeps none of its connections', async () => {
    await using all = await parts()
    const { node, engine, upstream } = all
    node.answer = (socket) => socket.write(OK)
    const both = [ask(engine, upstream), ask(engine, upstream)]
    await Promise.all(both.map(done))
    node.answer = undefined
    const last = ask(engine, upstream)
    await expect.poll(() => node.received.join('').split('GET').length).toBe(4)
    engine.forget(upstream)
    await expect.poll(() => node.connections.filter(({ closed }) => closed).length).toBe(1)
    node.connections.find(({ closed }) => !closed)?.write(OK)
    await done(last)
    await expect.poll(() => node.connections.every(({ closed }) => closed)).toBe(true)
    expect(last.body).toBe('ok')
  })
})
