import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { ask, RawClient } from './support/client.ts'
import { rawNode, testNode } from './support/node.ts'

describe.each(engineNames)('characters that only some parsers allow [%s]', (engine) => {
  test.each(['\x7f', '\x01', '\x1b', '\x0b'])(
    '%j in a request header harms neither the balancer nor a node',
    async (odd) => {
      await using node = await testNode('a')
      await using lb = await testBalancer({ engine, nodes: [node], passive: { failures: 1 } })
      for (const start of ['GET /', 'GET //x']) {
        await using client = new RawClient(lb.port).send(`${start} HTTP/1.1\r\nHost: x\r\nX-Odd: a${odd}b\r\n\r\n`)
        await expect.poll(() => client.status).toBe(400)
      }
      expect((await ask(lb.url)).body).toBe('a')
      expect(node.seen).toHaveLength(1)
      expect(lb.balancer.pool.get('a')).toMatchObject({ state: 'up', inFlight: 0 })
    },
  )

  test.each([
    ['a header', 'HTTP/1.1 200 OK\r\nX-Odd: a\x7fb\r\nContent-Length: 0\r\n\r\n'],
    ['a control character in a header', 'HTTP/1.1 200 OK\r\nX-Odd: a\x01b\r\nContent-Length: 0\r\n\r\n'],
    ['the reason', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n'],
    ['the status', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['everything', 'this is no HTTP at all\r\n\r\n'],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('an odd answer, %s, is passed on whole or is a 502', async (_, response) => {
    await using node = await rawNode('a', (socket, text) => {
      if (text.includes('\r\n\r\n')) socket.end(response, 'latin1')
    })
    await using good = await testNode('b')
    await using lb = await testBalancer({ engine, nodes: [node, good], passive: { failures: 0 } })
    const answer = await ask(lb.url, { method: 'POST', body: 'x' })
    expect([200, 502]).toContain(answer.status)
    expect((await ask(lb.url)).body).toBe('b')
    await expect.poll(() => lb.balancer.pool.all.map((upstream) => upstream.inFlight)).toEqual([0, 0])
  })
})
