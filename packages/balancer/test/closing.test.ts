import http from 'node:http'
import { describe, expect, test } from 'vitest'
import { controlOf } from '../src/index.ts'
import { engineNames, testBalancer } from './support/balancer.ts'
import { ask, RawClient } from './support/client.ts'
import { testNode, testNodes } from './support/node.ts'

describe.each(engineNames)('a balancer that closes [%s]', (engine) => {
  test('serves who had just connected, says goodbye, and accepts nobody new', async () => {
    await using node = await testNode('a')
    const lb = await testBalancer({ engine, nodes: [node] })
    await using late = new RawClient(lb.port)
    // Answered on a connection made after it: the late one has been accepted by then.
    await ask(lb.url)
    const closed = lb.balancer.close({ timeoutMs: 20_000 })
    late.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => late.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close/)
    await expect(ask(lb.url)).rejects.toThrow()
    await closed
  })

  test('lets what is in flight finish, on kept-alive connections too', async () => {
    await using node = await testNode('a')
    const answers: (() => void)[] = []
    node.early = (_, res) => answers.push(() => res.end('late')) > 0
    const lb = await testBalancer({ engine, nodes: [node] })
    const agent = new http.Agent({ keepAlive: true })
    const pending = ask(lb.url, { agent })
    await expect.poll(() => answers).toHaveLength(1)
    const closed = lb.balancer.close({ timeoutMs: 20_000 })
    answers[0]?.()
    expect(await pending).toMatchObject({ status: 200, body: 'late', headers: { connection: 'close' } })
    await closed
    agent.destroy()
  })

  test('cuts what does not end in time', async () => {
    await using nodes = await testNodes(1)
    for (const node of nodes) node.handler = (_, res) => void res.writeHead(200).write('half')
    const lb = await testBalancer({ engine, nodes })
    const pending = ask(lb.url)
    await expect.poll(() => lb.balancer.load.active).toBe(1)
    await expect.poll(() => lb.balancer.pool.get('a')?.stats.status2xx).toBe(1)
    await lb.balancer.close({ timeoutMs: 100 })
    expect(await pending).toMatchObject({ status: 200, complete: false })
    expect(lb.done).toMatchObject([{ termination: 'balancer_closed' }])
  })

  test('goes on serving newcomers while it drains, no longer ready, until the time or a second call ends that', async () => {
    await using node = await testNode('a')
    const lb = await testBalancer({ engine, nodes: [node] })
    const control = controlOf(lb.balancer)
    expect(control.isReady()).toBe(true)
    const closed = lb.balancer.close({ drainMs: 600_000 })
    expect(control.isReady()).toBe(false)
    for (let i = 0; i < 3; i++)
      expect(await ask(lb.url)).toMatchObject({ status: 200, headers: { connection: 'close' } })
    void lb.balancer.close()
    await closed
    await expect(ask(lb.url)).rejects.toThrow()
    const brief = await testBalancer({ engine, nodes: [node] })
    await brief.balancer.close({ drainMs: 50 })
    await expect(ask(brief.url)).rejects.toThrow()
  })

  test('is closed when any of its calls says so, and listens no more', async () => {
    await using node = await testNode('a')
    const answers: (() => void)[] = []
    node.early = (_, res) => answers.push(() => res.end('late')) > 0
    const lb = await testBalancer({ engine, nodes: [node] })
    const pending = ask(lb.url)
    await expect.poll(() => answers).toHaveLength(1)
    const ends: string[] = []
    const calls = [lb.balancer.close({ timeoutMs: 20_000 }), lb.balancer.close()]
    for (const call of calls) void call.then(() => ends.push('closed'))
    void pending.then(() => ends.push('answered'))
    answers[0]?.()
    await Promise.all([...calls, pending])
    expect(ends).toEqual(['answered', 'closed', 'closed'])
    await expect(lb.balancer.listen({ port: 0 })).rejects.toThrow('the balancer is closed')
  })
})
