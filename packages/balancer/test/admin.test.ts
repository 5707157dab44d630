import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { controlOf, createAdmin } from '../src/index.ts'
import { secret, type TestBalancer, testBalancer } from './support/balancer.ts'
import { ask, askInTurn, RawClient } from './support/client.ts'
import { holds } from './support/held.ts'
import { testNodes } from './support/node.ts'

/** The admin API of a balancer on a free port. */
async function adminOf(lb: TestBalancer, token?: string): Promise<{ url: string } & AsyncDisposable> {
  const server = createAdmin(controlOf(lb.balancer), { token, about: () => ({ mode: 'test' }) })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('the list has the columns of a statistics page', async () => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ nodes, health: { intervalMs: 50 } })
  await using admin = await adminOf(lb)
  await ask(lb.url)
  const list = JSON.parse((await ask(`${admin.url}/upstreams`)).body)
  expect(list).toMatchObject([
    { name: 'a', url: nodes[0]?.url, state: 'up', weight: 1, inFlight: 0, requests: 1, status2xx: 1, bytesOut: 1 },
    { name: 'b', requests: 0, redispatches: 0, p50: 0, lastCheck: { ok: true, detail: 'status 200' } },
  ])
  expect(list[0].p99).toBeGreaterThan(0)
  expect(JSON.parse((await ask(admin.url)).body)).toEqual({ mode: 'test' })
})

test('upstreams are added, drained, weighed and removed at run time', async () => {
  await using nodes = await testNodes(3)
  await using lb = await testBalancer({ nodes: nodes.slice(0, 1) })
  await using admin = await adminOf(lb)
  const send = (method: string, path: string, body?: object) =>
    ask(admin.url + path, { method, ...(body && { body: JSON.stringify(body) }) })
  const added = await send('POST', '/upstreams', { name: 'b', url: nodes[1]?.url, weight: 3 })
  expect(added.status).toBe(201)
  expect(JSON.parse(added.body)).toMatchObject({ name: 'b', weight: 3, state: 'up' })
  expect((await send('POST', '/upstreams', { name: 'b', url: nodes[1]?.url })).status).toBe(409)
  expect(JSON.parse((await send('PATCH', '/upstreams/a', { state: 'drain' })).body)).toMatchObject({
    state: 'draining',
  })
  expect((await ask(lb.url)).body).toBe('b')
  expect(JSON.parse((await send('PATCH', '/upstreams/a', { state: 'ready', weight: 0 })).body)).toMatchObject({
    weight: 0,
  })
  expect((await send('DELETE', '/upstreams/b')).status).toBe(204)
  expect((await send('DELETE', '/upstreams/b')).status).toBe(404)
  expect((await ask(lb.url)).status).toBe(503)
})

test('a graceful removal waits for what is in flight, a forced one cuts it', async () => {
  await using nodes = await testNodes(2)
  const release: (() => void)[] = []
  for (const node of nodes) node.early = (_, res) => release.push(() => res.end('late')) > 0
  await using lb = await testBalancer({ nodes })
  await using admin = await adminOf(lb)
  const [one, two] = [ask(lb.url), ask(lb.url)]
  await expect.poll(() => release).toHaveLength(2)
  const removed = ask(`${admin.url}/upstreams/a`, { method: 'DELETE' })
  await expect.poll(() => lb.balancer.pool.get('a')?.state).toBe('leaving')
  expect((await ask(`${admin.url}/upstreams/b?force=true`, { method: 'DELETE' })).status).toBe(204)
  for (const answer of release) answer()
  expect((await removed).status).toBe(204)
  const statuses = (await Promise.all([one, two])).map((answer) => answer.status)
  expect(statuses.toSorted()).toEqual([200, 502])
})

test('nobody is sent to a node that was added before its first check has passed', async () => {
  await using nodes = await testNodes(2)
  const [, b] = nodes
  const checks: (() => void)[] = []
  b?.server.prependListener('request', (req, res) => {
    if (req.url === '/slow-check') checks.push(() => res.end())
  })
  if (b) b.early = (req) => req.url === '/slow-check'
  const health = { path: '/slow-check', timeoutMs: 60_000 }
  await using lb = await testBalancer({ nodes: nodes.slice(0, 1), health, slowStartMs: 60_000, random: () => 0.5 })
  const added = lb.balancer.add({ name: 'b', url: b?.url ?? '' })
  await expect.poll(() => checks).toHaveLength(1)
  expect(await askInTurn(lb.url, 3)).toEqual(['a', 'a', 'a'])
  for (const check of checks) check()
  await added
  // It does not ramp up: it has not been away.
  expect(new Set(await askInTurn(lb.url, 4))).toEqual(new Set(['a', 'b']))
  expect(lb.balancer.pool.get('b')).toMatchObject({ state: 'up', stats: { downs: 0 } })
})

