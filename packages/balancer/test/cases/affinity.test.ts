import { expect } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { affinityToken } from '../../src/affinity/token.ts'
import { inWords } from '../../src/index.ts'
import { caseOf, secret, testBalancer } from '../support/balancer.ts'
import { affinityCookie, ask } from '../support/client.ts'
import { deadNode, testNodes } from '../support/node.ts'

const affinity = { secret }

caseOf(14, 'the first response sets the cookie, the second sets none', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity })
  const first = await ask(lb.url)
  const cookie = affinityCookie(first) ?? ''
  const second = await ask(lb.url, { headers: { cookie } })
  expect(first.headers['set-cookie']).toEqual([
    expect.stringMatching(/^AFFINITY=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/i),
  ])
  expect(second.headers['set-cookie']).toBeUndefined()
  expect(second.body).toBe(first.body)
  if (lb.isOurs)
    expect(lb.decisions[1]).toMatchObject({
      reason: 'pinned',
      steps: [{ key: 'affinity.pinned', cookie: 'AFFINITY', upstream: 'a' }],
    })
})

caseOf(15, 'a garbage or forged cookie is repicked without an error', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity })
  const forged = affinityToken('another secret altogether', 'b')
  for (const value of ['', '%%%', 'b', forged, 'x'.repeat(3000), '"quoted"']) {
    const answer = await ask(lb.url, { headers: { cookie: `AFFINITY=${value}` } })
    expect(answer.status).toBe(200)
    expect(affinityCookie(answer)).toMatch(/^AFFINITY=[\w-]{22}$/)
  }
  if (lb.isOurs) expect(lb.decisions.every((decision) => decision.reason === 'picked')).toBe(true)
})

caseOf(15, 'a forged cookie beside the genuine one does not hide it', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity })
  for (const cookie of [
    `AFFINITY=bad; AFFINITY=${affinityToken(secret, 'b')}`,
    `AFFINITY=${affinityToken(secret, 'b')}; AFFINITY=bad`,
  ]) {
    const answer = await ask(lb.url, { headers: { cookie } })
    expect([answer.body, affinityCookie(answer)]).toEqual(['b', undefined])
  }
})

caseOf(16, 'a cookie for a node that nobody knows is repicked', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity })
  const answer = await ask(lb.url, { headers: { cookie: `AFFINITY=${affinityToken(secret, 'gone')}` } })
  expect(answer.status).toBe(200)
  expect(affinityCookie(answer)).toBe(`AFFINITY=${affinityToken(secret, answer.body)}`)
})

caseOf(17, 'a client whose node is down is moved and gets a new cookie', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity })
  const cookie = `AFFINITY=${affinityToken(secret, 'b')}`
  await lb.takeDown('b')
  const answer = await ask(lb.url, { headers: { cookie } })
  expect(answer.body).toBe('a')
  expect(affinityCookie(answer)).toBe(`AFFINITY=${affinityToken(secret, 'a')}`)
  if (!lb.isOurs) return
  expect(lb.decisions[0]?.steps.map(inWords)).toEqual([
    'cookie AFFINITY: pinned to b',
    'b is down',
    'repicked a by round robin',
  ])
})

caseOf(17, 'with strict affinity a client whose node is down gets a 503', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity: { secret, whenUnavailable: 'strict' } })
  await lb.takeDown('b')
  const answer = await ask(lb.url, { headers: { cookie: `AFFINITY=${affinityToken(secret, 'b')}` } })
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1', 'cache-control': 'no-store' } })
  expect(answer.headers['set-cookie']).toBeUndefined()
})

caseOf(17, 'with strict affinity a client whose node refuses is not sent on to another', async (engine) => {
  await using nodes = await testNodes(1)
  const dead = await deadNode()
  const strict = { secret, whenUnavailable: 'strict' as const }
  await using lb = await testBalancer({ engine, nodes: [dead, ...nodes], affinity: strict })
  const answer = await ask(lb.url, { headers: { cookie: `AFFINITY=${affinityToken(secret, 'dead')}` } })
  expect(answer.status).toBe(502)
  expect(answer.headers['set-cookie']).toBeUndefined()
  expect(nodes[0]?.seen).toEqual([])
})

caseOf(18, 'when the node returns the moved client stays where it is', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity })
  await lb.takeDown('b')
  const moved = await ask(lb.url, { headers: { cookie: `AFFINITY=${affinityToken(secret, 'b')}` } })
  await lb.bringUp('b')
  const cookie = affinityCookie(moved) ?? ''
  for (let i = 0; i < 3; i++) expect((await ask(lb.url, { headers: { cookie } })).body).toBe('a')
})

caseOf(19, 'a draining node keeps its pinned clients while new ones go elsewhere', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity })
  await lb.drain('b')
  const cookie = `AFFINITY=${affinityToken(secret, 'b')}`
  for (let i = 0; i < 3; i++) {
    expect((await ask(lb.url, { headers: { cookie } })).body).toBe('b')
    expect((await ask(lb.url)).body).toBe('a')
  }
})

caseOf(20, 'with only draining nodes a new client gets a 503 at once and a pinned one is served', async (engine) => {
  await using nodes = await testNodes(2)
  await using lb = await testBalancer({ engine, nodes, affinity })
  for (const { name } of nodes) await lb.drain(name)
  const answer = await ask(lb.url)
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1', 'cache-control': 'no-store' } })
  expect((await ask(lb.url, { headers: { cookie: `AFFINITY=${affinityToken(secret, 'b')}` } })).body).toBe('b')
})

