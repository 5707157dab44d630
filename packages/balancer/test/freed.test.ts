import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { testBalancer } from './support/balancer.ts'
import { inTurns } from './support/in-turns.ts'
import { deadNode, rawNode, testNode } from './support/node.ts'

const get = 'GET / HTTP/1.1\r\nHost: x\r\n'
const upgrade = `${get}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const bounds = {
  timeouts: { idleTimeoutMs: 400, headersTimeoutMs: 800 },
  front: { headersTimeoutMs: 400, keepAliveMs: 400 },
}

/** A node that says this to whatever it is asked; its connection stays open unless told otherwise. */
const saying = (answer: string, ends = false) =>
  rawNode('a', (socket, text) => {
    if (!text.includes('\r\n\r\n')) return
    socket.write(answer)
    if (ends) socket.end()
  })

/** A client that never closes: it reads, or does not, and keeps its half open. */
function stubborn(port: number, text: string, reads: boolean) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(text, 'latin1'))
  socket.on('error', () => {})
  if (reads) socket.resume()
  return { [Symbol.asyncDispose]: async () => void socket.destroy() }
}

const answers: Record<string, string> = {
  'a refusal with a length': 'HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope',
  'a refusal in chunks': 'HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnope\r\n0\r\n\r\n',
  'a refusal without a body': 'HTTP/1.1 204 No Content\r\n\r\n',
  'a redirect': 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n',
  'half a refusal': 'HTTP/1.1 403 Forbidden\r\nContent-Length: 40\r\n\r\nnope',
  'nothing like HTTP': 'SSH-2.0-OpenSSH\r\n',
  silence: '',
  'another protocol': 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n',
}

/** Each with a client that reads, and with one that does not. */
const bothWays = (all: Record<string, string>) =>
  Object.entries(all).flatMap(([what, text]) => [true, false].map((reads) => ({ what, text, reads })))

test('an upgrade that ends without a tunnel frees its connection, though the client keeps its half', async () => {
  await inTurns(bothWays(answers), async ({ what, text, reads }) => {
    await using node = await saying(text)
    await using lb = await testBalancer({ nodes: [node], ...bounds })
    await using _client = stubborn(lb.port, upgrade, reads)
    await expect.poll(() => [what, reads, lb.done.length]).toEqual([what, reads, 1])
    const left = () => [what, reads, lb.balancer.load, lb.balancer.pool.get('a')?.inFlight, node.sockets.size]
    await expect.poll(left).toEqual([what, reads, { active: 0, waiting: 0, connections: 0 }, 0, 0])
  })
})

test('a tunnel whose node has closed its half is freed, though the client keeps its own', async () => {
  await using node = await saying(switching, true)
  await using lb = await testBalancer({ nodes: [node], ...bounds })
  await using _client = stubborn(lb.port, upgrade, true)
  await expect.poll(() => lb.done).toMatchObject([{ status: 101 }])
  await expect.poll(() => lb.balancer.load).toEqual({ active: 0, waiting: 0, connections: 0 })
  await expect.poll(() => node.sockets.size).toBe(0)
})

test('a tunnel whose client has closed its half goes on while the node speaks, and is freed when it is silent', async () => {
  const sockets = new Set<Socket>()
  let left = 12
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)))
    socket.once('data', () => socket.write(switching))
    // For three times as long as the bound of a silence.
    const timer = setInterval(() => (left-- > 0 ? socket.write('.') : clearInterval(timer)), 100)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream = { name: 'a', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  await using lb = await testBalancer({ nodes: [{ upstream }], ...bounds })
  const client = connect({ port: lb.port, host: '127.0.0.1', allowHalfOpen: true }, () => client.write(upgrade))
  let got = ''
  client.on('data', (chunk) => {
    got += chunk
  })
  await once(client, 'data')
  client.end()
  await expect.poll(() => lb.done).toMatchObject([{ status: 101, termination: 'ok' }])
  await expect.poll(() => lb.balancer.load).toEqual({ active: 0, waiting: 0, connections: 0 })
  expect(got).toMatch(/\r\n\r\n\.{12}$/)
  for (const end of [client, ...sockets]) end.destroy()
  server.close()
})

const requests: Record<string, string> = {
  'a CONNECT': 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  'bytes that are not HTTP': 'hello\r\n\r\n',
  'a byte': 'G',
  'large headers': `${get}X: ${'x'.repeat(20_000)}\r\n\r\n`,
  'two framings': `${get}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
  'an unknown expectation': `${get}Expect: x\r\n\r\n`,
  'an unknown version': 'GET / HTTP/2.0\r\nHost: x\r\n\r\n',
  'a TRACE': 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
  'an upgrade with a body': `${get}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\n`,
  'an upgrade that no node takes': upgrade,
  'a request that no node takes': `${get}\r\n`,
  'a body that stops': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab',
  'a body that is broken': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz',
}

test('whatever is refused frees its connection, though the client keeps its half', async () => {
  const dead = await deadNode()
  await inTurns(bothWays(requests), async ({ what, text, reads }) => {
    await using lb = await testBalancer({ nodes: [dead], ...bounds })
    await using _client = stubborn(lb.port, text, reads)
    await expect.poll(() => [what, reads, lb.done.length]).toEqual([what, reads, 1])
    const left = () => [what, reads, lb.balancer.load]
    await expect.poll(left).toEqual([what, reads, { active: 0, waiting: 0, connections: 0 }])
  })
})

test('a request that was answered frees its connection when it is idle, or asked to be closed', async () => {
  await using node = await testNode('a')
  await using lb = await testBalancer({ nodes: [node], ...bounds })
  await using _idle = stubborn(lb.port, `${get}\r\n`, true)
  await using _closing = stubborn(lb.port, `${get}Connection: close\r\n\r\n`, true)
  await expect.poll(() => lb.done.length).toBe(2)
  await expect.poll(() => lb.balancer.load).toEqual({ active: 0, waiting: 0, connections: 0 })
})