test('where nobody checks, as in a worker, a node has been added whatever comes right behind', async () => {
  await using nodes = await testNodes(1)
  await using lb = await testBalancer({ nodes: [] })
  const added = lb.balancer.add({ name: 'a', url: nodes[0]?.url ?? '' })
  await Promise.all([expect(added).resolves.toMatchObject({ name: 'a' }), lb.balancer.remove('a', { force: true })])
  expect(lb.balancer.pool.all).toEqual([])
})

test('a node that fails its first check is added as down, and says why', async () => {
  await using nodes = await testNodes(2)
  const [, b] = nodes
  if (b) b.ready = false
  await using lb = await testBalancer({ nodes: nodes.slice(0, 1), health: {} })
  await lb.balancer.add({ name: 'b', url: b?.url ?? '' })
  expect(lb.states.map(({ name, state, reason }) => `${name} ${state}: ${reason}`)).toEqual([
    'b added: added',
    'b down: 1 checks failed: status 503',
  ])
  expect(await askInTurn(lb.url, 2)).toEqual(['a', 'a'])
})

test('two removals of one node are one: whoever takes its name next stays', async () => {
  await using nodes = await testNodes(2)
  const [a, b] = nodes
  if (a) a.early = () => true
  await using lb = await testBalancer({ nodes: nodes.slice(0, 1) })
  const cut = ask(lb.url)
  await expect.poll(() => lb.balancer.pool.get('a')?.inFlight).toBe(1)
  const patient = lb.balancer.remove('a', { timeoutMs: 60_000 })
  await lb.balancer.remove('a', { force: true })
  await lb.balancer.add({ name: 'a', url: b?.url ?? '' })
  await patient
  expect((await cut).status).toBe(502)
  expect((await ask(lb.url)).body).toBe('b')
  const told = lb.states.map(({ state, reason }) => `${state}: ${reason}`)
  expect(told).toEqual(['leaving: is being removed', 'removed: by force', 'added: added'])
})

test('a removal that could not wait any longer says so, and its WebSockets are closed', async () => {
  await using nodes = await testNodes(1)
  const ends: string[] = []
  nodes[0]?.server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.resume().once('end', () => ends.push('node'))
  })
  await using lb = await testBalancer({ nodes })
  await using client = new RawClient(lb.port)
  client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await expect.poll(() => client.status).toBe(101)
  await lb.balancer.remove('a', { timeoutMs: 50 })
  await expect.poll(() => [client.closed, ...ends]).toEqual([true, 'node'])
  expect(lb.done).toMatchObject([{ status: 101, termination: 'balancer_closed' }])
  expect(lb.states.at(-1)).toMatchObject({ state: 'removed', reason: 'not drained within 50 ms' })
})

test('a balancer whose nodes are merely full is ready', async () => {
  await using nodes = await testNodes(1)
  const [slow] = nodes.map(holds)
  await using lb = await testBalancer({ nodes, maxInFlight: 1 })
  await using admin = await adminOf(lb)
  const ready = async () => (await ask(`${admin.url}/readyz`)).status
  const held = ask(`${lb.url}/slow`)
  await expect.poll(() => slow?.held).toHaveLength(1)
  expect(await ready()).toBe(200)
  lb.balancer.update('a', { mode: 'drain' })
  expect(await ready()).toBe(503)
  slow?.release()
  await held
})

test.each(['//', '//upstreams', '///etc'])('GET %s is nothing that there is, and does no harm', async (path) => {
  await using lb = await testBalancer({ nodes: [] })
  await using admin = await adminOf(lb)
  await using client = new RawClient(Number(new URL(admin.url).port))
  client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await expect.poll(() => client.status).toBe(404)
  expect((await ask(`${admin.url}/livez`)).status).toBe(200)
})

