import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { engineNames, secret, testBalancer } from './support/balancer.ts'
import { affinityCookie, ask } from './support/client.ts'
import { type Held, holds } from './support/held.ts'
import { deadNode, rawNode, testNode, testNodes } from './support/node.ts'

const affinity = { secret }
const one = { maxInFlight: 1 }

/** The cookie that pins to the node of this name. */
async function pinTo(url: string, name: string): Promise<string> {
  for (let i = 0; i < 10; i++) {
    const answer = await ask(url)
    const cookie = affinityCookie(answer)
    if (answer.body === name && cookie !== undefined) return cookie
  }
  throw new Error(`nobody was pinned to ${name}`)
}

describe.each(engineNames)('the queue [%s]', (engine) => {
  test('a place on a draining node goes to the pinned client that waits for it, whoever stands before it', async () => {
    await using nodes = await testNodes(2)
    const [a, b] = nodes.map(holds) as [Held, Held]
    await using lb = await testBalancer({ engine, nodes, affinity, ...one })
    const cookie = await pinTo(lb.url, 'b')
    const onB = ask(`${lb.url}/slow`, { headers: { cookie } })
    await expect.poll(() => b.held).toHaveLength(1)
    lb.balancer.update('b', { mode: 'drain' })
    const onA = ask(`${lb.url}/slow`)
    await expect.poll(() => a.held).toHaveLength(1)
    const anyone = ask(lb.url)
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    const pinned = ask(lb.url, { headers: { cookie } })
    await expect.poll(() => lb.balancer.load.waiting).toBe(2)
    b.release()
    expect((await pinned).body).toBe('b')
    expect(lb.balancer.load.waiting).toBe(1)
    a.release()
    expect((await anyone).body).toBe('a')
    await Promise.all([onA, onB])
  })

  test('nobody waits for longer because the pool changes, nor loses the place in the line', async () => {
    await using nodes = await testNodes(1)
    const [a] = nodes.map(holds) as [Held]
    const timers: { ms: number; fn: () => void; off: boolean }[] = []
    const after = (ms: number, fn: () => void) => {
      const timer = { ms, fn, off: false }
      timers.push(timer)
      return {
        cancel: () => {
          timer.off = true
        },
      }
    }
    const clock = { now: () => 0, after }
    await using lb = await testBalancer({ engine, nodes, clock, queueTimeoutMs: 1234, ...one })
    const held = ask(`${lb.url}/slow`)
    await expect.poll(() => a.held).toHaveLength(1)
    const first = ask(`${lb.url}/first`)
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    await lb.balancer.add({ name: 'spare', url: 'http://127.0.0.1:1', weight: 0 })
    const bounds = timers.filter(({ ms }) => ms === 1234)
    expect(bounds).toMatchObject([{ off: false }])
    bounds[0]?.fn()
    expect((await first).status).toBe(503)
    a.release()
    await held
  })

  test('a weight that lets a node in lets those in who wait', async () => {
    await using nodes = await testNodes(2)
    const [a] = nodes.map(holds) as [Held, Held]
    await using lb = await testBalancer({ engine, nodes, ...one })
    lb.balancer.update('b', { weight: 0 })
    const held = ask(`${lb.url}/slow`)
    await expect.poll(() => a.held).toHaveLength(1)
    const waiting = ask(lb.url)
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    lb.balancer.update('b', { weight: 1 })
    expect((await waiting).body).toBe('b')
    a.release()
    await held
  })

  test('nobody waits for a place on a node that takes nobody new', async () => {
    await using nodes = await testNodes(1)
    const [a] = nodes.map(holds) as [Held]
    await using lb = await testBalancer({ engine, nodes, affinity, queueTimeoutMs: 60_000, ...one })
    const held = ask(`${lb.url}/slow`)
    await expect.poll(() => a.held).toHaveLength(1)
    lb.balancer.update('a', { weight: 0 })
    expect(await ask(lb.url)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(lb.done).toMatchObject([{ termination: 'no_upstream' }])
    a.release()
    await held
  })

  test('a request that was refused by one node waits for a place on another that is full', async () => {
    await using node = await testNode('a')
    const slow = holds(node)
    const dead = await deadNode()
    const options = { engine, nodes: [dead, node], ...one, passive: { failures: 0 } }
    await using lb = await testBalancer({ ...options, policy: (available) => available[0] })
    const held = ask(`${lb.url}/slow`)
    await expect.poll(() => slow.held).toHaveLength(1)
    const posted = ask(lb.url, { method: 'POST', body: 'whole' })
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    slow.release()
    expect((await posted).body).toBe('a')
    expect(node.seen[0]?.body).toBe('whole')
    await held
  })

  test('a stale connection does not let more onto the node than may be there', async () => {
    let stale: Socket | undefined
    await using node = await rawNode('a', (socket, text, connection) => {
      if (connection === 0 && text.split('\r\n\r\n').length > 2) stale = socket
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    await using lb = await testBalancer({ engine, nodes: [node], ...one })
    expect((await ask(lb.url)).body).toBe('ok')
    const first = ask(lb.url)
    await expect.poll(() => stale).toBeDefined()
    const second = ask(lb.url)
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    stale?.resetAndDestroy()
    expect([(await first).body, (await second).body]).toEqual(['ok', 'ok'])
    const stats = { maxInFlight: 1, requests: 4, retries: 1, responseErrors: 0 }
    expect(lb.balancer.pool.get('a')?.stats).toMatchObject(stats)
  })

  test('strict clients of a full node wait or are told 503; none is moved', async () => {
    await using nodes = await testNodes(2)
    const [a] = nodes.map(holds) as [Held, Held]
    const strict = { secret, whenUnavailable: 'strict' } as const
    await using lb = await testBalancer({ engine, nodes, affinity: strict, queueLimit: 1, ...one })
    const headers = { cookie: await pinTo(lb.url, 'a') }
    const held = ask(`${lb.url}/slow`, { headers })
    await expect.poll(() => a.held).toHaveLength(1)
    const waits = ask(lb.url, { headers })
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    expect(await ask(lb.url, { headers })).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    a.release()
    expect((await waits).body).toBe('a')
    await held
    const last = ask(`${lb.url}/slow`, { headers })
    await expect.poll(() => a.held).toHaveLength(1)
    const left = ask(lb.url, { headers })
    await expect.poll(() => lb.balancer.load.waiting).toBe(1)
    const removed = lb.balancer.remove('a', { timeoutMs: 60_000 })
    // It is forgotten as soon as it is being removed: nobody is pinned to a node that will not be there.
    expect((await left).status).toBe(503)
    a.release()
    await Promise.all([removed, last])
  })
})
