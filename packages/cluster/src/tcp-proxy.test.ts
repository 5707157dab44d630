import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { TcpProxy } from './tcp-proxy.ts'

/** A server that sends everything back, behind a proxy. */
async function echo() {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await TcpProxy.listen({ target: { port: (server.address() as { port: number }).port } })
  const clients: Socket[] = []
  return {
    proxy,
    async client() {
      const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
      clients.push(client)
      await once(client, 'connect')
      return client
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy()
      await proxy[Symbol.asyncDispose]()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function roundTrip(client: Socket): Promise<number> {
  const sentAt = performance.now()
  client.write('ping')
  await once(client, 'data')
  return performance.now() - sentAt
}

test('it carries every byte in order, and the ends of both streams', async () => {
  await using rig = await echo()
  const client = await rig.client()
  const sent = Buffer.alloc(5_000_000, 'abcdefg')
  client.end(sent)
  expect((await text(client)) === sent.toString()).toBe(true)
})

test('a round trip takes at least the latency, which can change at any time', async () => {
  await using rig = await echo()
  const client = await rig.client()
  rig.proxy.latencyMs = 40
  expect(await roundTrip(client)).toBeGreaterThanOrEqual(39)
  rig.proxy.latencyMs = 80
  expect(await roundTrip(client)).toBeGreaterThanOrEqual(79)
})

test('it counts a round trip for each time that a client asks and waits, not for each piece that it sends', async () => {
  await using rig = await echo()
  const client = await rig.client()
  await roundTrip(client)
  await roundTrip(client)
  expect(rig.proxy.roundTrips).toBe(2)
  rig.proxy.latencyMs = 500
  const heard: string[] = []
  client.on('data', (chunk) => heard.push(String(chunk)))
  client.write('one ')
  await expect.poll(() => rig.proxy.roundTrips, { interval: 1 }).toBe(3)
  client.write('two') // The answer to the first is still held back.
  await expect.poll(() => heard.join('')).toBe('one two')
  expect(rig.proxy.roundTrips).toBe(3)
})

test('bytes keep their order when the latency falls while some are on their way, and the end comes last', async () => {
  await using rig = await echo()
  const client = await rig.client()
  rig.proxy.latencyMs = 60
  client.write('slow ')
  await expect.poll(() => client.bytesWritten).toBe(5)
  await new Promise((resolve) => setImmediate(resolve))
  rig.proxy.latencyMs = 0
  client.end('fast')
  expect(await text(client)).toBe('slow fast')
})

test('frozen, it holds connections and bytes; thawed, it lets them through', async () => {
  await using rig = await echo()
  const client = await rig.client()
  rig.proxy.freeze()
  const heard: string[] = []
  client.on('data', (chunk) => heard.push(chunk.toString()))
  client.write('held')
  const late = await rig.client()
  const lateHeard = once(late, 'data')
  late.write('late')
  // A whole round trip of another proxy to the same machine passes meanwhile.
  await using other = await echo()
  await roundTrip(await other.client())
  expect(heard).toEqual([])
  rig.proxy.thaw()
  await expect.poll(() => heard.join('')).toBe('held')
  expect(String(await lateHeard)).toBe('late')
})

test('cut resets what is connected; a new connection works', async () => {
  await using rig = await echo()
  const client = await rig.client()
  await roundTrip(client)
  const failed = once(client, 'error').catch(() => {})
  const closed = new Promise((resolve) => client.once('close', resolve))
  client.on('error', () => {})
  rig.proxy.cut()
  await Promise.all([failed, closed])
  await expect.poll(() => rig.proxy.connections).toBe(0)
  await roundTrip(await rig.client())
})

test('refuse refuses new connections until accept, on the same port', async () => {
  await using rig = await echo()
  const { port } = rig.proxy
  await rig.proxy.refuse()
  await expect(rig.client()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await rig.proxy.accept()
  expect(rig.proxy.port).toBe(port)
  await roundTrip(await rig.client())
})

test('a target that is not there resets the client, as without a proxy', async () => {
  const gone = await TcpProxy.listen({ target: { port: 1 } })
  await using _ = gone
  const client = connect({ port: gone.port, host: '127.0.0.1' })
  const outcome = await Promise.race([once(client, 'error').then(String), once(client, 'close').then(() => 'closed')])
  expect(outcome).toMatch(/ECONNRESET|closed/)
})
