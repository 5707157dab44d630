import { once } from 'node:events'
import { connect as connect2, type OutgoingHttpHeaders } from 'node:http2'
import { expect, test } from 'vitest'
import { type AccessEntry, controlOf } from '../src/index.ts'
import { testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { ask, RawClient } from './support/client.ts'
import { deadNode, testNode } from './support/node.ts'

const head = 'GET /x HTTP/1.1\r\nHost: x\r\n'

/** A balancer, and its access log in short. */
async function counting(options: Partial<Parameters<typeof testBalancer>[0]> = {}) {
  const log: AccessEntry[] = []
  const lb = await testBalancer({ nodes: [], ...options, accessLog: (entry) => log.push(entry) })
  const ends = () => Object.fromEntries(lb.balancer.totals.byTermination)
  return Object.assign(lb, {
    log: () => log.map(({ method, path, status, flags }) => `${method} ${path} ${status} ${flags}`),
    entries: log,
    ends,
  })
}

test.each([
  ['an expectation that nobody meets', `${head}Expect: a miracle\r\n\r\n`, 'GET /x 417 PR'],
  ['a CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', 'CONNECT x:1 405 PR'],
  ['a TRACE', 'TRACE /x HTTP/1.1\r\nHost: x\r\n\r\n', 'TRACE /x 405 PR'],
  ['bytes that are not HTTP', 'hello\r\n\r\n', '- - 400 PR'],
  ['too large headers', `${head}X: ${'x'.repeat(20_000)}\r\n\r\n`, '- - 431 PR'],
])('%s is counted and logged, once', async (_, text, line) => {
  await using lb = await counting()
  await using client = new RawClient(lb.port).send(text)
  await expect.poll(() => client.closed).toBe(true)
  expect(client.status).toBe(Number(line.split(' ')[2]))
  expect(lb.log()).toEqual([line])
  expect(lb.entries[0]).toMatchObject({ client: '127.0.0.1', termination: 'bad_request', attempts: 0 })
  expect(lb.ends()).toEqual({ bad_request: 1 })
  expect(await controlOf(lb.balancer).metrics()).toContain('balancer_requests_total{termination="bad_request"} 1\n')
})

test('headers that do not come in time are counted, a connection that says nothing or leaves is not', async () => {
  await using lb = await counting({ front: { headersTimeoutMs: 300 } })
  await using left = new RawClient(lb.port).send('GET / HT')
  left.socket.end()
  await using silent = new RawClient(lb.port)
  await using slow = new RawClient(lb.port).send('GET / HT')
  await expect.poll(() => [left.closed, silent.closed, slow.closed]).toEqual([true, true, true])
  expect(slow.status).toBe(408)
  expect(lb.log()).toEqual(['- - 408 cR'])
})

test('nonsense amid a request ends it; behind one it is refused when that has been answered', async () => {
  await using node = await testNode('a')
  await using lb = await counting({ nodes: [node] })
  await using amid = new RawClient(lb.port).send(
    'POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  )
  await expect.poll(() => amid.closed).toBe(true)
  await using behind = new RawClient(lb.port).send(`${head}\r\nhello\r\n\r\n`)
  await expect.poll(() => behind.closed).toBe(true)
  expect(lb.log()).toEqual(['POST /x 400 PR', 'GET /x 200 --', '- - 400 PR'])
})

test('what is refused over HTTP/2 is counted too', async () => {
  await using lb = await counting({ front: { tls: certificate('counted') } })
  const session = connect2(lb.url, { rejectUnauthorized: false })
  try {
    const status = async (headers: OutgoingHttpHeaders) => {
      const stream = session.request(headers)
      stream.on('error', () => {})
      const [answer] = (await once(stream, 'response')) as [OutgoingHttpHeaders]
      stream.resume()
      return answer[':status']
    }
    expect(await status({ ':path': '/x', expect: 'a miracle' })).toBe(417)
    expect(await status({ ':path': '/x', big: 'x'.repeat(20_000) })).toBe(431)
    expect(await status({ ':method': 'CONNECT', ':authority': 'x:1' })).toBe(405)
  } finally {
    session.destroy()
  }
  expect(lb.log()).toEqual(['GET /x 417 PR', 'GET /x 431 PR', expect.stringMatching(/^CONNECT .* 405 PR$/)])
  expect(lb.ends()).toEqual({ bad_request: 3 })
})

test('the ends are as many as the requests, each by its name, and so are the answers of the nodes', async () => {
  await using node = await testNode('a')
  node.early = (req, res) => {
    if (req.url === '/dies') res.socket?.destroy()
    else if (req.url === '/aborts')
      res.writeHead(200, { 'Content-Length': 9 }).write('half', () => res.socket?.destroy())
    else if (req.url === '/hangs') return true
    else return false
    return true
  }
  const bounds = { headersTimeoutMs: 300 }
  await using lb = await counting({ nodes: [node], timeouts: bounds, passive: { failures: 0 } })
  const settled = await Promise.allSettled([
    ...Array.from({ length: 5 }, () => ask(lb.url)),
    ...Array.from({ length: 3 }, () => ask(`${lb.url}/dies`, { method: 'POST', body: 'x' })),
    ...Array.from({ length: 2 }, () => ask(`${lb.url}/aborts`)),
    ...Array.from({ length: 2 }, () => ask(`${lb.url}/hangs`)),
    ...Array.from({ length: 4 }, () => ask(lb.url, { method: 'TRACE' })),
  ])
  await using left = new RawClient(lb.port).send('GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(() => lb.balancer.load.active).toBe(1)
  left.socket.destroy()
  await expect.poll(() => lb.balancer.load.active).toBe(0)
  const ends = { ok: 5, upstream_died: 3, upstream_aborted: 2, headers_timeout: 2, bad_request: 4, client_left: 1 }
  expect(settled).toHaveLength(16)
  expect(lb.ends()).toEqual(ends)
  expect(lb.balancer.totals.requests).toBe(17)
  expect(lb.done).toHaveLength(17)
  expect(lb.balancer.pool.get('a')).toMatchObject({ inFlight: 0 })
  const stats = { requests: 13, status2xx: 7, responseErrors: 7, connectErrors: 0, clientAborts: 1, redispatches: 0 }
  expect(lb.balancer.pool.get('a')?.stats).toMatchObject(stats)
  expect(lb.balancer.pool.get('a')?.stats.latency.count).toBe(7)
})

test('a switch of protocols is an answer like any other: it has its latency', async () => {
  await using node = await testNode('a')
  node.server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  await using lb = await counting({ nodes: [await deadNode(), node], policy: (available) => available[0] })
  await using client = new RawClient(lb.port).send(`${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  await expect.poll(() => client.status).toBe(101)
  expect(lb.balancer.pool.get('a')?.stats.latency.count).toBe(1)
})
