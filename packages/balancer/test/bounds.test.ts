import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { ask, RawClient } from './support/client.ts'
import { rawNode, testNode } from './support/node.ts'

const piece = Buffer.alloc(65_536)

/** Writes for ever, as fast as it is taken. */
function flood(sink: Writable): void {
  while (!sink.destroyed) if (!sink.write(piece)) return void sink.once('drain', () => flood(sink))
}

const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const timeouts = { idleTimeoutMs: 400 }

describe.each(engineNames)('bounds [%s]', (engine) => {
  test('a client that stops reading is cut, and its node is not blamed', async () => {
    await using node = await testNode('a')
    node.handler = (_, res) => flood(res)
    await using lb = await testBalancer({
      engine,
      nodes: [node],
      timeouts,
      passive: { failures: 1 },
      panicThreshold: 0,
    })
    await using client = new RawClient(lb.port)
    client.socket.pause()
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => lb.done).toMatchObject([{ status: 200, termination: 'client_stalled' }])
    expect(lb.balancer.pool.get('a')).toMatchObject({ state: 'up', inFlight: 0 })
    await expect.poll(() => node.sockets.size).toBe(0)
    client.socket.resume()
    await expect.poll(() => client.closed).toBe(true)
    expect(client.received).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  test.each([4000, 65_536])('a client that leaves the rest of %i bytes unread is cut', async (size) => {
    await using node = await testNode('a')
    node.handler = (_, res) => res.end(Buffer.alloc(size))
    const front = { tls: certificate('bounds') }
    await using lb = await testBalancer({ engine, nodes: [node], timeouts, front })
    // It allows a thousand bytes and never more.
    const session = connectHttp2(lb.url, { rejectUnauthorized: false, settings: { initialWindowSize: 1000 } })
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    try {
      await expect.poll(() => lb.done).toMatchObject([{ status: 200, termination: 'client_stalled' }])
      expect(lb.balancer.load.active).toBe(0)
      stream.resume()
      await expect.poll(() => stream.closed).toBe(true)
      expect(stream.rstCode).toBe(2)
    } finally {
      session.destroy()
    }
  })

  test('a WebSocket client that stops reading is cut, one that is merely silent is not', async () => {
    await using node = await testNode('a')
    node.server.on('upgrade', (req, socket) => {
      socket.write(switching)
      if (req.url === '/') flood(socket)
    })
    await using lb = await testBalancer({ engine, nodes: [node], timeouts })
    await using silent = new RawClient(lb.port).send(upgrade.replace('/', '/silent'))
    await expect.poll(() => silent.status).toBe(101)
    await using client = new RawClient(lb.port)
    client.socket.pause()
    client.send(upgrade)
    await expect.poll(() => lb.done).toMatchObject([{ path: '/', status: 101, termination: 'client_stalled' }])
    expect(silent.closed).toBe(false)
    expect(lb.balancer.load.active).toBe(1)
  })

  test('a node that answers no connection is given up in time, and another takes the request', async () => {
    await using silent = await silentNode()
    await using node = await testNode('b')
    const connecting = { connectTimeoutMs: 1000, headersTimeoutMs: 60_000 }
    const options = { engine, timeouts: connecting, passive: { failures: 0 } }
    await using lb = await testBalancer({ ...options, nodes: [silent, node] })
    expect((await ask(lb.url, { method: 'POST', body: 'whole' })).body).toBe('b')
    expect(node.seen[0]?.body).toBe('whole')
    await using alone = await testBalancer({ ...options, nodes: [silent] })
    expect((await ask(alone.url)).status).toBe(502)
    expect(alone.done).toMatchObject([{ termination: 'connect_failed', status: 502, attempts: 1 }])
    await using socket = new RawClient(alone.port).send(upgrade)
    await expect.poll(() => socket.status).toBe(502)
    expect(alone.done[1]).toMatchObject({ termination: 'connect_failed', attempts: 1 })
  })

  test('a node that accepts and never shakes hands is given up as one that cannot be reached', async () => {
    await using mute = await rawNode('mute', () => {})
    const upstream = { name: 'mute', url: mute.upstream.url.replace('http', 'https') }
    const connecting = { connectTimeoutMs: 300, headersTimeoutMs: 60_000 }
    await using lb = await testBalancer({ engine, nodes: [{ upstream }], timeouts: connecting })
    expect((await ask(lb.url)).status).toBe(502)
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => client.status).toBe(502)
    expect(lb.done.map(({ termination }) => termination)).toEqual(['connect_failed', 'connect_failed'])
    expect(lb.balancer.pool.get('mute')?.stats).toMatchObject({ connectErrors: 2, responseErrors: 0 })
  })

  test.each([
    [500, undefined],
    [2500, 'timeout=2'],
  ])('a connection that is kept for %i ms is promised for no longer', async (keepAliveMs, promise) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node], front: { keepAliveMs } })
    const agent = new Agent({ keepAlive: true })
    const expecting = { method: 'POST', body: 'x', headers: { expect: '100-continue' } }
    for (const request of [{}, expecting]) {
      const { headers } = await ask(lb.url, { agent, ...request })
      expect([headers.connection, headers['keep-alive']]).toEqual(['keep-alive', promise])
    }
    agent.destroy()
  })

  test('an upgrade that meets only full nodes waits for a place', async () => {
    await using node = await testNode('a')
    let finish = (): void => {}
    node.handler = (_, res) => {
      finish = () => res.end()
    }
    node.server.on('upgrade', (_, socket) => socket.write(switching))
    await using lb = await testBalancer({ engine, nodes: [node], maxInFlight: 1, queueLimit: 1 })
    const first = ask(lb.url)
    await expect.poll(() => node.seen.length).toBe(1)
    await using left = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    left.socket.end()
    await expect.poll(() => lb.balancer.load.waiting).toBe(0)
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    await using third = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => third.status).toBe(503)
    finish()
    expect((await first).status).toBe(200)
    await expect.poll(() => client.status).toBe(101)
    const ends = lb.done.map(({ termination }) => termination)
    expect(ends).toEqual(['client_left', 'queue_full', 'ok'])
  })

  test('an upgrade does not wait for ever', async () => {
    await using node = await testNode('a')
    node.handler = () => {}
    await using lb = await testBalancer({ engine, nodes: [node], maxInFlight: 1, queueTimeoutMs: 100 })
    await using _first = new RawClient(lb.port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => node.seen.length).toBe(1)
    await using client = new RawClient(lb.port).send(upgrade)
    await expect.poll(() => client.received).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1/)
    expect(lb.done).toMatchObject([{ termination: 'queue_timeout' }])
  })
})

/** An address that answers no SYN: a process that listens, never accepts, and whose backlog is full. */
async function silentNode() {
  const file = fileURLToPath(new URL('./support/silent-node.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const port = Number(line.toString())
  // Linux holds one more than the backlog of 1.
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  for (const socket of held) socket.on('error', () => {})
  await Promise.all(held.map((socket) => once(socket, 'connect')))
  return {
    upstream: { name: 'silent', url: `http://127.0.0.1:${port}` },
    async [Symbol.asyncDispose]() {
      for (const socket of held) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
