import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { EventStream } from './sse.ts'

async function connected({
  stream = new EventStream(),
  lastEventId,
}: {
  stream?: EventStream
  lastEventId?: string
} = {}) {
  const responses: ServerResponse[] = []
  const server = createServer((_request, response) => {
    responses.push(response)
    stream.add(response, lastEventId)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false })
  const [incoming] = (await once(request, 'response')) as [IncomingMessage]
  incoming.setEncoding('utf8')
  let text = ''
  return {
    stream,
    incoming,
    /** Reads from now on, and answers with the data and the ids that came until one of the data is `last`. */
    async readTo(last: unknown) {
      incoming.on('data', (part: string) => {
        text += part
      })
      await expect.poll(() => text).toContain(`data: ${JSON.stringify(last)}\n\n`)
      return {
        data: [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json)),
        ids: [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id),
      }
    },
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
  await expect
    .poll(() => text)
    .toMatch(/event: dropped\ndata: \{"count":\d+\}\n\nid: .+\nevent: request\ndata: "last"\n\n$/)
})

it('forgets a reader that leaves, and ends the streams of those who stay when it is closed', async () => {
  await using reader = await connected()
  reader.incoming.resume()
  expect(reader.stream.readers).toBe(1)
  reader.stream[Symbol.dispose]()
  await once(reader.incoming, 'end')
  expect(reader.stream.readers).toBe(0)
})

it('tells a reader who comes back what it missed, and nothing twice', async () => {
  await using before = await connected()
  for (const data of ['a', 'b']) before.stream.send('request', data)
  const { ids } = await before.readTo('b')
  before.stream.send('request', 'c')
  await using again = await connected({ stream: before.stream, lastEventId: ids.at(-1) as string })
  before.stream.send('request', 'd')
  expect((await again.readTo('d')).data).toEqual(['c', 'd'])
})

it('tells a reader of the process before it all that happened since its start, a new reader nothing of it', async () => {
  const stream = new EventStream()
  stream.send('request', 'a')
  await using restarted = await connected({ stream, lastEventId: '0badcafe-7' })
  await using odd = await connected({ stream, lastEventId: '' })
  await using fresh = await connected({ stream })
  stream.send('request', 'b')
  expect((await restarted.readTo('b')).data).toEqual(['a', 'b'])
  expect((await odd.readTo('b')).data).toEqual(['a', 'b'])
  expect((await fresh.readTo('b')).data).toEqual(['b'])
})

it('keeps the last 200 events, and says how many are gone', async () => {
  const stream = new EventStream()
  for (let number = 1; number <= 205; number += 1) stream.send('request', number)
  await using reader = await connected({ stream, lastEventId: '' })
  const { data, ids } = await reader.readTo(205)
  expect(data.slice(0, 2)).toEqual([{ count: 5 }, 6])
  expect(data).toHaveLength(201)
  expect(ids.at(-1)).toMatch(/-205$/)
})
