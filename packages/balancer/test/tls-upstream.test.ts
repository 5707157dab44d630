import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { ask, RawClient } from './support/client.ts'

const local = certificate('localhost')
const other = certificate('elsewhere.test')
// Both are signed by somebody who is trusted: what is tested is for whom they were made.
setDefaultCACertificates([...getCACertificates(), String(local.cert), String(other.cert)])

/** A node over TLS that counts the connections and requests that reached it. */
async function tlsNode(tls: typeof local) {
  let connections = 0
  let requests = 0
  const server = createServer(tls, (req, res) => {
    requests++
    req.setEncoding('utf8')
    let body = ''
    req.on('data', (text: string) => {
      body += text
    })
    req.on('end', () => res.end(`${req.method} ${body}`))
  })
  server.on('secureConnection', () => {
    connections++
  })
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.on('error', () => {}).pipe(socket)
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  return {
    upstream: { name: 'a', url: `https://localhost:${(server.address() as AddressInfo).port}` },
    get connections() {
      return connections
    },
    get requests() {
      return requests
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe.each(engineNames)('a node over TLS [%s]', (engine) => {
  test('is served, bodies too, on one connection for several requests', async () => {
    await using node = await tlsNode(local)
    await using lb = await testBalancer({ engine, nodes: [node] })
    for (let i = 0; i < 3; i++) {
      expect((await ask(lb.url, { method: 'POST', body: 'hello' })).body).toBe('POST hello')
    }
    expect(node.connections).toBe(1)
  })

  test('is checked over TLS, and down when its certificate is for another name', async () => {
    await using good = await tlsNode(local)
    await using bad = await tlsNode(other)
    const nodes = [good, { upstream: { ...bad.upstream, name: 'b' } }]
    await using lb = await testBalancer({ engine, nodes, health: { intervalMs: 50 } })
    expect(lb.balancer.pool.all.map(({ name, state }) => `${name} ${state}`)).toEqual(['a up', 'b down'])
    expect(lb.states[0]?.reason).toMatch(/^1 checks failed: (ERR_TLS_CERT_ALTNAME_INVALID|DEPTH_ZERO)/)
    for (let i = 0; i < 3; i++) expect((await ask(lb.url)).body).toBe('GET ')
    expect(bad.requests).toBe(0)
  })

  test('takes upgrades', async () => {
    await using node = await tlsNode(local)
    await using lb = await testBalancer({ engine, nodes: [node] })
    await using client = new RawClient(lb.port)
    client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
    await expect.poll(() => client.received).toMatch(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\nhello$/)
  })

  test('is not spoken to when its certificate is for another name', async () => {
    await using node = await tlsNode(other)
    await using lb = await testBalancer({ engine, nodes: [node] })
    const { status } = await ask(lb.url)
    expect([status, node.requests, lb.done[0]?.termination]).toEqual([502, 0, 'connect_failed'])
  })
})
