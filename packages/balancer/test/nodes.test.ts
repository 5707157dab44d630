import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http, { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBalancer, type NodeOptions } from '../src/index.ts'
import { engineNames, testBalancer } from './support/balancer.ts'
import { ask, askInTurn, RawClient } from './support/client.ts'
import { rawNode, testNode } from './support/node.ts'

const folder = mkdtempSync(join(tmpdir(), 'balancer-nodes-'))
const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')

// An authority that nobody knows, and two certificates of its: for a node, and for the balancer.
beforeAll(() => {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.crt')
  for (const name of ['node.internal', 'balancer']) {
    writeFileSync(join(folder, 'names'), `subjectAltName=DNS:${name}`)
    openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', '2', '-out', `${name}.crt`)
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A node that demands a certificate of its clients, and answers with whose it was and what name it was asked for. */
async function strictNode() {
  const tls = { key: pem('node.internal.key'), cert: pem('node.internal.crt'), ca: pem('ca.crt') }
  const server = createHttpsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (req, res) => {
    const { servername } = req.socket as TLSSocket
    res.end(`${(req.socket as TLSSocket).getPeerCertificate().subject?.CN} ${servername} ${req.headers.host}`)
  })
  server.on('upgrade', (req, socket) => {
    const name = (req.socket as TLSSocket).getPeerCertificate().subject?.CN
    socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${name}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    upstream: { name: 'a', url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const upgrade =
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n'

describe.each(engineNames)('nodes, by %s', (engine) => {
  test('a node with an authority of its own that asks for a certificate is reached by requests, upgrades and probes', async () => {
    await using node = await strictNode()
    const tls = { ca: pem('ca.crt'), cert: pem('balancer.crt'), key: pem('balancer.key'), serverName: 'node.internal' }
    const health = { intervalMs: 20 }
    await using lb = await testBalancer({ engine, nodes: [node], health, talk: { tls } })
    expect(await lb.stateOf('a')).toBe('up')
    expect((await ask(lb.url, { headers: { host: 'shop.example' } })).body).toBe('balancer node.internal shop.example')
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => client.received).toMatch(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\nbalancer$/)
  })

  test.each<[string, () => NodeOptions['tls']]>([
    ['no authority', () => ({ cert: pem('balancer.crt'), key: pem('balancer.key'), serverName: 'node.internal' })],
    ['no certificate', () => ({ ca: pem('ca.crt'), serverName: 'node.internal' })],
    [
      'another name',
      () => ({ ca: pem('ca.crt'), cert: pem('balancer.crt'), key: pem('balancer.key'), serverName: 'other.internal' }),
    ],
    ['the address for a name', () => ({ ca: pem('ca.crt'), cert: pem('balancer.crt'), key: pem('balancer.key') })],
  ])('with %s it is not: nothing is sent there', async (_, tls) => {
    await using node = await strictNode()
    await using lb = await testBalancer({ engine, nodes: [node], talk: { tls: tls() } })
    expect((await ask(lb.url)).status).toBe(502)
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => client.status).toBe(502)
  })

  test.each<[NodeOptions['host'], (port: number) => string]>([
    [undefined, () => 'shop.example'],
    ['client', () => 'shop.example'],
    ['upstream', (port) => `127.0.0.1:${port}`],
    [{ name: 'inner.example:81' }, () => 'inner.example:81'],
  ])('with the host %j nodes are sent that Host, and what was asked for beside it', async (host, expected) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node], talk: { host } })
    const headers = { host: 'shop.example', 'x-first': 'Host' }
    await ask(lb.url, { headers })
    expect(node.seen[0]?.headers).toMatchObject({
      host: expected(node.port),
      'x-first': 'Host',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-port': String(lb.port),
    })
  })

  test('the port is the one that the client came to, or what a trusted proxy says', async () => {
    await using node = await testNode('a')
    await using wary = await testBalancer({ engine, nodes: [node] })
    await using trusting = await testBalancer({ engine, nodes: [node], trustProxy: ['127.0.0.1'] })
    const headers = { 'x-forwarded-port': '443' }
    for (const { url } of [wary, trusting]) await ask(url, { headers })
    expect(node.seen.map((seen) => seen.headers['x-forwarded-port'])).toEqual([String(wary.port), '443'])
  })

  test('a kept connection that is too old carries no further request', async () => {
    await using node = await testNode('a')
    let connections = 0
    node.server.on('connection', () => connections++)
    await using young = await testBalancer({ engine, nodes: [node] })
    await askInTurn(young.url, 5)
    expect(connections).toBe(1)
    await using old = await testBalancer({ engine, nodes: [node], talk: { maxConnectionAgeMs: 0 } })
    const before = connections
    await askInTurn(old.url, 3)
    expect(connections - before).toBe(3)
    expect(young.balancer.pool.get('a')?.stats.expired).toBe(0)
    await expect.poll(() => old.balancer.pool.get('a')?.stats.expired).toBe(3)
  })

  test('the head of an answer may be as large as was said, and no larger', async () => {
    const head = (bytes: number) => `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Large: ${'x'.repeat(bytes)}\r\n\r\n`
    await using node = await rawNode('a', (socket, text) => {
      const bytes = /GET \/(\d+)/.exec(text)?.[1]
      if (bytes && text.includes('\r\n\r\n')) socket.end(head(Number(bytes)))
    })
    await using usual = await testBalancer({ engine, nodes: [node], passive: { failures: 0 } })
    await using large = await testBalancer({
      engine,
      nodes: [node],
      passive: { failures: 0 },
      talk: { maxHeaderBytes: 100_000 },
    })
    const statusOf = (url: string) =>
      new Promise((resolve) => {
        const request = http.get(url, { agent: false, maxHeaderSize: 1e6 }, (response) => resolve(response.statusCode))
        request.on('error', resolve)
      })
    expect(await statusOf(`${usual.url}/12000`)).toBe(200)
    expect(await statusOf(`${usual.url}/17000`)).toBe(502)
    expect(await statusOf(`${large.url}/90000`)).toBe(200)
    expect(await statusOf(`${large.url}/110000`)).toBe(502)
  })
})

