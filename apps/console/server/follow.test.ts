import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { eventParser, type FollowedEvent, follow } from './follow.ts'

describe('eventParser', () => {
  const collect = (...chunks: string[]) => {
    const events: FollowedEvent[] = []
    const feed = eventParser((event) => events.push(event))
    for (const chunk of chunks) feed(chunk)
    return events
  }

  it('puts an event together from any pieces', () => {
    expect(collect('event: do', 'ne\ndata: {"a"', ':1}\n', '\n')).toEqual([{ event: 'done', data: { a: 1 } }])
  })

  it('reads CRLF, comments, several lines of data and a default name', () => {
    expect(collect(': hello\r\n\r\n', 'data: [1,\r\ndata: 2]\r\n\r\n')).toEqual([{ event: 'message', data: [1, 2] }])
  })

  it('reads an id', () => {
    expect(collect('id: 3f-7\ndata: 1\n\n')).toEqual([{ event: 'message', data: 1, id: '3f-7' }])
  })

  it('leaves out what is not JSON', () => {
    expect(collect('data: nonsense\n\ndata: 1\n\n')).toEqual([{ event: 'message', data: 1 }])
  })
})

describe('follow', () => {
  it('connects again after a break, with its token and the last id it heard', async () => {
    const tokens: (string | undefined)[] = []
    const ids: (string | string[] | undefined)[] = []
    const server = createServer((request, response) => {
      tokens.push(request.headers.authorization)
      ids.push(request.headers['last-event-id'])
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(tokens.length === 1 ? ': nothing yet\n\n' : `id: x-${tokens.length}\ndata: ${tokens.length}\n\n`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const stop = new AbortController()
    const seen: unknown[] = []
    const { port } = server.address() as AddressInfo
    const following = follow(`http://127.0.0.1:${port}/events`, ({ data }) => seen.push(data), stop.signal, {
      token: 'secret',
      retryMs: 1,
    })
    await expect.poll(() => seen).toContain(3)
    stop.abort()
    await following
    server.close()
    expect(tokens.slice(0, 3)).toEqual(Array(3).fill('Bearer secret'))
    expect(ids.slice(0, 3)).toEqual([undefined, '', 'x-2'])
  })
})
