import { connect as connect2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { ask, RawClient } from './support/client.ts'
import { rawNode, testNode } from './support/node.ts'

const tls = certificate('semantics')

/** One HTTP/2 request: what came of interim answers, and the status. */
async function ask2(url: string, headers: OutgoingHttpHeaders) {
  const session = connect2(url, { rejectUnauthorized: false })
  const stream = session.request(headers, { endStream: true })
  const interim: IncomingHttpHeaders[] = []
  let status = 0
  stream.on('headers', (received) => interim.push(received))
  stream.on('response', (received) => {
    status = Number(received[':status'])
  })
  stream.on('error', () => {})
  stream.resume()
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  return { interim, status }
}

describe.each(engineNames)('requests as RFC 9110 and 9112 have them [%s]', (engine) => {
  test.each([
    ...['POST', 'PUT', 'PATCH', 'PROPFIND', 'REPORT', 'QUERY'].map((method) => [method, '0'] as const),
    ...['GET', 'HEAD', 'DELETE', 'OPTIONS'].map((method) => [method, undefined] as const),
  ])('a %s without a body says its length as %s, over HTTP/1.1 and HTTP/2', async (method, length) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send(`${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    await expect.poll(() => client.closed).toBe(true)
    await using secure = await testBalancer({ engine, nodes: [node], front: { tls } })
    await ask2(secure.url, { ':method': method, ':path': '/' })
    for (const { headers } of node.seen) {
      expect([headers['content-length'], headers['transfer-encoding']]).toEqual([length, undefined])
    }
    expect(node.seen).toHaveLength(2)
  })

  test('TE is sent with the Connection that names it', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port)
    for (let i = 1; i <= 2; i++) {
      client.send('GET / HTTP/1.1\r\nHost: x\r\nTE: trailers, gzip\r\nConnection: TE\r\n\r\n')
      await expect.poll(() => node.seen.length).toBe(i)
      expect(node.seen[i - 1]?.headers).toMatchObject({ te: 'trailers', connection: 'TE' })
    }
    expect(node.sockets.size).toBe(1)
  })

  test('the absolute form is served, and its host stands for the field', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    const texts = [
      'GET http://y.test/a?b HTTP/1.1',
      'GET HTTPS://y.test HTTP/1.1',
      'OPTIONS http://y.test HTTP/1.1',
      'OPTIONS * HTTP/1.1',
    ]
    for (const text of texts) {
      await using client = new RawClient(lb.port).send(`${text}\r\nHost: x\r\nConnection: close\r\n\r\n`)
      await expect.poll(() => client.closed).toBe(true)
      expect(client.status).toBe(200)
    }
    expect(node.seen.map(({ url, headers }) => [url, headers.host, headers['x-forwarded-host']])).toEqual([
      ['/a?b', 'y.test', 'y.test'],
      ['/', 'y.test', 'y.test'],
      ['*', 'y.test', 'y.test'],
      ['*', 'x', 'x'],
    ])
  })

  test('OPTIONS with Max-Forwards goes one hop less far; other methods keep it', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node] })
    const send = async (method: string, hops: string) => {
      await using client = new RawClient(lb.port)
      client.send(`${method} / HTTP/1.1\r\nHost: x\r\nMax-Forwards: ${hops}\r\nConnection: close\r\n\r\n`)
      await expect.poll(() => client.closed).toBe(true)
      return client.status
    }
    expect([await send('OPTIONS', '0'), await send('OPTIONS', '3'), await send('GET', '0')]).toEqual([200, 200, 200])
    expect(node.seen.map(({ method, headers }) => [method, headers['max-forwards']])).toEqual([
      ['OPTIONS', '2'],
      ['GET', '0'],
    ])
  })

  const fields =
    'Link: </a>; rel=preload, </b>; rel="preload"; title="a, b"\r\nLink: nonsense\r\nContent-Security-Policy: default-src\r\n'
  const hop = 'Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n'
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

  test.each([102, 103, 104, 199])(
    'the interim answer %i passes with its fields, but for hop-by-hop ones and unreadable links',
    async (status) => {
      await using node = await rawNode('a', (socket, text) => {
        if (text.endsWith('\r\n\r\n')) socket.write(`HTTP/1.1 ${status} Whatever\r\n${fields}${hop}\r\n${answer}`)
      })
      await using lb = await testBalancer({ engine, nodes: [node] })
      await using client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await expect.poll(() => client.received).toMatch(/ok$/)
      const [interim = ''] = client.received.split('\r\n\r\n')
      expect(interim.split('\r\n').slice(1)).toEqual([
        'Link: </a>; rel=preload, </b>; rel="preload"; title="a, b"',
        'Content-Security-Policy: default-src',
      ])
      expect(interim).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      await using old = new RawClient(lb.port).send('GET / HTTP/1.0\r\nHost: x\r\n\r\n')
      await expect.poll(() => old.closed).toBe(true)
      expect(old.received).toMatch(/^HTTP\/1\.1 200/)
    },
  )

  test('a 100 that was not asked for is nobody’s: expectations are met here', async () => {
    await using node = await rawNode('a', (socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(`HTTP/1.1 100 Continue\r\n\r\n${answer}`)
    })
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => client.received).toMatch(/ok$/)
    expect(client.received).toMatch(/^HTTP\/1\.1 200/)
  })

  test.each([
    ['websocket', 'WebSocket', 'WebSocket'],
    ['h2c, which cannot be had here', 'h2c', undefined],
  ])('a 426 says what should have been asked for: %s', async (_, upgrade, told) => {
    await using node = await testNode('a')
    node.handler = (_, res) => res.writeHead(426, { Connection: 'Upgrade', Upgrade: upgrade }).end()
    await using lb = await testBalancer({ engine, nodes: [node] })
    const { status, headers } = await ask(lb.url)
    expect([status, headers.upgrade]).toEqual([426, told])
    if (told !== undefined) expect(headers.connection).toMatch(/upgrade/i)
  })

  test('early hints pass over HTTP/2 too', async () => {
    await using node = await rawNode('a', (socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(`HTTP/1.1 103 Early Hints\r\n${fields}\r\n${answer}`)
    })
    await using lb = await testBalancer({ engine, nodes: [node], front: { tls } })
    const { interim, status } = await ask2(lb.url, { ':path': '/' })
    expect(status).toBe(200)
    expect(interim).toMatchObject([
      {
        ':status': 103,
        link: '</a>; rel=preload, </b>; rel="preload"; title="a, b"',
        'content-security-policy': 'default-src',
      },
    ])
  })

  const hopeless = [
    ['bare LFs', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['a bare LF behind the status line', 'HTTP/1.1 200 OK\nContent-Length'],
    ['a banner', '220 mail.test ESMTP\r\n'],
    ['a byte that begins no answer', 'X'],
    ['a control character', 'HTTP/1.1 200 OK\r\nX: \0'],
  ] as const
  // Node's parser, which http-proxy uses, waits for the whole of a line.
  const seen = hopeless.filter(([what]) => engine === 'direct' || !what.includes('status line'))

  test.each(seen)('an answer that cannot become one, with %s, is a 502 at once', async (_, text) => {
    await using node = await rawNode('a', (socket) => socket.write(text, 'latin1'))
    // The bound is longer than the test may take.
    await using lb = await testBalancer({ engine, nodes: [node], timeouts: { headersTimeoutMs: 60_000 } })
    await using client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => client.status).toBe(502)
    expect(lb.done).toMatchObject([{ termination: 'upstream_invalid' }])
  })
})

describe('what the balancer says of itself and refuses', () => {
  test('Via names the version that was received', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ nodes: [node], via: 'lb (test)' })
    for (const version of ['1.0', '1.1']) {
      await using client = new RawClient(lb.port).send(
        `GET / HTTP/${version}\r\nHost: x\r\nVia: 1.1 other\r\nConnection: close\r\n\r\n`,
      )
      await expect.poll(() => client.closed).toBe(true)
    }
    await using secure = await testBalancer({ nodes: [node], via: 'lb', front: { tls } })
    await ask2(secure.url, { ':path': '/' })
    expect(node.seen.map(({ headers }) => headers.via)).toEqual([
      '1.1 other, 1.0 lb (test)',
      '1.1 other, 1.1 lb (test)',
      '2.0 lb',
    ])
  })

  test.each(['1.1 lb', '1.0 other, HTTP/1.1 LB (a comment, with a comma)', '1.1 other\r\nVia: 2.0 lb'])(
    'a request with its own name in Via (%j) goes round in a loop: 508',
    async (via) => {
      await using node = await testNode('a')
      await using lb = await testBalancer({ nodes: [node], via: 'lb' })
      await using client = new RawClient(lb.port).send(`GET / HTTP/1.1\r\nHost: x\r\nVia: ${via}\r\n\r\n`)
      await expect.poll(() => client.status).toBe(508)
      expect(node.seen).toEqual([])
    },
  )

  test('a balancer that is its own upstream asks itself once', async () => {
    await using lb = await testBalancer({ nodes: [], via: 'lb' })
    await lb.balancer.add({ name: 'itself', url: lb.url })
    await using client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => client.status).toBe(508)
    expect(lb.done.map(({ status }) => status)).toEqual([508, 508])
  })

  test.each(['1.1 other', '1.1 lb2, 1.1 x (lb)'])('other names in Via (%j) are no loop', async (via) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ nodes: [node], via: 'lb' })
    await using client = new RawClient(lb.port).send(`GET / HTTP/1.1\r\nHost: x\r\nVia: ${via}\r\n\r\n`)
    await expect.poll(() => client.status).toBe(200)
  })

  const versions = ['0.9', '1.0', '1.1', '1.2', '1.9', '2.0', '3.0', '9.9']
  const methods = ['GET', 'POST', 'OPTIONS', 'CONNECT', 'upgrade']
  test.each(versions.flatMap((version) => methods.map((method) => [method, version] as const)))(
    'a %s of HTTP/%s',
    async (method, version) => {
      await using node = await testNode('a')
      node.server.on('upgrade', (_, socket) =>
        socket.end('HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      )
      await using lb = await testBalancer({ nodes: [node] })
      const target = method === 'CONNECT' ? 'x:1' : '/'
      const fields = method === 'upgrade' ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : ''
      const text = `${method === 'upgrade' ? 'GET' : method} ${target} HTTP/${version}\r\nHost: x\r\n${fields}\r\n`
      await using client = new RawClient(lb.port).send(text)
      await expect.poll(() => client.status).toBeGreaterThan(0)
      const isServed = version === '1.0' || version === '1.1'
      // In HTTP/1.0 Upgrade is ignored (RFC 9110 §7.8).
      const served = method === 'CONNECT' ? [405] : method === 'upgrade' && version === '1.1' ? [101] : [200]
      expect(isServed ? served : [400, 405, 505]).toContain(client.status)
      if (!isServed) expect(node.seen).toEqual([])
    },
  )

  test('a Host that differs from :authority is refused, the same is not', async () => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ nodes: [node], front: { tls } })
    expect((await ask2(lb.url, { ':path': '/', ':authority': 'x.test', host: 'evil' })).status).toBe(400)
    expect((await ask2(lb.url, { ':path': '/', ':authority': 'x.test', host: 'X.test' })).status).toBe(200)
  })
})