test('a probe has the host, headers and port that were asked for, and judges status and body', async () => {
  const asked: http.IncomingMessage[] = []
  let answer: [status: number, body: string] = [418, 'all well']
  const server = createHttpServer((req, res) => {
    asked.push(req)
    res.writeHead(answer[0]).end(answer[1])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const health = {
    ...{
      path: '/up?x=1',
      intervalMs: 10,
      rise: 1,
      fall: 1,
      port,
      host: 'probe.example',
      headers: { 'X-Probe': 'yes' },
    },
    ...{ status: '204, 400-418', body: 'well' },
  }
  await using balancer = createBalancer({ upstreams: [{ name: 'a', url: 'http://127.0.0.1:1' }], health })
  await balancer.listen({ port: 0 })
  const a = balancer.pool.get('a')
  expect(a?.state).toBe('up')
  expect(asked[0]).toMatchObject({ url: '/up?x=1', headers: { host: 'probe.example', 'x-probe': 'yes' } })
  answer = [418, 'not good']
  await expect.poll(() => a?.state).toBe('down')
  expect(a?.lastCheck?.detail).toBe('status 418, but the body does not hold what it must')
  answer = [400, `${'x'.repeat(50_000)} well`]
  await expect.poll(() => a?.state).toBe('up')
  answer = [200, 'all well']
  await expect.poll(() => a?.state).toBe('down')
  expect(a?.lastCheck?.detail).toBe('status 200')
  server.closeAllConnections()
  server.close()
})

test.each<[NodeOptions, RegExp]>([
  [{ host: 'server' as 'client' }, /nodes\.host/],
  [{ host: { name: 'a b' } }, /nodes\.host/],
  [{ host: { name: 'a\r\nX: y' } }, /nodes\.host/],
  [{ tls: { cert: 'x' } }, /nodes\.tls\.cert and nodes\.tls\.key go together/],
  [{ tls: { ca: 'x', name: 'y' } as object }, /there is no option nodes\.tls\.name/],
  [{ maxConnectionAgeMs: -1 }, /nodes\.maxConnectionAgeMs/],
  [{ maxHeaderBytes: 10 }, /nodes\.maxHeaderBytes/],
])('%o is refused by its name', (nodes, message) => {
  expect(() => createBalancer({ upstreams: [], nodes })).toThrow(message)
})

test.each([
  { status: '200-' },
  { status: '99' },
  { status: '300-200' },
  { headers: { 'a b': 'c' } },
  { headers: { a: 'b\r\nc' } },
  { host: 'a\nb' },
])('health %o is refused', (health) => {
  expect(() => createBalancer({ upstreams: [], health })).toThrow(/^createBalancer: health/)
})

test('by consistent hash one key stays on one node unless a load factor is asked for', async () => {
  await using a = await testNode('a')
  await using b = await testNode('b')
  await using c = await testNode('c')
  const nodes = [a, b, c]
  for (const node of nodes) node.handler = (_, res) => void setTimeout(() => res.end(node.name), 20)
  await using lb = await testBalancer({ nodes, policy: 'consistent-hash', hash: { on: 'header:x-key' } })
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(lb.url, { headers: { 'x-key': 'u1' } })))
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
})
