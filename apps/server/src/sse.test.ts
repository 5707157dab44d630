import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { EventStream } from './sse.ts'

async function connected() {
  const stream = new EventStream()
  const responses: ServerResponse[] = []
  const server = createServer((_request, response) => {
    responses.push(response)
    stream.add(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false })
  const [incoming] = (await once(request, 'response')) as [IncomingMessage]
  incoming.setEncoding('utf8')
  return {
    stream,
    incoming,
    response: responses[0] as ServerResponse,
    async [Symbol.asyncDispose]() {
      stream[Symbol.dispose]()
      request.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

it('sends an event to a reader as name and JSON', async () => {
  await using reader = await connected()
  let text = ''
  reader.incoming.on('data', (part: string) => {
    text += part
  })
  reader.stream.send('request', { path: '/get', note: 'a\nb' })
  await expect.poll(() => text).toContain('event: request\ndata: {"path":"/get","note":"a\\nb"}\n\n')
})

it('drops what a reader leaves unread, keeps its memory bounded, and tells it how much once it reads', async () => {
  await using reader = await connected()
  const big = 'x'.repeat(64 * 1024)
  // The reader does not read: the kernel's buffers fill, then the stream's own.
  for (let count = 0; count < 2000; count += 1) reader.stream.send('request', big)
  expect(reader.response.writableLength).toBeLessThan(512 * 1024)
  let text = ''
  reader.incoming.on('data', (part: string) => {
    text = (text + part).slice(-200_000)
  })
  await expect.poll(() => reader.response.writableLength, { timeout: 20_000 }).toBe(0)
  reader.stream.send('request', 'last')
  await expect.poll(() => text).toMatch(/event: dropped\ndata: \{"count":\d+\}\n\nevent: request\ndata: "last"\n\n$/)
})

it('forgets a reader that leaves, and ends the streams of those who stay when it is closed', async () => {
  await using reader = await connected()
  reader.incoming.resume()
  expect(reader.stream.readers).toBe(1)
  reader.stream[Symbol.dispose]()
  await once(reader.incoming, 'end')
  expect(reader.stream.readers).toBe(0)
})
