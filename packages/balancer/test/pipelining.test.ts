import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { testBalancer } from './support/balancer.ts'
import { ask, RawClient } from './support/client.ts'
import { inTurns } from './support/in-turns.ts'
import { testNode } from './support/node.ts'

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
const webSocket =
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2V5\r\n'

/** A node that holds back its answer to /held until it is let go; it breaks off /broken amid its answer. */
async function heldNode() {
  const node = await testNode('a')
  const held = Promise.withResolvers<ServerResponse>()
  node.handler = (req, res) => {
    if (req.url === '/held') return held.resolve(res)
    if (req.url !== '/broken') return res.end(`answer to ${req.url}\n`)
    res.writeHead(200, { 'Content-Length': 100 }).write('half', () => req.socket.destroy())
  }
  return Object.assign(node, { held: held.promise })
}

describe('several requests on one connection, before the first is answered', () => {
  test('one whose answer breaks off ends the connection in its turn: the answers before it are whole', async () => {
    await using node = await heldNode()
    await using lb = await testBalancer({ nodes: [node] })
    const requests = ['/held', '/x', '/broken', '/y'].map((path) => get(path)).join('')
    await using client = new RawClient(lb.port).send(requests)
    await expect.poll(() => lb.done.map(({ termination }) => termination)).toContain('upstream_aborted')
    ;(await node.held).end('answer to /held\n')
    await expect.poll(() => client.closed).toBe(true)
    expect(client.received.match(/answer to \S+|half/g)).toEqual(['answer to /held', 'answer to /x'])
    await expect.poll(() => lb.balancer.load.active).toBe(0)
    expect(lb.done).toHaveLength(4)
  })

  test('a client that leaves ends all of them, also those whose answers waited', async () => {
    await using node = await heldNode()
    await using lb = await testBalancer({ nodes: [node] })
    const client = new RawClient(lb.port).send(
      get('/held') + get('/x') + get('/y') + get('/nobody', 'Expect: nonsense\r\n') + get('/late'),
    )
    await expect.poll(() => node.seen.map(({ url }) => url).toSorted()).toEqual(['/held', '/x', '/y'])
    // What comes behind an answer that closes the connection goes to no node.
    await expect.poll(() => lb.done).toMatchObject([{ path: '/nobody', status: 417 }])
    await client[Symbol.asyncDispose]()
    await expect.poll(() => lb.balancer.load.active).toBe(0)
    expect(node.seen).toHaveLength(3)
    expect(lb.done.map(({ termination }) => termination).toSorted()).toEqual([
      'bad_request',
      'client_left',
      'client_left_body',
      'client_left_body',
    ])
    expect(lb.balancer.pool.all.map(({ inFlight }) => inFlight)).toEqual([0])
  })

  test('an upgrade behind an answer that is not through is not one: nothing overtakes that answer', async () => {
    await using node = await heldNode()
    let upgrades = 0
    node.server.on('upgrade', (_, socket) => {
      upgrades++
      socket.end()
    })
    await using lb = await testBalancer({ nodes: [node] })
    await using client = new RawClient(lb.port).send(get('/held') + get('/socket', webSocket))
    await expect.poll(() => node.seen.map(({ url }) => url)).toEqual(['/held', '/socket'])
    ;(await node.held).end('answer to /held\n')
    await expect.poll(() => client.received.match(/answer to \S+$/gm)).toHaveLength(2)
    expect(client.received.indexOf('/held')).toBeLessThan(client.received.indexOf('/socket'))
    expect(node.seen[1]?.headers.upgrade).toBeUndefined()
    expect(upgrades).toBe(0)
  })
})

