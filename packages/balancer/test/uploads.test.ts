import { subscribe } from 'node:diagnostics_channel'
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, test, vi } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { RawClient } from './support/client.ts'
import { deadNode, rawNode, testNode } from './support/node.ts'

const tls = certificate('uploads')
const timeouts = { idleTimeoutMs: 300 }
const strict = { passive: { failures: 1 }, panicThreshold: 0 }
const post = 'POST / HTTP/1.1\r\nHost: x\r\n'
const framings = {
  'a declared length': 'Content-Length: 100\r\n\r\nabc',
  chunks: 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
}

/** An HTTP/2 session whose end closes it. */
function session2(url: string, options: http2.SecureClientSessionOptions = {}): ClientHttp2Session & Disposable {
  const session = http2.connect(url, { rejectUnauthorized: false, ...options })
  session.on('error', () => {})
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() })
}

interface Upload2 {
  readonly stream: ClientHttp2Stream
  status: number
  body: string
}

/** Begins a POST; the test sends its body. */
function upload2(session: ClientHttp2Session, headers: http2.OutgoingHttpHeaders = {}): Upload2 {
  const stream = session.request({ ':method': 'POST', ':path': '/', ...headers })
  const upload = { stream, status: 0, body: '' }
  stream.on('error', () => {})
  stream.on('response', (received) => {
    upload.status = Number(received[':status'])
  })
  stream.setEncoding('utf8')
  stream.on('data', (chunk) => {
    upload.body += chunk
  })
  return upload
}

