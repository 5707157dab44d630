import http2 from 'node:http2'
import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { ask, RawClient } from './support/client.ts'
import { type RawNode, rawNode, testNode } from './support/node.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** A node that says this to whatever it is asked, and then closes if told to. */
const saying = (answer: string, ends = false): Promise<RawNode> =>
  rawNode('a', (socket, text) => {
    if (!text.endsWith('\r\n\r\n')) return
    socket.write(answer, 'latin1')
    if (ends) socket.end()
  })

/** Answers that are not HTTP, or say two things at once. */
const refused: Record<string, string> = {
  'another protocol': 'SSH-2.0-OpenSSH_9.6\r\n\r\n',
  'a 101 that nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\nabc',
  'a 101 without a protocol': 'HTTP/1.1 101 Switching Protocols\r\n\r\nabc',
  'a length and chunks': `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'two lengths': `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`,
  'a list of lengths': `${OK}Content-Length: 2, 2\r\n\r\nok`,
  'a transfer coding that nobody asked for': `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'the coding identity, which is none any more': `${OK}Transfer-Encoding: identity\r\n\r\nok`,
  'a folded header': `${OK}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok`,
  'a bare CR in a header': `${OK}X-A: b\rc\r\nContent-Length: 2\r\n\r\nok`,
  'a status of 0': 'HTTP/1.1 000 None\r\nContent-Length: 2\r\n\r\nok',
  'headers of 100 kB': `${OK}X-A: ${'b'.repeat(100_000)}\r\nContent-Length: 2\r\n\r\nok`,
}

