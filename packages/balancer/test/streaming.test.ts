import http from 'node:http'
import http2 from 'node:http2'
import type { Socket } from 'node:net'
import { freePort } from '@session-cluster/cluster/free-port'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { engineNames, secret, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { ask, RawClient } from './support/client.ts'
import { inTurns } from './support/in-turns.ts'
import { deadNode, rawNode, testNode } from './support/node.ts'
import { tcpTimers } from './support/tcp.ts'

/** Waits until the count has begun and has not changed between two looks. */
async function standstill(count: () => number): Promise<void> {
  let last = 0
  const stands = (): boolean => {
    const before = last
    last = count()
    return last > 0 && last === before
  }
  await expect.poll(stands, { interval: 500 }).toBe(true)
}

describe.each(engineNames)('streams [%s]', (engine) => {
  test('a client that does not read slows the node down instead of filling the memory', async () => {
    await using node = await testNode('a')
    let produced = 0
    node.handler = (_, res) => {
      const piece = Buffer.alloc(65_536)
      const push = (): void => {
        while (produced < 400_000_000) {
          produced += piece.length
          if (!res.write(piece)) return void res.once('drain', push)
        }
        res.end()
      }
      push()
    }
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port)
    client.socket.pause()
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    // It comes to a standstill: what is under way fits in the sockets' buffers.
    await standstill(() => produced)
    expect(produced).toBeLessThan(40_000_000)
    client.socket.destroy()
    await expect.poll(() => lb.balancer.load.active).toBe(0)
  })

  // Multiples of what an HTTP/2 client takes at once, and of what a socket is read by.
  const sizes = [65_535, 90_000, 200_000]
  const framings: Record<string, (size: number) => string> = {
    'a length': (size) => `Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`,
    'one chunk': (size) => `Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`,
    'many chunks': (size) => `Transfer-Encoding: chunked\r\n\r\n${'5\r\nxxxxx\r\n'.repeat(size / 5)}0\r\n\r\n`,
    'no framing': (size) => `\r\n${'x'.repeat(size)}`,
  }

  test('an answer whose node closes while the client is behind is whole', async () => {
    const cases = Object.entries(framings).flatMap(([framing, text]) => sizes.map((size) => ({ framing, size, text })))
    await inTurns(cases, async ({ framing, size, text }) => {
      await using node = await rawNode('a', (socket) => socket.end(`HTTP/1.1 200 OK\r\n${text(size)}`))
      await using lb = await testBalancer({ engine, nodes: [node], front: { tls: certificate('streaming') } })
      const session = http2.connect(lb.url, { rejectUnauthorized: false })
      const stream = session.request({ ':path': '/' })
      let received = 0
      stream.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      stream.on('error', () => {})
      await expect.poll(() => stream.closed).toBe(true)
      session.destroy()
      const whole = framing === 'many chunks' ? Math.floor(size / 5) * 5 : size
      expect([framing, received, stream.rstCode]).toEqual([framing, whole, 0])
      expect(lb.balancer.pool.get('a')?.stats.responseErrors).toBe(0)
    })
  })

  test('a node that does not read slows the client down', async () => {
    let reading: Socket | undefined
    await using node = await rawNode('a', (socket) => {
      socket.pause()
      reading = socket
    })
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000000\r\n\r\n')
    const piece = Buffer.alloc(65_536)
    let sent = 0
    const push = (): void => {
      while (sent < 400_000_000) {
        sent += piece.length
        if (!client.socket.write(piece)) return void client.socket.once('drain', push)
      }
    }
    push()
    await expect.poll(() => reading).toBeDefined()
    await standstill(() => sent)
    expect(sent).toBeLessThan(40_000_000)
  })

  test('both ways at once: what the client sends comes back before it has sent all', async () => {
    await using node = await testNode('a')
    node.early = (req, res) => {
      res.writeHead(200)
      req.pipe(res)
      return true
    }
    await using lb = await testBalancer({ engine, nodes: [node] })
    const request = http.request(lb.url, { method: 'POST', agent: false })
    let got = ''
    request.on('response', (response) =>
      response.on('data', (chunk) => {
        got += chunk
      }),
    )
    request.write('one')
    await expect.poll(() => got).toBe('one')
    request.end('two')
    await expect.poll(() => got).toBe('onetwo')
  })

  test('Expect: 100-continue is answered here, when a node is there to take the body', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n')
    await expect.poll(() => client.received).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.send('body')
    await expect.poll(() => client.closed).toBe(true)
    expect(client.received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    expect(node.seen[0]).toMatchObject({ body: 'body' })
    expect(node.seen[0]?.headers).not.toHaveProperty('expect')
  })

  test('Expect: 100-continue with nobody there is a 503 and no 100', async () => {
    await using lb = await testBalancer({ engine, nodes: [] })
    await using client = new RawClient(lb.port)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
    await expect.poll(() => client.status).toBe(503)
    expect(client.received).not.toContain('100 Continue')
  })

  test('any other expectation is a 417', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    expect((await ask(lb.url, { headers: { expect: 'miracles' } })).status).toBe(417)
    expect(node.seen).toEqual([])
  })

  test('early hints pass, and the answer after them', async () => {
    await using node = await testNode('a')
    node.handler = (_, res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload' })
      res.end('ok')
    }
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => client.received).toMatch(/\r\nok\r\n|\r\n\r\nok$/)
    expect(client.received).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload\r\n/i)
  })

  test('pipelined requests are answered in their order', async () => {
    await using node = await testNode('a')
    node.handler = (req, res) => void setTimeout(() => res.end(req.url), req.url === '/1' ? 60 : 0)
    await using lb = await testBalancer({ engine, nodes: [node] })
    const two = ['/1', '/2'].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')
    await using client = new RawClient(lb.port).send(two)
    await expect.poll(() => client.received).toContain('/2')
    expect(client.received.indexOf('/1')).toBeLessThan(client.received.indexOf('/2'))
  })

  test.each(['1.1', '1.0'])('headers that the node flushed come before any body, in HTTP/%s', async (version) => {
    await using node = await testNode('a')
    node.handler = (_, res) => res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send(`GET / HTTP/${version}\r\nHost: x\r\n\r\n`)
    await expect
      .poll(() => client.received)
      .toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\n[\s\S]*\r\n\r\n$/)
  })

  test('paths are passed on byte for byte', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    const paths = [
      '//double//slash',
      '/a/../b',
      '/%2e%2e/%00',
      '/http://x/y',
      '/?q=a//b?c',
      '/x?',
      "/'|[]~@:;,=+$*()!&",
      '/?q=\\{}|^`[]',
    ]
    for (const path of paths) {
      await using client = new RawClient(lb.port).send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      await expect.poll(() => client.closed).toBe(true)
      expect(client.status).toBe(200)
    }
    expect(node.seen.map((seen) => seen.url)).toEqual(paths)
  })

  test('spelling, order and repetition of headers survive both ways', async () => {
    await using node = await testNode('a')
    node.handler = (_, res) => res.writeHead(200, ['X-Twice', '1', 'x-TWICE', '2', 'ETag', 'W/"x"']).end()
    await using lb = await testBalancer({ engine, nodes: [node] })
    const answer = await ask(lb.url, { headers: ['Host', 'x', 'X-Two', '1', 'x-two', '2', 'X-ODD', 'y'] as never })
    const sent = node.seen[0]?.rawHeaders ?? []
    const from = sent.indexOf('X-Two')
    expect(sent.slice(from, from + 6)).toEqual(['X-Two', '1', 'x-two', '2', 'X-ODD', 'y'])
    expect(answer.rawHeaders.slice(0, 6)).toEqual(['X-Twice', '1', 'x-TWICE', '2', 'ETag', 'W/"x"'])
  })
})

