import { describe, expect, test } from 'vitest'
import { testBalancer } from './support/balancer.ts'
import { RawClient } from './support/client.ts'
import { inTurns } from './support/in-turns.ts'
import { type RawNode, rawNode } from './support/node.ts'

const get = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
const upgrade = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** A node that says this to whatever it is asked. */
const saying = (answer: string): Promise<RawNode> =>
  rawNode('a', (socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(answer, 'latin1')
  })

const OK = 'HTTP/1.1 200 OK\r\nX-A: b\r\n'
/** Answers that are no switch, each with the end of what a client sees of it before the node's end of the connection. */
const answers: Record<string, readonly [answer: string, seen: string]> = {
  'a length': [`${OK}Content-Length: 5\r\n\r\nhello`, 'hello'],
  'half a length': [`${OK}Content-Length: 9\r\n\r\nhello`, 'hello'],
  chunks: [`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, '0\r\n\r\n'],
  'half the chunks': [`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, 'hello\r\n'],
  'half a chunk': [`${OK}Transfer-Encoding: chunked\r\n\r\n9\r\nhello`, 'hello\r\n'],
  'no framing': [`${OK}\r\nhello`, 'hello\r\n'],
  'HTTP/1.0': ['HTTP/1.0 200 OK\r\n\r\nhello', 'hello\r\n'],
  'a 204': ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', '\r\n\r\n'],
  'a 304': ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '\r\n\r\n'],
  'a 426': ['HTTP/1.1 426 U\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n', '\r\n\r\n'],
  'early hints': [`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, 'ok'],
  'a 100 that nobody asked for': [`HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, 'ok'],
  'bytes above 127': ['HTTP/1.1 200 caf\xe9\r\nX-A: \xe9\r\nContent-Length: 2\r\n\r\nok', 'ok'],
  'a coding': [`${OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`, ''],
  'a length and chunks': [`${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`, ''],
  'a switch that does not say to what': ['HTTP/1.1 101 Switching Protocols\r\n\r\nabc', ''],
  'a switch to another protocol': [
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\nabc',
    '',
  ],
}
const ends = ['stays', 'closes', 'resets'] as const

/** What a client got: every head with the fields that an answer's end and its connection have no part in, and the body's bytes. */
function seenBy({ received }: RawClient): string {
  return received.replace(/^(?:x-request-id|date|keep-alive|connection): .*\r\n/gim, '')
}

describe('an upgrade that its node does not make is answered as a GET would be', () => {
  const cases = Object.entries(answers).flatMap(([name, given]) => ends.map((end) => [name, end, ...given] as const))

  test('to the byte, and cut where that is cut', async () => {
    await inTurns(cases, async ([name, end, answer, seen]) => {
      const got = await Promise.all(
        [get, upgrade].map(async (text) => {
          await using node = await saying(answer)
          const bounds = { timeouts: { idleTimeoutMs: 400 }, front: { keepAliveMs: 400 } }
          await using lb = await testBalancer({ nodes: [node], ...bounds })
          await using client = new RawClient(lb.port).send(text)
          await expect.poll(() => client.received.endsWith(seen) && client.received.includes('\r\n\r\n')).toBe(true)
          for (const socket of node.sockets) {
            if (end === 'closes') socket.end()
            if (end === 'resets') socket.resetAndDestroy()
          }
          await expect.poll(() => client.closed).toBe(true)
          return { seen: seenBy(client), ends: lb.done.map(({ status, termination }) => `${status} ${termination}`) }
        }),
      )
      expect([name, end, got[1]]).toEqual([name, end, got[0]])
    })
  })
})
