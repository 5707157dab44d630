import net, { type Socket } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { controlOf } from '../src/index.ts'
import { connectionsAllowed } from '../src/resources.ts'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { ask, RawClient } from './support/client.ts'
import { testNode } from './support/node.ts'

test('beyond maxConnections a newcomer is told 503, whoever is there is served, and a place that is free is taken', async () => {
  await using node = await testNode('a')
  await using lb = await testBalancer({ nodes: [node], front: { maxConnections: 2 } })
  await using first = new RawClient(lb.port)
  await using second = new RawClient(lb.port)
  await expect.poll(() => lb.balancer.load.connections).toBe(2)
  for (let i = 0; i < 20; i++) {
    await using third = new RawClient(lb.port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody')
    await expect.poll(() => third.closed || third.ended).toBe(true)
    expect(third.received).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n[\s\S]*too many connections\n$/)
  }
  second.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(() => second.status).toBe(200)
  first.socket.destroy()
  await expect.poll(() => lb.balancer.load.connections).toBe(1)
  expect((await ask(lb.url)).status).toBe(200)
  expect(node.seen).toHaveLength(2)
  expect(Object.fromEntries(lb.balancer.totals.byTermination)).toEqual({ too_many_connections: 20, ok: 2 })
  expect(await controlOf(lb.balancer).metrics()).toMatch(/^balancer_connections 1$/m)
})

test('over TLS it is closed', async () => {
  await using node = await testNode('a')
  await using lb = await testBalancer({ nodes: [node], front: { maxConnections: 1, tls: certificate('limits') } })
  await using _first = new RawClient(lb.port)
  await expect.poll(() => lb.balancer.load.connections).toBe(1)
  await using second = new RawClient(lb.port)
  await expect.poll(() => second.closed).toBe(true)
})

test('the bound that is not given leaves room for nodes', () => {
  const allowed = connectionsAllowed(3)
  expect(allowed).toBeGreaterThan(100)
  expect(connectionsAllowed(1020)).toBeLessThan(allowed - 900)
})

describe.each(engineNames)('when there are no descriptors left [%s]', (engine) => {
  test.each(['GET', 'POST', 'upgrade'])('a %s is a 503, and its node is not blamed', async (what) => {
    await using node = await testNode('a')
    await using lb = await testBalancer({ engine, nodes: [node], passive: { failures: 1 } })
    await using client = new RawClient(lb.port)
    await expect.poll(() => lb.balancer.load.connections).toBe(1)
    const connect = vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
      Object.assign(this, { connecting: true })
      process.nextTick(() => this.destroy(Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' })))
      return this
    })
    try {
      const upgrade = what === 'upgrade' ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : ''
      const length = what === 'POST' ? 'Content-Length: 1\r\n\r\nx' : '\r\n'
      client.send(`${what === 'POST' ? 'POST' : 'GET'} / HTTP/1.1\r\nHost: x\r\n${upgrade}${length}`)
      await expect.poll(() => client.status).toBe(503)
    } finally {
      connect.mockRestore()
    }
    expect(client.received).toContain('Retry-After: 1')
    expect(lb.done).toMatchObject([{ termination: 'out_of_resources', attempts: 1 }])
    expect(lb.balancer.pool.get('a')).toMatchObject({ state: 'up', inFlight: 0, stats: { connectErrors: 0 } })
    expect((await ask(lb.url)).status).toBe(200)
  })
})
