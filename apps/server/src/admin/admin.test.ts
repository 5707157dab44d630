import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type TestNode, testNode } from '../test-node.ts'

const TOKEN = 'operator-token'
const BEARER = { authorization: `Bearer ${TOKEN}` }
const ask = (
  node: TestNode,
  url: string,
  method: 'GET' | 'POST' | 'DELETE' = 'GET',
  headers: Record<string, string> = {},
) => node.admin.inject({ method, url, headers: { host: 'localhost:9080', ...headers } })

describe('the admin port', () => {
  it('shows what the node is and does', async () => {
    await using node = await testNode({ NODE_NAME: 'b' })
    const client = node.client()
    await client.get('/set?q=1')
    await client.get('/get')
    expect((await ask(node, '/inspect')).json()).toMatchObject({
      node: 'b',
      mode: 'local',
      pid: process.pid,
      draining: false,
      inFlight: 0,
      sessionsHeld: 1,
      requests: 2,
      statuses: { '2xx': 2 },
      store: { commands: expect.any(Number), roundTrips: expect.any(Number), ms: expect.any(Number) },
    })
  })

  it('gives its figures to Prometheus', async () => {
    await using node = await testNode({ NODE_NAME: 'b' })
    await node.client().get('/get')
    const metrics = await ask(node, '/metrics')
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(metrics.body).toContain('session_node_requests_total{node="b",status="4xx"} 1\n')
    expect(metrics.body).toContain('session_node_outcomes_total{node="b",outcome="absent"} 1\n')
    expect(metrics.body).toMatch(/session_node_request_seconds_bucket\{node="b",le="\+Inf"\} 1\n/)
    for (const line of metrics.body.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+\{[^}]*\} [\d.e+-]+)$/)
  })

  it('sends each request as an event, and those before it to a reader who comes back', async () => {
    await using node = await testNode({ NODE_NAME: 'b' })
    await node.admin.listen({ port: 0, host: '127.0.0.1' })
    await node.client().get('/before')
    const request = get({
      port: (node.admin.server.address() as AddressInfo).port,
      host: '127.0.0.1',
      path: '/events',
      headers: { 'last-event-id': '' },
      agent: false,
    })
    const [incoming] = (await once(request, 'response')) as [IncomingMessage]
    expect([incoming.headers['content-type'], incoming.headers['x-served-by']]).toEqual(['text/event-stream', 'b'])
    let text = ''
    incoming.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    await node.client().get('/get')
    await expect.poll(() => text).toMatch(/event: request\ndata: \{.*"\/get".*\}\n\n/)
    const [before, event] = [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json))
    expect(before.path).toBe('/before')
    expect(event).toMatchObject({ node: 'b', method: 'GET', path: '/get', status: 404, session: { outcome: 'absent' } })
    request.destroy()
  })

  it('refuses a foreign page, and everyone without the token once there is one, except for the probes', async () => {
    await using open = await testNode()
    expect((await ask(open, '/inspect', 'GET', { host: 'evil.example' })).statusCode).toBe(403)
    expect((await ask(open, '/sessions/x', 'DELETE', { origin: 'http://evil.example' })).statusCode).toBe(403)
    await using closed = await testNode({ ADMIN_TOKEN: TOKEN })
    for (const path of ['/inspect', '/events', '/metrics', '/sessions', '/users/alice/sessions']) {
      const refused = await ask(closed, path)
      expect([path, refused.statusCode, refused.headers['www-authenticate']]).toEqual([path, 401, 'Bearer'])
    }
    expect((await ask(closed, '/inspect', 'GET', BEARER)).statusCode).toBe(200)
    expect((await ask(closed, '/livez')).statusCode).toBe(200)
    expect((await ask(closed, '/readyz')).statusCode).toBe(200)
  })
})