const bad: [string, string, string, number][] = [
  ['POST', '/upstreams', '{', 400],
  ['POST', '/upstreams', '[]', 400],
  ['POST', '/upstreams', '{"name":"x"}', 400],
  ['POST', '/upstreams', '{"name":"../x","url":"http://x"}', 400],
  ['POST', '/upstreams', '{"name":"x","url":"file:///etc/passwd"}', 400],
  ['POST', '/upstreams', '{"name":"x","url":"http://x","colour":1}', 400],
  ['POST', '/upstreams', `{"name":"${'x'.repeat(70_000)}"}`, 400],
  ['PATCH', '/upstreams/a', '{}', 400],
  ['PATCH', '/upstreams/a', '{"state":"dead"}', 400],
  ['PATCH', '/upstreams/a', '{"weight":-1}', 400],
  ['PATCH', '/upstreams/a', '{"weight":1.5}', 400],
  ['PATCH', '/upstreams/nobody', '{"weight":1}', 404],
  ['PATCH', '/upstreams/%FF', '{"weight":1}', 400],
  ['PATCH', '/upstreams/a', 'null', 400],
  ['PATCH', '/upstreams/a', '"drain"', 400],
  ['PATCH', '/upstreams/a', '{"weight":null}', 400],
  ['PATCH', '/upstreams/a', '{"weight":"5"}', 400],
  ['PATCH', '/upstreams/a', '{"state":null}', 400],
  ['PATCH', '/upstreams/a', '{"__proto__":{"state":"drain"}}', 400],
  ['PATCH', '/upstreams/a', '{"state":"drain","wieght":2}', 400],
  ['DELETE', '/upstreams/a?timeoutMs=never', '', 400],
  ['DELETE', '/upstreams/a?timeoutMs=', '', 400],
  ['DELETE', '/upstreams/a?timeoutMs=-1', '', 400],
  ['DELETE', '/upstreams/a?timeoutMs=1e9', '', 400],
  ['DELETE', '/upstreams/a?timeout=5', '', 400],
  ['DELETE', '/upstreams/a?force=1', '', 400],
  ['PUT', '/upstreams', '', 405],
  ['HEAD', '/nothing', '', 404],
  ['PUT', '/upstreams/a', '', 405],
  ['GET', '/nothing', '', 404],
]

test.each(bad)('%s %s %s is answered %i', async (method, path, body, status) => {
  await using nodes = await testNodes(1)
  await using lb = await testBalancer({ nodes })
  await using admin = await adminOf(lb)
  const answer = await ask(admin.url + path, { method, body })
  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toBe('application/problem+json')
  expect(lb.balancer.pool.get('a')).toMatchObject({ state: 'up', weight: 1 })
  if (method !== 'HEAD') expect(JSON.parse(answer.body).detail).toEqual(expect.any(String))
})

describe('who may ask', () => {
  test('with a token everyone needs it, but for the probes', async () => {
    await using lb = await testBalancer({ nodes: [] })
    await using admin = await adminOf(lb, 'the right token')
    const status = async (headers: http.OutgoingHttpHeaders, path = '/upstreams', method = 'GET') =>
      (await ask(admin.url + path, { headers, method })).status
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer the wrong token' })).toBe(401)
    expect(await status({ authorization: 'Bearer the right token' })).toBe(200)
    expect(await status({ authorization: 'Bearer the right token', host: 'balancer:8001' })).toBe(200)
    expect(await status({}, '/livez')).toBe(200)
    expect(await status({}, '/readyz')).toBe(503)
    expect(await status({}, '/livez?from=probe', 'HEAD')).toBe(200)
    expect(await status({}, '/livez', 'POST')).toBe(401)
  })

  test('without one, only loopback names and no foreign pages', async () => {
    await using lb = await testBalancer({ nodes: [] })
    await using admin = await adminOf(lb)
    const status = async (headers: http.OutgoingHttpHeaders) =>
      (await ask(`${admin.url}/upstreams`, { headers })).status
    expect(await status({ host: 'localhost:8001' })).toBe(200)
    expect(await status({ host: 'evil.example' })).toBe(403)
    expect(await status({ host: '127.0.0.1.evil.example' })).toBe(403)
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    expect(await status({ origin: 'http://localhost:3000' })).toBe(200)
  })
})