describe.each(engineNames)('nodes that talk nonsense [%s]', (engine) => {
  test.each(Object.entries(refused))('%s is a 502, and no other node is asked', async (_, answer) => {
    await using node = await saying(answer)
    await using other = await testNode('b')
    await using lb = await testBalancer({ engine, nodes: [node, other], policy: ([first]) => first })
    expect(await ask(lb.url)).toMatchObject({
      status: 502,
      body: '502 Bad Gateway: malformed response from the upstream\n',
    })
    expect(lb.done).toMatchObject([{ termination: 'upstream_invalid', attempts: 1 }])
    expect(other.seen).toEqual([])
    expect(lb.balancer.pool.get('a')?.inFlight).toBe(0)
  })

  test.each(['', 'HTTP/1.1 200 OK\r\nX-A:'])(
    'a node that says %j and closes has died, and is said to have',
    async (answer) => {
      await using node = await saying(answer, true)
      await using lb = await testBalancer({ engine, nodes: [node] })
      expect((await ask(lb.url)).status).toBe(502)
      expect(lb.done).toMatchObject([{ termination: 'upstream_died' }])
    },
  )

  test.each([`${OK}Content-Length: 2\r\n\r\nok`, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n'])(
    'what follows an answer (%j) unasked is no answer to the next request',
    async (first) => {
      const stray = `${OK}Content-Length: 6\r\n\r\nplant!`
      const mine = `${OK}Content-Length: 4\r\n\r\nmine`
      let asked = 0
      await using node = await rawNode('a', (socket, text) => {
        if (!text.endsWith('\r\n\r\n')) return
        socket.write(asked++ === 0 ? first + stray : mine)
      })
      await using lb = await testBalancer({ engine, nodes: [node] })
      expect((await ask(lb.url)).body).not.toContain('plant')
      expect((await ask(lb.url)).body).toBe('mine')
      expect((await ask(lb.url)).body).toBe('mine')
    },
  )

  test('a body that ends with the connection is whole', async () => {
    await using node = await saying('HTTP/1.0 200 OK\r\n\r\nhello', true)
    await using lb = await testBalancer({ engine, nodes: [node] })
    expect(await ask(lb.url)).toMatchObject({ status: 200, body: 'hello', complete: true })
  })

  test.each(['204 No Content', '304 Not Modified'])(
    'a %s with a body is passed on without it, and the next answer is its own',
    async (status) => {
      await using node = await saying(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\nhello`)
      await using lb = await testBalancer({ engine, nodes: [node] })
      await using client = new RawClient(lb.port).send(get)
      await expect.poll(() => client.received).toMatch(/\r\n\r\n/)
      client.send(get)
      await expect.poll(() => client.received.match(/HTTP\/1\.1/g)?.length).toBe(2)
      expect(client.received).not.toContain('hello')
      // RFC 9110 §8.6: a 204 says no length, a 304 may say that of what it stands for.
      expect(client.received.includes('Content-Length')).toBe(status.startsWith('304'))
    },
  )

  test('a HEAD with a body is passed on without it', async () => {
    await using node = await saying(`${OK}Content-Length: 5\r\n\r\nhello`)
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send('HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await expect.poll(() => client.closed).toBe(true)
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 5\r\n(?![\s\S]*hello)/)
  })

  test('early hints that are malformed are lost, the answer is not', async () => {
    const hints =
      'HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n'
    await using node = await saying(`${hints}${OK}Content-Length: 2\r\n\r\nok`)
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send(get)
    await expect
      .poll(() => client.received)
      .toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*ok$/)
  })

  test('a node that sends interim answers for ever is a 504', async () => {
    await using node = await rawNode('a', (socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 20)
      socket.once('close', () => clearInterval(timer))
    })
    await using lb = await testBalancer({ engine, nodes: [node], timeouts: { headersTimeoutMs: 300 } })
    expect((await ask(lb.url)).status).toBe(504)
    expect(lb.done).toMatchObject([{ termination: 'headers_timeout' }])
    await expect.poll(() => node.sockets.size).toBe(0)
  })

  test('a redirect is the client’s to follow', async () => {
    await using node = await saying(
      'HTTP/1.1 307 Temporary\r\nLocation: http://other.test/x?y#z\r\nContent-Length: 0\r\n\r\n',
    )
    await using lb = await testBalancer({ engine, nodes: [node] })
    expect(await ask(lb.url)).toMatchObject({ status: 307, headers: { location: 'http://other.test/x?y#z' } })
  })

  test.each([
    [
      'a header that HTTP/2 takes once only',
      'X-Content-Type-Options: nosniff\r\nX-Content-Type-Options: nosniff\r\n',
      { ':status': 200, 'x-content-type-options': 'nosniff' },
    ],
    [
      'two values of one',
      'Content-Type: text/html\r\nContent-Type: text/plain\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n',
      { ':status': 200, 'content-type': 'text/html, text/plain', 'set-cookie': ['a=1', 'b=2'] },
    ],
    ['one that HTTP/2 has no place for', 'HTTP2-Settings: x\r\n', { ':status': 200 }],
    ['a status that HTTP/2 has no place for', undefined, { ':status': 502 }],
  ])('%s ends no HTTP/2 client’s request without an answer', async (_, lines, expected) => {
    const trailers = 'ETag: "a"\r\nETag: "b"\r\n'
    const head = lines === undefined ? 'HTTP/1.1 999 Odd\r\n' : `${OK}${lines}`
    await using node = await saying(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`)
    await using lb = await testBalancer({ engine, nodes: [node], front: { tls: certificate('nonsense') } })
    const session = http2.connect(lb.url, { rejectUnauthorized: false })
    try {
      const stream = session.request({ ':path': '/' })
      let headers: Record<string, unknown> | undefined
      stream.on('response', (received) => {
        headers = received
      })
      stream.resume()
      await expect.poll(() => stream.closed).toBe(true)
      expect(headers).toMatchObject(expected)
      await expect.poll(() => lb.done).toMatchObject([{ status: expected[':status'] }])
    } finally {
      session.destroy()
    }
  })

  const statuses = [200, 201, 204, 205, 206, 302, 304, 404, 500, 599, 600, 999]
  const bodies: Record<string, string> = {
    'a length': 'Content-Length: 2\r\n\r\nok',
    chunks: 'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'the end of the connection': '\r\nok',
    'a length of 0': 'Content-Length: 0\r\n\r\n',
    'a large length': `Content-Length: 90000\r\n\r\n${'x'.repeat(90_000)}`,
  }

  test('every answer reaches an HTTP/2 client whole, whatever its status and its body’s framing', async () => {
    await using lb = await startEmpty()
    const session = http2.connect(lb.url, { rejectUnauthorized: false })
    try {
      for (const status of statuses) {
        for (const [framing, body] of Object.entries(bodies)) {
          await using node = await saying(`HTTP/1.1 ${status} S\r\nX-A: b\r\nSet-Cookie: a=b\r\n${body}`, true)
          await lb.balancer.add(node.upstream)
          const got = await ask2(session)
          const size = [204, 205, 304].includes(status) ? 0 : (SIZES[framing] ?? 2)
          const expected = status < 600 ? { status, code: 0, size, cookies: 1 } : OUT_OF_RANGE
          expect([status, framing, got]).toEqual([status, framing, expected])
          await lb.balancer.remove('a', { force: true })
        }
      }
    } finally {
      session.destroy()
    }
  })

  const SIZES: Record<string, number> = { 'a length of 0': 0, 'a large length': 90_000 }
  // RFC 9110 §15: there is no such status, and Node writes none over HTTP/2. Nothing of that answer is passed on.
  const OUT_OF_RANGE = { status: 502, code: 0, size: 54, cookies: 0 }

  const startEmpty = () =>
    testBalancer({ engine, nodes: [], front: { tls: certificate('nonsense') }, passive: { failures: 0 } })

  async function ask2(session: http2.ClientHttp2Session) {
    const stream = session.request({ ':path': '/' })
    let [status, size, cookies] = [0, 0, 0]
    stream.on('response', (received) => {
      status = Number(received[':status'])
      cookies = received['set-cookie']?.length ?? 0
    })
    stream.on('data', (chunk) => {
      size += chunk.length
    })
    stream.on('error', () => {})
    await expect.poll(() => stream.closed).toBe(true)
    return { status, code: stream.rstCode, size, cookies }
  }

  test('headers and trailers with the names of an object’s own pass to HTTP/2', async () => {
    const head = `${OK}constructor: a\r\ntoString: b\r\nTransfer-Encoding: chunked\r\nTrailer: valueOf\r\n\r\n`
    await using node = await saying(`${head}2\r\nok\r\n0\r\nvalueOf: c\r\n\r\n`)
    await using lb = await testBalancer({ engine, nodes: [node], front: { tls: certificate('nonsense') } })
    const session = http2.connect(lb.url, { rejectUnauthorized: false })
    try {
      const stream = session.request({ ':path': '/' })
      let [headers, trailers]: Record<string, unknown>[] = []
      stream.on('response', (received) => {
        headers = received
      })
      stream.on('trailers', (received) => {
        trailers = received
      })
      stream.resume()
      await expect.poll(() => stream.closed).toBe(true)
      expect(Object.entries(headers ?? {})).toEqual(
        expect.arrayContaining([
          ['constructor', 'a'],
          ['tostring', 'b'],
        ]),
      )
      expect(Object.entries(trailers ?? {})).toEqual([['valueof', 'c']])
    } finally {
      session.destroy()
    }
  })
})

describe('upgrades that nodes answer otherwise', () => {
  test.each([
    ['that is whole', '2\r\nok\r\n0\r\n\r\n', 'ok', /\r\n\r\n2\r\nok\r\n0\r\n\r\n$/],
    ['that breaks off', '2\r\nok\r\n', 'upstream_aborted', /\r\n\r\n2\r\nok\r\n$/],
  ])('an answer in chunks %s is the same to the client', async (_, chunks, termination, expected) => {
    await using node = await saying(`HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`, true)
    await using lb = await testBalancer({ nodes: [node] })
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => client.closed).toBe(true)
    expect(client.received).toMatch(expected)
    await expect.poll(() => lb.done).toMatchObject([{ status: 403, termination }])
  })

  test('an answer that stalls is cut after the idle time-out', async () => {
    await using node = await saying('HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\nno')
    await using lb = await testBalancer({ nodes: [node], timeouts: { idleTimeoutMs: 300 } })
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => client.closed).toBe(true)
    expect(lb.done).toMatchObject([{ status: 403, termination: 'idle_timeout' }])
  })

  test('an answer that takes longer than headers may is still whole', async () => {
    await using node = await rawNode('a', (socket, text) => {
      if (!text.includes('\r\n\r\n')) return
      socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\n')
      let left = 10
      const timer = setInterval(() => {
        socket.write('x')
        if (--left === 0) clearInterval(timer)
      }, 60)
      socket.once('close', () => clearInterval(timer))
    })
    await using lb = await testBalancer({ nodes: [node], timeouts: { headersTimeoutMs: 300 } })
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => client.closed).toBe(true)
    expect(client.received).toMatch(/\r\n\r\nx{10}$/)
  })

  test('a switch to another protocol than the one asked for is a 502', async () => {
    await using node = await saying('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\nabc')
    await using lb = await testBalancer({ nodes: [node] })
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => client.closed).toBe(true)
    expect(client.status).toBe(502)
    expect(lb.done).toMatchObject([{ termination: 'upstream_invalid', attempts: 1 }])
  })
})