describe('an operator', () => {
  it('lists sessions by handle, sees one with its bytes, and ends it', async () => {
    await using node = await testNode()
    const client = node.client()
    await client.post('/login?user=alice')
    await client.get('/set?q=password')
    const list = await ask(node, '/sessions')
    expect(list.json()).toMatchObject({ node: 'a', sessions: [{ handle: expect.any(String), user: 'alice' }] })
    expect(list.body).not.toContain(client.jar.get('JSESSIONID'))
    const { handle } = list.json().sessions[0]
    const shown = (await ask(node, `/sessions/${handle}`)).json()
    expect(shown).toMatchObject({ handle, redisKey: null, codec: 'json' })
    expect(shown.fields).toContainEqual({
      name: 'sessionAttr:q',
      base64: Buffer.from('"password"').toString('base64'),
      text: '"password"',
      decoded: 'password',
    })
    expect((await ask(node, `/sessions/${handle}`, 'DELETE')).json()).toEqual({ node: 'a', ended: 1 })
    expect((await client.get('/get')).statusCode).toBe(404)
    expect((await ask(node, `/sessions/${handle}`, 'DELETE')).statusCode).toBe(404)
    expect((await ask(node, `/sessions/${handle}`)).statusCode).toBe(404)
  })

  it('cannot use a handle as a cookie, nor a cookie as a handle', async () => {
    await using node = await testNode()
    const client = node.client()
    await client.get('/set?q=password')
    const { handle } = (await ask(node, '/sessions')).json().sessions[0]
    expect((await node.client(new Map([['JSESSIONID', handle]])).get('/get')).statusCode).toBe(404)
    expect((await ask(node, `/sessions/${client.jar.get('JSESSIONID')}`, 'DELETE')).statusCode).toBe(404)
  })

  it('ends all sessions of a user and no others', async () => {
    await using node = await testNode()
    const [phone, laptop, bob] = [node.client(), node.client(), node.client()]
    await phone.post('/login?user=alice')
    await laptop.post('/login?user=alice')
    await bob.post('/login?user=bob')
    expect((await ask(node, '/users/alice/sessions')).json().sessions).toHaveLength(2)
    expect((await ask(node, '/users/alice/sessions', 'DELETE')).json()).toEqual({ node: 'a', ended: 2 })
    expect((await laptop.get('/whoami')).json().session).toBeNull()
    expect((await bob.get('/whoami')).json().session.user).toBe('bob')
  })

  it('does not prolong a session by looking at it', async () => {
    await using node = await testNode({ SESSION_TOUCH_EVERY_MS: '0' })
    await node.client().get('/set?q=1')
    const [before] = (await ask(node, '/sessions')).json().sessions
    await expect.poll(() => Date.now()).toBeGreaterThan(before.lastAccessedAt)
    expect((await ask(node, `/sessions/${before.handle}`)).statusCode).toBe(200)
    expect((await ask(node, '/sessions')).json().sessions[0].lastAccessedAt).toBe(before.lastAccessedAt)
  })
})

describe('faults on order', () => {
  it.each(['/crash', '/freeze?ms=1', '/slow?ms=1'])('do not exist without a token: POST %s', async (path) => {
    await using node = await testNode()
    expect((await ask(node, path, 'POST')).statusCode).toBe(404)
  })

  it('crash and freeze the node, after the answer has left', async () => {
    const harm: string[] = []
    await using node = await testNode(
      { ADMIN_TOKEN: TOKEN },
      { kill: () => harm.push('kill'), block: (ms) => harm.push(`block ${ms}`) },
    )
    expect((await ask(node, '/crash', 'POST')).statusCode).toBe(401)
    expect((await ask(node, '/freeze?ms=60001', 'POST', BEARER)).statusCode).toBe(400)
    expect(harm).toEqual([])
    expect((await ask(node, '/freeze?ms=250', 'POST', BEARER)).json()).toEqual({ node: 'a', freezeMs: 250 })
    await expect.poll(() => harm).toEqual(['block 250'])
    expect((await ask(node, '/crash', 'POST', BEARER)).statusCode).toBe(202)
    await expect.poll(() => harm).toEqual(['block 250', 'kill'])
  })

  it('slow every request but the probes down, until told otherwise', async () => {
    await using node = await testNode({ ADMIN_TOKEN: TOKEN })
    expect((await ask(node, '/slow?ms=120', 'POST', BEARER)).json()).toEqual({ node: 'a', slowMs: 120 })
    let slowed = 0
    node.parts.activity.on('request', ({ ms }) => {
      slowed = ms
    })
    await node.client().get('/get')
    // A timer may fire up to a millisecond early.
    expect(slowed).toBeGreaterThanOrEqual(118)
    const order: string[] = []
    await Promise.all([
      node
        .client()
        .get('/get')
        .then(() => order.push('/get')),
      node
        .client()
        .get('/readyz')
        .then(() => order.push('/readyz')),
    ])
    expect(order).toEqual(['/readyz', '/get'])
    await ask(node, '/slow?ms=0', 'POST', BEARER)
    expect(node.parts.faults.slowMs).toBe(0)
  })
})