describe('requests that come before the answers to those before them', () => {
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PURGE']
  const safe = new Set(['GET', 'HEAD', 'OPTIONS'])
  const full = process.env.TEST_BUDGET === 'full'
  const request = (method: string, path: string) =>
    `${method} ${path} HTTP/1.1\r\nHost: x\r\n${safe.has(method) ? '' : 'Content-Length: 1\r\n'}\r\n${safe.has(method) ? '' : 'b'}`

  test('are served one after the other, unless all of them are safe', async () => {
    await using node = await testNode('a')
    const held = new Map<string, ServerResponse>()
    node.handler = (req, res) => void held.set(String(req.url), res)
    await using lb = await testBalancer({ nodes: [node] })
    const pairs: string[][] = methods.flatMap((first) => methods.map((second) => [first, second]))
    const orders = full ? pairs.flatMap((pair) => methods.map((third) => [...pair, third])) : pairs
    await inTurns(orders, async (order, o) => {
      const paths = order.map((_, i) => `/${o}-${i}`)
      const text = order.map((method, i) => request(method, paths[i] as string)).join('')
      await using client = new RawClient(lb.port).send(text)
      for (const [i, path] of paths.entries()) {
        // This one, and those behind it as long as all are safe, are at the node, and no other is.
        const isAllowed = (k: number) => k === i || order.slice(0, k + 1).every((method) => safe.has(method))
        const allowed = paths.filter((_, k) => k >= i && isAllowed(k))
        await expect.poll(() => allowed.filter((one) => held.has(one))).toEqual(allowed)
        expect(paths.slice(i).filter((one) => held.has(one))).toEqual(allowed)
        held.get(path)?.end(path)
      }
      await expect.poll(() => client.received.match(/HTTP\/1\.1 200/g)?.length).toBe(order.length)
    })
  })

  test('are worked on by few at a time, however many come at once', async () => {
    const held: ServerResponse[] = []
    await using node = await testNode('a')
    node.handler = (_, res) => void held.push(res)
    await using lb = await testBalancer({ nodes: [node], timeouts: { headersTimeoutMs: 60_000 } })
    await using client = new RawClient(lb.port).send(request('GET', '/').repeat(100))
    await expect.poll(() => held.length).toBe(8)
    let most = 8
    while (node.seen.length < 100) {
      held.shift()?.end('x')
      await expect.poll(() => held.length > 0 || node.seen.length === 100).toBe(true)
      most = Math.max(most, held.length)
    }
    for (const res of held) res.end('x')
    await expect.poll(() => client.received.match(/HTTP\/1\.1 200/g)?.length).toBe(100)
    expect(most).toBe(8)
  })

  test('end their connection when far too many wait for their answers', async () => {
    await using node = await testNode('a')
    node.handler = () => {}
    await using lb = await testBalancer({ nodes: [node] })
    await using client = new RawClient(lb.port).send(request('GET', '/').repeat(1100))
    await expect.poll(() => client.closed).toBe(true)
    await expect.poll(() => lb.balancer.load.active).toBe(0)
    expect(node.seen.length).toBeLessThanOrEqual(8)
  })

  test('go to no node when the answer before them closes the connection', async () => {
    await using node = await testNode('a')
    node.handler = (_, res) => res.writeHead(200, { 'Content-Length': 2 }).end('ok')
    await using lb = await testBalancer({ nodes: [node] })
    const closing = 'POST /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\na'
    await using client = new RawClient(lb.port).send(closing + request('POST', '/2'))
    await expect.poll(() => client.closed).toBe(true)
    expect(node.seen.map(({ url }) => url)).toEqual(['/1'])
    expect(client.received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
  })

  const executed = {
    'a POST that closes': 'POST /done HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
    'a POST': 'POST /done HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc',
    'a POST in chunks': 'POST /done HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    'a GET of HTTP/1.0': 'GET /done HTTP/1.0\r\nHost: x\r\n\r\n',
    'a GET': 'GET /done HTTP/1.1\r\nHost: x\r\n\r\n',
  }
  const behind = {
    'a byte': 'X',
    garbage: '\0\x01\xff garbage\r\n\r\n',
    'a wrong version': 'GET /next HTTP/1.7\r\nHost: x\r\n\r\n',
    'a large head': `GET /next HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    'half a request': 'GET /next HT',
    'a CONNECT': 'CONNECT y:443 HTTP/1.1\r\nHost: y:443\r\n\r\n',
    'a method that nobody knows': 'FOO /next HTTP/1.1\r\nHost: x\r\n\r\n',
    'an upgrade': 'GET /next HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'an expectation that nobody meets': 'POST /next HTTP/1.1\r\nHost: x\r\nExpect: more\r\nContent-Length: 1\r\n\r\na',
    'two framings':
      'POST /next HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'a broken body': 'POST /next HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'a TLS hello': '\x16\x03\x01\x02\x00\x01',
  }
  const cases = Object.entries(executed).flatMap(([first, text]) =>
    Object.keys(behind).map((then) => [first, then, text] as const),
  )

  test('what a node has executed gets that answer, whatever comes behind it', async () => {
    await inTurns(cases, async ([first, then, text]) => {
      await using node = await heldNode()
      const held = Promise.withResolvers<ServerResponse>()
      node.handler = (req, res) => (req.url === '/done' ? held.resolve(res) : res.end())
      await using lb = await testBalancer({ nodes: [node], front: { headersTimeoutMs: 300, keepAliveMs: 300 } })
      await using client = new RawClient(lb.port).send(text + behind[then as keyof typeof behind])
      const res = await held.promise
      // What comes behind has been read by now.
      await ask(lb.url)
      res.end('as executed')
      await expect.poll(() => [first, then, client.closed]).toEqual([first, then, true])
      expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*as executed/)
      expect(client.received.match(/HTTP\/1\.1 \d+/g)?.length).toBeLessThanOrEqual(2)
      expect(client.received).not.toMatch(/HTTP\/1\.1 50[0234]/)
      await expect
        .poll(() => lb.done.filter(({ path }) => path === '/done'))
        .toMatchObject([{ status: 200, termination: 'ok' }])
    })
  })
})
