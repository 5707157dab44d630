import { connect as connectHttp2 } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { RawClient } from './support/client.ts'
import { deadNode, rawNode, type TestNode, testNode } from './support/node.ts'

/** Makes the node remember the trailers of each request. */
function trailersSeen(node: TestNode): string[][] {
  const seen: string[][] = []
  node.handler = (req, res) => {
    seen.push(req.rawTrailers)
    res.end(node.name)
  }
  return seen
}

const head = (more: string) => `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n${more}\r\n`
const forbidden = [
  ...['Host: evil', 'Connection: close', 'Trailer: X-A', 'TE: gzip'],
  ...['Authorization: Basic eA==', 'Cookie: a=1', 'Set-Cookie: a=1', 'X-Forwarded-For: 192.0.2.1', 'Forwarded: for=x'],
  ...['X-Request-Id: forged', 'X-Balancer-Token: forged', 'Content-Type: text/html', 'Content-Encoding: gzip'],
  ...['If-Match: "x"', 'Range: bytes=0-1', 'Cache-Control: no-cache', 'Expect: 100-continue', 'Via: 1.1 x'],
]

describe.each(engineNames)('trailers [%s]', (engine) => {
  test('those of a request that announces them reach the node, each as it came', async () => {
    await using node = await testNode('a')
    const seen = trailersSeen(node)
    const dead = await deadNode()
    await using lb = await testBalancer({ engine, nodes: [dead, node], policy: ([first]) => first })
    await using client = new RawClient(lb.port)
    const trailers = 'X-Sum: 42\r\nx-sum: 43\r\nX-Odd: caf\xe9\r\n'
    for (let i = 1; i <= 2; i++) {
      client.send(`${head('Trailer: X-Sum\r\nTrailer: Host\r\n')}4\r\nbody\r\n3;ext=1\r\n-go\r\n0\r\n${trailers}\r\n`)
      await expect.poll(() => client.received.match(/HTTP\/1\.1 200/g)?.length).toBe(i)
    }
    expect(seen).toEqual(Array(2).fill(['X-Sum', '42', 'x-sum', '43', 'X-Odd', 'caf\xe9']))
    expect(node.seen.map(({ body, headers }) => [body, headers.trailer])).toEqual(Array(2).fill(['body-go', 'X-Sum']))
    expect(lb.done.map(({ attempts }) => attempts)).toEqual([2, 2])
    expect(node.sockets.size).toBe(1)
  })

  test('those that would frame, route, authenticate or forge are left out', async () => {
    await using node = await testNode('a')
    const seen = trailersSeen(node)
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port)
    const announced = 'Connection: X-Hop\r\nTrailer: X-Sum, X-Hop, Cookie\r\n'
    client.send(`${head(announced)}4\r\nbody\r\n0\r\n${[...forbidden, 'X-Hop: 1', 'X-Sum: 42'].join('\r\n')}\r\n\r\n`)
    await expect.poll(() => client.status).toBe(200)
    expect(seen).toEqual([['X-Sum', '42']])
    expect(node.seen[0]).toMatchObject({ body: 'body', headers: { host: 'x', trailer: 'X-Sum' } })
  })

  test.each(['', 'Trailer: Host, ,\r\n'])(
    'without an announcement of any that may pass (%j) none does',
    async (announced) => {
      await using node = await testNode('a')
      const seen = trailersSeen(node)
      await using lb = await testBalancer({ engine, nodes: [node] })
      await using client = new RawClient(lb.port)
      client.send(`${head(announced)}4\r\nbody\r\n0\r\nX-Sum: 42\r\nHost: evil\r\n\r\n`)
      await expect.poll(() => client.status).toBe(200)
      expect(seen).toEqual([[]])
      expect(node.seen[0]?.body).toBe('body')
      expect(node.seen[0]?.headers).not.toHaveProperty('trailer')
    },
  )

  test('a body of no chunks may have them too, and one with a declared length has none', async () => {
    await using node = await testNode('a')
    const seen = trailersSeen(node)
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port)
    client.send(`${head('Trailer: X-Sum\r\n')}0\r\nX-Sum: 0\r\n\r\n`)
    await expect.poll(() => seen.length).toBe(1)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTrailer: X-Sum\r\nContent-Length: 4\r\n\r\nbody')
    await expect.poll(() => seen.length).toBe(2)
    expect(seen).toEqual([['X-Sum', '0'], []])
    expect(node.seen[1]?.headers).toMatchObject({ 'content-length': '4' })
    expect(node.seen[1]?.headers).not.toHaveProperty('trailer')
  })

  test('an upload with trailers that breaks off is an abort to the node, never a whole body', async () => {
    await using node = await rawNode('a', () => {})
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send(`${head('Trailer: X-Sum\r\n')}4\r\nbody\r\n`)
    await expect.poll(() => node.received[0]).toContain('body')
    client.socket.destroy()
    await expect.poll(() => node.sockets.size).toBe(0)
    expect(node.received[0]).not.toMatch(/\r\n0\r\n/)
    expect(lb.done).toMatchObject([{ termination: 'client_left' }])
  })

  test.each([{}, { 'content-length': 4 }])('those of an HTTP/2 request reach the node (%j)', async (more) => {
    await using node = await testNode('a')
    const seen = trailersSeen(node)
    await using lb = await testBalancer({ engine, nodes: [node], front: { tls: certificate('trailers') } })
    const session = connectHttp2(lb.url, { rejectUnauthorized: false })
    try {
      const stream = session.request(
        { ':method': 'POST', ':path': '/', trailer: 'x-sum', ...more },
        { waitForTrailers: true },
      )
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42', cookie: 'a=1' }))
      let body = ''
      stream.on('data', (chunk) => {
        body += chunk
      })
      stream.end('body')
      await expect.poll(() => body).toBe('a')
      expect(seen).toEqual([['x-sum', '42']])
      expect(node.seen[0]).toMatchObject({
        body: 'body',
        headers: { trailer: 'x-sum', 'transfer-encoding': 'chunked' },
      })
    } finally {
      session.destroy()
    }
  })

  test('those of a response pass too, but for the forbidden', async () => {
    await using node = await rawNode('a', (socket, text) => {
      if (!text.includes('\r\n\r\n')) return
      const trailers = ['X-Sum: 42', 'Set-Cookie: planted=1', 'Location: /x'].join('\r\n')
      const headers = 'Trailer: X-Sum, Set-Cookie\r\nTransfer-Encoding: chunked\r\n'
      socket.write(`HTTP/1.1 200 OK\r\n${headers}\r\n2\r\nok\r\n0\r\n${trailers}\r\n\r\n`)
    })
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => client.received).toMatch(/\r\n0\r\nX-Sum: 42\r\n\r\n$/)
    expect(client.received).toContain('Trailer: X-Sum\r\n')
    expect(client.received).not.toMatch(/planted|Location/)
  })
})