describe('WebSockets', () => {
  const open = async (url: string, headers = {}): Promise<WebSocket> => {
    const socket = new WebSocket(url.replace('http', 'ws'), { headers })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.once('open', () => resolve())
    socket.once('error', reject)
    await promise
    socket.on('error', () => {})
    return socket
  }

  test('bytes go both ways, and an upgrade that was refused goes to another node', async () => {
    await using node = await testNode('a')
    new WebSocketServer({ server: node.server }).on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    })
    const dead = await deadNode()
    await using lb = await testBalancer({ nodes: [dead, node], affinity: { secret } })
    const socket = await open(lb.url)
    const got: number[] = []
    socket.on('message', (data) => got.push((data as Buffer).length))
    for (const size of [1, 70_000, 1_000_000]) socket.send(Buffer.alloc(size, 1))
    await expect.poll(() => got).toEqual([1, 70_000, 1_000_000])
    expect(lb.decisions.map((decision) => decision.upstream)).toEqual(['dead', 'a'])
    socket.close()
    await expect.poll(() => lb.done).toMatchObject([{ status: 101, termination: 'ok', attempts: 2 }])
    expect(lb.balancer.pool.get('a')?.inFlight).toBe(0)
  })

  test.runIf(process.platform === 'linux')('TCP asks silent ends whether they are still there', async () => {
    await using node = await testNode('a')
    new WebSocketServer({ server: node.server })
    await using lb = await testBalancer({ nodes: [node] })
    const socket = await open(lb.url)
    const timers = () => [tcpTimers('local', lb.port), tcpTimers('remote', Number(new URL(node.url).port))]
    await expect.poll(timers).toEqual([['keepalive'], ['keepalive']])
    socket.terminate()
  })

  test('when the node dies both ends are closed', async () => {
    await using node = await testNode('a', await freePort())
    new WebSocketServer({ server: node.server }).on('connection', (socket) => socket.on('error', () => {}))
    await using lb = await testBalancer({ nodes: [node] })
    const socket = await open(lb.url)
    let closed = false
    socket.once('close', () => {
      closed = true
    })
    await node.crash()
    await expect.poll(() => closed).toBe(true)
    await expect.poll(() => lb.balancer.load.active).toBe(0)
  })

  test('an upgrade that the node refuses is passed on; with no node it is a real 502 or 503', async () => {
    await using node = await testNode('a', await freePort())
    node.server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'))
    await using lb = await testBalancer({ nodes: [node] })
    const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    await using refused = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => refused.received).toMatch(/^HTTP\/1\.1 403 Forbidden[\s\S]*no$/)
    await node.crash()
    await using failed = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => failed.closed).toBe(true)
    expect(failed.status).toBe(502)
    lb.balancer.update('a', { mode: 'maintenance' })
    await using none = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => none.closed).toBe(true)
    expect(none.received).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1/)
  })
})
