import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import type { NodeEvent } from '@session-cluster/contract'
import { expect, it } from 'vitest'
import { testNode } from './test-node.ts'

const TOKEN = 'balancer-token'

function eventsOf(node: Awaited<ReturnType<typeof testNode>>): NodeEvent[] {
  const events: NodeEvent[] = []
  node.parts.activity.on('request', (event) => events.push(event))
  return events
}

it('reports each request with the balancer’s id and what became of the session', async () => {
  await using node = await testNode({ NODE_NAME: 'b', BALANCER_TOKEN: TOKEN })
  const events = eventsOf(node)
  const client = node.client()
  await client.get('/set?q=secret', { 'x-request-id': 'r1', 'x-balancer-token': TOKEN })
  await client.get('/get', { 'x-request-id': 'r2', 'x-balancer-token': TOKEN })
  await client.get('/work?ms=0')
  expect(events).toMatchObject([
    {
      requestId: 'r1',
      node: 'b',
      method: 'GET',
      path: '/set',
      status: 200,
      session: { cookie: 'absent', outcome: 'created', commit: 'ok' },
    },
    { requestId: 'r2', path: '/get', status: 200, session: { cookie: 'present', outcome: 'found' } },
    { path: '/work', session: { cookie: 'present', outcome: 'untouched', storeCommands: 0, storeRoundTrips: 0 } },
  ])
  expect(node.parts.activity).toMatchObject({
    inFlight: 0,
    totals: { requests: 3, statuses: { '2xx': 3 }, outcomes: { created: 1, found: 1, untouched: 1 } },
  })
})

it('believes no request id that comes without the token', async () => {
  await using node = await testNode({ BALANCER_TOKEN: TOKEN })
  const events = eventsOf(node)
  await node.client().get('/get', { 'x-request-id': 'forged' })
  expect(events[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/)
})

it('leaves probes out', async () => {
  await using node = await testNode()
  const events = eventsOf(node)
  await node.client().get('/livez')
  await node.client().get('/readyz')
  await node.client().get('/get')
  expect(events.map(({ path }) => path)).toEqual(['/get'])
})

it('writes neither ids nor values nor queries to events and logs', async () => {
  await using node = await testNode({ NODE_NAME: 'b' })
  const events = eventsOf(node)
  const client = node.client()
  await client.get('/set?q=tops3cret')
  const ids = [client.jar.get('JSESSIONID') ?? '']
  await client.post('/login?user=alice')
  ids.push(client.jar.get('JSESSIONID') ?? '')
  await client.get('/get')
  await client.get('/nowhere?x=tops3cret')
  await client.post('/logout')
  await node.client(new Map([['JSESSIONID', 'F'.repeat(24)]])).get('/get')
  const written = [...node.log, JSON.stringify(events)].join('\n')
  expect(new Set(ids).size).toBe(2)
  for (const secret of [...ids, 'F'.repeat(24), 'tops3cret']) expect(written).not.toContain(secret)
  const lines = node.log.map((line) => JSON.parse(line))
  expect(new Set(lines.map((line) => line.node))).toEqual(new Set(['b']))
  expect(lines.map((line) => line.msg)).toEqual(
    expect.arrayContaining(['session created', 'session rotated', 'session ended', 'answered']),
  )
})

it('counts a client that left before the answer as 499, and as no longer in flight', async () => {
  await using node = await testNode()
  const events = eventsOf(node)
  await node.app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((node.app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST /slow-set?q=1&ms=300 HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(() => node.parts.activity.inFlight).toBe(1)
  socket.destroy()
  await expect.poll(() => events.map(({ status }) => status)).toEqual([499])
  expect(node.parts.activity.inFlight).toBe(0)
})

it.each([
  ['a header of 100 KB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
  ['a value of 1 MB in the query', `GET /set?q=${'x'.repeat(1_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
  ['what is not HTTP', 'hello\r\n\r\n', 400],
  [
    'both Content-Length and Transfer-Encoding',
    'POST /counter HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
])('answers %s on the bare socket, names the node and hangs up', async (_what, bytes, status) => {
  await using node = await testNode({ NODE_NAME: 'b' })
  await node.app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((node.app.server.address() as AddressInfo).port, '127.0.0.1')
  let text = ''
  socket
    .setEncoding('utf8')
    .on('data', (part: string) => {
      text += part
    })
    .on('error', () => undefined)
  socket.write(bytes)
  await once(socket, 'close')
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(text).toContain('x-served-by: b')
})