describe.each(engineNames)('uploads [%s]', (engine) => {
  test.each(Object.entries(framings))(
    'a client that stops amid a body with %s is told 408, its node is not blamed',
    async (_, body) => {
      await using node = await rawNode('a', () => {})
      await using lb = await testBalancer({ engine, nodes: [node], timeouts, ...strict })
      await using client = new RawClient(lb.port).send(`${post}${body}`)
      await expect.poll(() => client.closed).toBe(true)
      expect(client.received).toMatch(/^HTTP\/1\.1 408 [\s\S]*Connection: close/)
      expect(lb.done).toMatchObject([{ status: 408, termination: 'request_timeout', attempts: 1 }])
      await expect.poll(() => node.sockets.size).toBe(0)
      expect(node.received[0]).toContain('abc')
      expect(lb.balancer.pool.get('a')).toMatchObject({ state: 'up', inFlight: 0 })
    },
  )

  test.each([{}, { 'content-length': 100 }])('over HTTP/2 too, and its other requests go on (%j)', async (headers) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node], timeouts, ...strict, front: { tls } })
    using session = session2(lb.url)
    const stalled = upload2(session, headers)
    stalled.stream.write('abc')
    await expect.poll(() => stalled.stream.closed).toBe(true)
    expect(stalled.status).toBe(408)
    expect(stalled.stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR)
    expect(lb.done).toMatchObject([{ status: 408, termination: 'request_timeout' }])
    expect(lb.balancer.pool.get('a')).toMatchObject({ state: 'up', inFlight: 0 })
    const whole = upload2(session)
    whole.stream.end('whole')
    await expect.poll(() => whole.body).toBe('a')
  })

  test('one that promised more after 100-continue and sends nothing is told 408', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node], timeouts })
    await using client = new RawClient(lb.port).send(`${post}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`)
    await expect.poll(() => client.closed).toBe(true)
    expect(client.received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 408 /)
  })

  test.each(['1', '2'])('a client that sends slowly is served, over HTTP/%s', async (version) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node], timeouts, front: version === '2' ? { tls } : {} })
    const bytes = 30
    const drip = (send: (byte: string) => void, end: () => void): void => {
      let sent = 0
      const timer = setInterval(() => {
        send('x')
        if (++sent < bytes) return
        clearInterval(timer)
        end()
      }, 50)
    }
    if (version === '2') {
      using session = session2(lb.url)
      const { stream } = upload2(session)
      drip(
        (byte) => stream.write(byte),
        () => stream.end(),
      )
      await expect.poll(() => node.seen.length).toBe(1)
    } else {
      await using client = new RawClient(lb.port).send(`${post}Content-Length: ${bytes}\r\n\r\n`)
      drip(
        (byte) => client.send(byte),
        () => {},
      )
      await expect.poll(() => client.status).toBe(200)
    }
    expect(node.seen[0]?.body).toBe('x'.repeat(bytes))
  })

  test('a client whose node is slow to read is not held to be stalled', async () => {
    await using node = await testNode('a')
    let read = (): void => {}
    node.early = (req, res) => {
      read = () => {
        req.resume()
        req.once('end', () => res.end('read'))
      }
      return true
    }
    await using lb = await testBalancer({ engine, nodes: [node], timeouts })
    await using client = new RawClient(lb.port).send(`${post}Content-Length: 20000000\r\n\r\n`)
    client.socket.write(Buffer.alloc(20_000_000))
    await expect.poll(() => lb.balancer.load.active).toBe(1)
    const since = performance.now()
    await expect.poll(() => performance.now() - since > 4 * timeouts.idleTimeoutMs).toBe(true)
    read()
    await expect.poll(() => client.received).toMatch(/^HTTP\/1\.1 200 [\s\S]*read/)
  })

  test('a node that stops reading an upload is given up as one that does not answer', async () => {
    await using node = await rawNode('a', (socket) => socket.pause())
    await using lb = await testBalancer({ engine, nodes: [node], timeouts: { headersTimeoutMs: 400 } })
    await using client = new RawClient(lb.port).send(`${post}Content-Length: 100000000\r\n\r\n`)
    client.socket.write(Buffer.alloc(50_000_000))
    await expect.poll(() => lb.done).toMatchObject([{ status: 504, termination: 'headers_timeout' }])
  })

  test('over HTTP/2 too a request must be whole in time, even while its answer flows', async () => {
    await using node = await testNode('a')
    node.early = (req, res) => {
      req.pipe(res)
      return true
    }
    await using lb = await testBalancer({
      engine,
      nodes: [node],
      // An HTTP/2 connection's first request, too, must come in the first of them.
      front: { tls, headersTimeoutMs: 2000, requestTimeoutMs: 2000 },
    })
    using session = session2(lb.url)
    const { stream } = upload2(session)
    const timer = setInterval(() => stream.write('x'), 50)
    await expect.poll(() => stream.closed).toBe(true)
    clearInterval(timer)
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR)
    expect(lb.done).toMatchObject([{ status: 200, termination: 'client_stalled' }])
  })

  test('may take as long as they move, unless a bound for the whole is set', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using bounded = await testBalancer({ engine, nodes: [node], front: { requestTimeoutMs: 600_000 } })
    const [free, late] = [new RawClient(lb.port), new RawClient(bounded.port)]
    const both = [free, late]
    for (const client of both) client.send(`${post}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`)
    const now = performance.now.bind(performance)
    await expect.poll(() => [lb, bounded].map(({ balancer }) => balancer.load.active)).toEqual([1, 1])
    using _clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 3_600_000)
    await expect.poll(() => late.status).toBe(408)
    expect(bounded.done).toMatchObject([{ termination: 'request_timeout' }])
    free.send('1\r\ny\r\n0\r\n\r\n')
    await expect.poll(() => free.status).toBe(200)
    expect(node.seen).toMatchObject([{ body: 'xy' }])
    for (const client of both) await client[Symbol.asyncDispose]()
  })

  test('a client that expects to be told to go on is told once, however many nodes refuse', async () => {
    await using node = await testNode('a')
    const nodes = [await deadNode('x'), await deadNode('y'), node]
    await using lb = await testBalancer({ engine, nodes, policy: (available) => available[0] })
    await using client = new RawClient(lb.port).send(`${post}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`)
    await expect.poll(() => client.received).toContain('100 Continue')
    client.send('abc')
    await expect.poll(() => client.status).toBe(200)
    expect(client.received.match(/100 Continue/g)).toHaveLength(1)
    expect(node.seen).toMatchObject([{ body: 'abc' }])
  })

  test.each([9, 300_000])(
    'over HTTP/2 an early answer of %i bytes comes whole, and the client is told to send no more',
    async (size) => {
      await using node = await testNode('a')
      node.early = (req, res) => {
        req.once('data', () => res.writeHead(413, { 'Content-Length': size }).end('x'.repeat(size)))
        return true
      }
      await using lb = await testBalancer({ engine, nodes: [node], front: { tls } })
      using session = session2(lb.url)
      const early = upload2(session)
      early.stream.write('abc')
      await expect.poll(() => early.stream.closed).toBe(true)
      expect(early).toMatchObject({ status: 413, body: 'x'.repeat(size) })
      expect(early.stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR)
      await expect.poll(() => lb.done).toMatchObject([{ status: 413 }])
    },
  )

  test('an HTTP/2 connection that nobody reads any more is closed in the end', async () => {
    await using node = await testNode('a')
    node.handler = (_, res) => res.end(Buffer.alloc(50_000_000))
    await using lb = await testBalancer({ engine, nodes: [node], timeouts, front: { tls, keepAliveMs: 300 } })
    const accepted: Socket[] = []
    subscribe('net.server.socket', (message) => {
      const { socket } = message as { socket: Socket }
      if (socket.localPort === lb.port) accepted.push(socket)
    })
    const socket = connectTls({ port: lb.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    const window = 2 ** 31 - 1
    using session = session2(lb.url, { createConnection: () => socket, settings: { initialWindowSize: window } })
    session.once('connect', () => session.setLocalWindowSize(window))
    const { stream } = upload2(session)
    stream.end()
    await expect.poll(() => stream.readableLength > 0 || lb.balancer.pool.get('a')?.stats.status2xx === 1).toBe(true)
    // The kernel's buffers fill up; nothing is read off them.
    ;(socket as unknown as { _handle: { readStop(): void } })._handle.readStop()
    await expect.poll(() => lb.done).toMatchObject([{ termination: 'client_stalled' }])
    // Its unsent bytes do not hold it: the client would not notice.
    await expect.poll(() => accepted.every(({ destroyed }) => destroyed)).toBe(true)
  })
})

