import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { testBalancer } from './support/balancer.ts'
import { RawClient } from './support/client.ts'
import { testNode } from './support/node.ts'

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
const webSocket =
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2V5\r\n'

/** A node that holds back its answer to /held until it is let go; it breaks off /broken amid its answer. */
async function heldNode() {
  const node = await testNode('a')
  const held = Promise.withResolvers<ServerResponse>()
  node.handler = (req, res) => {
    if (req.url === '/held') return held.resolve(res)
    if (req.url !== '/broken') return res.end(`answer to ${req.url}\n`)
    res.writeHead(200, { 'Content-Length': 100 }).write('half', () => req.socket.destroy())
  }
  return Object.assign(node, { held: held.promise })
}

describe('several requests on one connection, before the first is answered', () => {
  test('one whose answer breaks off ends the connection in its turn: the answers before it are whole', async () => {
    await using node = await heldNode()
    await using lb = await testBalancer({ nodes: [node] })
    const requests = ['/held', '/x', '/broken', '/y'].map((path) => get(path)).join('')
    await using client = new RawClient(lb.port).send(requests)
    await expect.poll(() => lb.done.map(({ termination }) => termination)).toContain('upstream_aborted')
    ;(await node.held).end('answer to /held\n')
    await expect.poll(() => client.closed).toBe(true)
    expect(client.received.match(/answer to \S+|half/g)).toEqual(['answer to /held', 'answer to /x'])
    await expect.poll(() => lb.balancer.load.active).toBe(0)
    expect(lb.done).toHaveLength(4)
  })

  test('a client that leaves ends all of them, also those whose answers waited', async () => {
    await using node = await heldNode()
    await using lb = await testBalancer({ nodes: [node] })
    const client = new RawClient(lb.port).send(
      get('/held') + get('/x') + get('/y') + get('/nobody', 'Expect: nonsense\r\n') + get('/late'),
    )
    await expect.poll(() => node.seen.map(({ url }) => url).toSorted()).toEqual(['/held', '/x', '/y'])
    // What comes behind an answer that closes the connection goes to no node.
    await expect.poll(() => lb.done).toMatchObject([{ path: '/nobody', status: 417 }])
    await client[Symbol.asyncDispose]()
    await expect.poll(() => lb.balancer.load.active).toBe(0)
    expect(node.seen).toHaveLength(3)
    expect(lb.done.map(({ termination }) => termination).toSorted()).toEqual([
      'bad_request',
      'client_left',
      'client_left_body',
      'client_left_body',
    ])
    expect(lb.balancer.pool.all.map(({ inFlight }) => inFlight)).toEqual([0])
  })

  test('an upgrade behind an answer that is not through is not one: nothing overtakes that answer', async () => {
    await using node = await heldNode()
    let upgrades = 0
    node.server.on('upgrade', (_, socket) => {
      upgrades++
      socket.end()
    })
    await using lb = await testBalancer({ nodes: [node] })
    await using client = new RawClient(lb.port).send(get('/held') + get('/socket', webSocket))
    await expect.poll(() => node.seen.map(({ url }) => url)).toEqual(['/held', '/socket'])
    ;(await node.held).end('answer to /held\n')
    await expect.poll(() => client.received.match(/answer to \S+$/gm)).toHaveLength(2)
    expect(client.received.indexOf('/held')).toBeLessThan(client.received.indexOf('/socket'))
    expect(node.seen[1]?.headers.upgrade).toBeUndefined()
    expect(upgrades).toBe(0)
  })
})