test('events tell each decision with its reason, and how the request ended', async () => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ nodes, affinity: { secret } })
  await using admin = await adminOf(lb)
  let text = ''
  const stream = http.get(`${admin.url}/events`, (response) => {
    response.on('error', () => {})
    response.on('data', (chunk) => {
      text += chunk
    })
  })
  stream.on('error', () => {})
  await expect.poll(() => text).toContain('\n\n')
  const answer = await ask(`${lb.url}/x?y=1`)
  lb.balancer.update('b', { mode: 'drain' })
  const events = () =>
    [...text.matchAll(/event: (\w+)\ndata: (.+)\n\n/g)].map(([, name, data = '']) => ({ name, ...JSON.parse(data) }))
  await expect.poll(events).toHaveLength(3)
  const told = { requestId: answer.headers['x-request-id'], at: expect.any(Number), method: 'GET', path: '/x?y=1' }
  expect(events()).toEqual([
    {
      ...{ name: 'decision', ...told, upstream: 'a', attempt: 1, reason: 'picked' },
      steps: [{ key: 'affinity.none' }, { key: 'pick.picked', upstream: 'a', policy: 'round-robin' }],
    },
    { name: 'done', ...told, upstream: 'a', status: 200, ms: expect.any(Number), attempts: 1, termination: 'ok' },
    { name: 'b', at: expect.any(Number), state: 'draining', reason: 'set to drain' },
  ])
  stream.destroy()
  await expect.poll(() => lb.balancer.load.active).toBe(0)
})

test('metrics are Prometheus text: help and type once a family, every sample a number', async () => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ nodes })
  await using admin = await adminOf(lb)
  for (let i = 0; i < 4; i++) await ask(lb.url)
  const answer = await ask(`${admin.url}/metrics`)
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = answer.body.trimEnd().split('\n')
  const families = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2])
  expect(new Set(families).size).toBe(families.length)
  for (const line of lines.filter((line) => !line.startsWith('#'))) {
    expect(line).toMatch(/^balancer_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [\d.e+-]+$/)
  }
  expect(lines).toContain('balancer_upstream_requests_total{upstream="a"} 2')
  expect(lines).toContain('balancer_upstream_responses_total{upstream="b",class="2xx"} 2')
  expect(lines).toContain('balancer_requests_total{termination="ok"} 4')
  expect(families).toContain('balancer_upstream_latency_seconds')
  const latency = lines.filter((line) => line.startsWith('balancer_upstream_latency_seconds_bucket{upstream="a"'))
  const counts = latency.map((line) => Number(line.split(' ')[1]))
  expect(counts).toEqual(counts.toSorted((one, other) => one - other))
  expect(latency.at(-1)).toBe('balancer_upstream_latency_seconds_bucket{upstream="a",le="+Inf"} 2')
  expect(lines).toContain('balancer_upstream_latency_seconds_count{upstream="a"} 2')
  expect(lines).not.toContainEqual(expect.stringMatching(/^balancer_workers/))
})

test('the request id is the balancer’s, and the token shows nodes that it is', async () => {
  await using nodes = await testNodes(1)
  await using lb = await testBalancer({ nodes, token: 'between us' })
  await using plain = await testBalancer({ nodes })
  const headers = { 'x-request-id': 'forged', 'x-balancer-token': 'forged' }
  const answer = await ask(lb.url, { headers })
  await ask(plain.url, { headers })
  expect(nodes[0]?.seen[0]?.headers['x-request-id']).toBe(answer.headers['x-request-id'])
  expect(nodes[0]?.seen[0]?.headers['x-balancer-token']).toBe('between us')
  expect(nodes[0]?.seen[1]?.headers).not.toHaveProperty('x-balancer-token')
  expect(nodes[0]?.seen[1]?.headers['x-request-id']).not.toBe('forged')
})

test('the application’s route suffix is followed, and an unknown one is repicked', async () => {
  const { routeSuffixAffinity } = await import('../src/index.ts')
  await using nodes = await testNodes(3)
  await using lb = await testBalancer({ nodes, affinity: routeSuffixAffinity() })
  const to = async (cookie: string) => ask(lb.url, { headers: { cookie } })
  for (const name of ['c', 'a', 'b']) expect((await to(`x=1; JSESSIONID=0123.4567.${name}`)).body).toBe(name)
  const elsewhere = await to('JSESSIONID=0123.nobody')
  expect(elsewhere.status).toBe(200)
  expect(elsewhere.headers['set-cookie']).toBeUndefined()
  expect(nodes.flatMap((node) => node.seen).every((seen) => seen.headers.cookie?.includes('JSESSIONID'))).toBe(true)
})