caseOf(21, 'the cookie shows neither address nor name', async (engine) => {
  await using nodes = await testNodes(1)
  await using lb = await testBalancer({ engine, nodes, affinity })
  const value = affinityCookie(await ask(lb.url))?.slice('AFFINITY='.length) ?? ''
  const shown = [
    value,
    Buffer.from(value, 'base64url').toString('latin1'),
    Buffer.from(value, 'hex').toString('latin1'),
  ]
  for (const text of shown) {
    expect(text).not.toContain('127.0.0.1')
    expect(text).not.toContain(String(nodes[0]?.port))
  }
  expect(value).toHaveLength(22)
  expect(value).not.toBe('a')
})

caseOf(22, "the balancer's cookie is not forwarded, all others are, as they came", async (engine) => {
  await using nodes = await testNodes(1)
  await using lb = await testBalancer({ engine, nodes, affinity })
  const token = affinityToken(secret, 'a')
  await ask(lb.url, { headers: { cookie: `x=1; AFFINITY=${token}; XAFFINITY=2; y="a b"; AFFINITY=again` } })
  await ask(lb.url, { headers: { cookie: `AFFINITY=${token}` } })
  expect(nodes[0]?.seen.map((seen) => seen.headers.cookie)).toEqual(['x=1; XAFFINITY=2; y="a b"', undefined])
})

caseOf(23, "the application's own cookies survive beside the balancer's", async (engine) => {
  await using nodes = await testNodes(1)
  const [node] = nodes
  if (node)
    node.handler = (_, res) =>
      res
        .writeHead(
          200,
          [
            ['Set-Cookie', 'one=1; Path=/'],
            ['Set-Cookie', 'two=2'],
          ].flat(),
        )
        .end()
  await using lb = await testBalancer({ engine, nodes, affinity })
  const answer = await ask(lb.url)
  expect(answer.headers['set-cookie']).toEqual(['one=1; Path=/', 'two=2', expect.stringMatching(/^AFFINITY=/)])
})

caseOf(24, 'Secure and SameSite follow the scheme that a trusted proxy names', async (engine) => {
  await using nodes = await testNodes(1)
  await using trusting = await testBalancer({ engine, nodes, affinity, trustProxy: ['127.0.0.1'] })
  await using wary = await testBalancer({ engine, nodes, affinity })
  const headers = { 'x-forwarded-proto': 'https' }
  expect((await ask(trusting.url, { headers })).headers['set-cookie']?.[0]).toMatch(
    /; HttpOnly; Secure; SameSite=None$/,
  )
  expect((await ask(trusting.url)).headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Lax$/)
  expect((await ask(wary.url, { headers })).headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Lax$/)
})

caseOf(25, 'two balancers with one secret honour each other’s cookie', async (engine) => {
  await using nodes = await testNodes(3)
  await using one = await testBalancer({ engine, nodes, affinity })
  await using two = await testBalancer({ engine, nodes: nodes.toReversed(), affinity })
  for (let i = 0; i < 3; i++) {
    const first = await ask(one.url)
    const second = await ask(two.url, { headers: { cookie: affinityCookie(first) ?? '' } })
    expect(second.body).toBe(first.body)
    expect(second.headers['set-cookie']).toBeUndefined()
  }
})

caseOf(26, 'a restart of the balancer keeps affinity', async (engine) => {
  await using nodes = await testNodes(3)
  const cookies: [string, string][] = []
  {
    await using before = await testBalancer({ engine, nodes, affinity })
    for (let i = 0; i < 3; i++) {
      const answer = await ask(before.url)
      cookies.push([answer.body, affinityCookie(answer) ?? ''])
    }
  }
  await using after = await testBalancer({ engine, nodes, affinity })
  for (const [node, cookie] of cookies) expect((await ask(after.url, { headers: { cookie } })).body).toBe(node)
})

caseOf(27, 'a response that sets the cookie is not for caches, one that does not is left alone', async (engine) => {
  await using nodes = await testNodes(1)
  const [node] = nodes
  if (node) node.handler = (_, res) => res.writeHead(200, { 'Cache-Control': 'public, max-age=60' }).end()
  await using lb = await testBalancer({ engine, nodes, affinity })
  const first = await ask(lb.url)
  const second = await ask(lb.url, { headers: { cookie: affinityCookie(first) ?? '' } })
  expect(first.headers['cache-control']).toBe('no-store')
  expect(second.headers['cache-control']).toBe('public, max-age=60')
})

caseOf(28, 'a retried request ends with the cookie of the node that answered, once', async (engine) => {
  await using nodes = await testNodes(2)
  const refusing = await deadNode()
  await using lb = await testBalancer({ engine, nodes: [refusing, ...nodes], affinity })
  const pinnedToDead = `AFFINITY=${affinityToken(secret, 'dead')}`
  const answer = await ask(lb.url, { headers: { cookie: pinnedToDead } })
  expect(answer.status).toBe(200)
  expect(answer.headers['set-cookie']).toHaveLength(1)
  expect(affinityCookie(answer)).toBe(`AFFINITY=${affinityToken(secret, answer.body)}`)
  if (lb.isOurs) expect(lb.decisions.map((decision) => decision.upstream)).toEqual(['dead', answer.body])
})

caseOf(29, 'a WebSocket upgrade follows the cookie', async (engine) => {
  await using nodes = await testNodes(3)
  for (const node of nodes) {
    const server = new WebSocketServer({ server: node.server })
    server.on('connection', (socket) => socket.send(node.name))
  }
  await using lb = await testBalancer({ engine, nodes, affinity })
  for (const { name } of nodes) {
    const headers = { cookie: `AFFINITY=${affinityToken(secret, name)}` }
    const socket = new WebSocket(lb.url.replace('http', 'ws'), { headers })
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    socket.on('message', (data) => resolve(String(data)))
    socket.on('error', reject)
    expect(await promise).toBe(name)
    socket.terminate()
  }
})