describe('connections that do nothing', () => {
  test('an HTTP/2 connection is closed when it is idle for too long, not while a request is under way', async () => {
    await using node = await testNode('a')
    let answer = (): void => {}
    node.handler = (_, res) => {
      answer = () => res.end('late')
    }
    await using lb = await testBalancer({ nodes: [node], front: { tls, keepAliveMs: 300 } })
    using session = session2(lb.url)
    const slow = upload2(session)
    slow.stream.end()
    await expect.poll(() => node.seen.length).toBe(1)
    const since = performance.now()
    await expect.poll(() => performance.now() - since > 900).toBe(true)
    expect(session.closed).toBe(false)
    answer()
    await expect.poll(() => slow.body).toBe('late')
    await expect.poll(() => session.closed).toBe(true)
  })

  test.each([['h2'], ['http/1.1'], []])('one that says %s and asks for nothing is closed', async (...protocols) => {
    await using lb = await testBalancer({ nodes: [], front: { tls, headersTimeoutMs: 300 } })
    const socket = connectTls({
      port: lb.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: protocols.flat(),
    })
    socket.on('error', () => {}).resume()
    await expect.poll(() => socket.closed).toBe(true)
  })

  test.each(['', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'])('one that never shakes hands (%j) is closed', async (text) => {
    await using lb = await testBalancer({ nodes: [], front: { tls, headersTimeoutMs: 300 } })
    const socket = connectTcp(lb.port, '127.0.0.1')
    socket.write(text)
    socket.on('error', () => {}).resume()
    await expect.poll(() => socket.closed).toBe(true)
  })

  test.each(['GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'GET / HT', ''])(
    'headers that never end (%j) are a bound met',
    async (start) => {
      await using lb = await testBalancer({ nodes: [], front: { headersTimeoutMs: 300 } })
      await using client = new RawClient(lb.port).send(start)
      const drip = setInterval(() => client.send('x'), 50)
      await expect.poll(() => client.closed).toBe(true)
      clearInterval(drip)
      expect(client.received).toMatch(/^(HTTP\/1\.1 40[08] |$)/)
    },
  )
})

test('over TLS an upgrade that is no WebSocket is a request like any other, with its method and body', async () => {
  await using node = await testNode('a')
  await using lb = await testBalancer({ nodes: [node], front: { tls } })
  for (const [method, upgrade] of [
    ['POST', 'websocket'],
    ['GET', 'something'],
  ]) {
    const socket = connectTls({ port: lb.port, host: '127.0.0.1', rejectUnauthorized: false })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.write(
      `${method} / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: ${upgrade}\r\nContent-Length: 4\r\n\r\nbody`,
    )
    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 200 /)
    socket.destroy()
    expect(node.seen.at(-1)).toMatchObject({ method, body: 'body' })
    expect(node.seen.at(-1)?.headers).not.toHaveProperty('upgrade')
  }
})
