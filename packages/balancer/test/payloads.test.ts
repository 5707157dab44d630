import { describe, expect, test } from 'vitest'
import { engineNames, testBalancer } from './support/balancer.ts'
import { certificate } from './support/certificate.ts'
import { RawClient } from './support/client.ts'
import { connectRaw, request } from './support/http2-frames.ts'
import { inTurns } from './support/in-turns.ts'
import { type RawNode, rawNode } from './support/node.ts'
import { http1Payloads, http2Payloads } from './support/payloads.ts'
import { readRequests } from './support/read-requests.ts'

/** All of them when the budget is full; otherwise every fifth, another fifth on each engine. */
const some = <T>(all: readonly T[], offset: number): T[] =>
  process.env.TEST_BUDGET === 'full' ? [...all] : all.filter((_, i) => i % 5 === offset)

const bounds = {
  front: { headersTimeoutMs: 400, keepAliveMs: 400 },
  timeouts: { idleTimeoutMs: 400, headersTimeoutMs: 800 },
}

/** A node that answers whatever it reads, to the letter, and remembers every byte. */
const recordingNode = (): Promise<RawNode> =>
  rawNode('a', (socket, text) => {
    try {
      const answers = readRequests(text).length - ((socket as { answered?: number }).answered ?? 0)
      Object.assign(socket, { answered: readRequests(text).length })
      for (let i = 0; i < answers; i++) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    } catch {
      socket.destroy()
    }
  })

const ids = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`

describe.each(engineNames)(
  'whatever clients send, a node reads what the balancer has judged, and nothing else [%s]',
  (engine) => {
    const offset = engine === 'direct' ? 0 : 1

    test('over HTTP/1.1; and every connection ends in time', { timeout: 120_000 }, async () => {
      await using node = await recordingNode()
      await using lb = await testBalancer({ engine, nodes: [node], passive: { failures: 0 }, ...bounds })
      const payloads = some(http1Payloads, offset)
      expect(payloads.length).toBeGreaterThan(60)
      await inTurns(payloads, async ({ name, bytes }, i) => {
        await using client = new RawClient(lb.port)
        client.send(`${bytes.replaceAll('/P', `/p${i}`)}GET /p${i}/behind HTTP/1.1\r\nHost: x\r\n\r\n`)
        await expect.poll(() => [name, client.closed], { interval: 20 }).toEqual([name, true])
      })
      await expect.poll(() => lb.balancer.load.active).toBe(0)
      const judged = lb.decisions.filter(({ upstream }) => upstream !== undefined)
      const read = node.received.flatMap(readRequests)
      const unread = judged.map((decision) => ({ id: ids(decision), requestId: decision.requestId }))
      for (const id of read.map(ids)) {
        expect(unread.map((each) => each.id)).toContain(id)
        unread.splice(
          unread.findIndex((each) => each.id === id),
          1,
        )
      }
      // A request that broke off in the middle of its body was judged and never became whole.
      const answered = new Set(lb.done.filter(({ status }) => status === 200).map(({ requestId }) => requestId))
      expect(unread.filter(({ requestId }) => answered.has(requestId))).toEqual([])
      expect(read.length).toBeGreaterThan(10)
      expect(read.filter(({ path }) => path.endsWith('/inner'))).toEqual([])
    })

    test('over HTTP/2', { timeout: 120_000 }, async () => {
      await using node = await recordingNode()
      const front = { ...bounds.front, tls: certificate('payloads') }
      await using lb = await testBalancer({ engine, nodes: [node], passive: { failures: 0 }, ...bounds, front })
      const payloads = some(http2Payloads, offset)
      await inTurns(payloads, async ({ fields, body }, i) => {
        const socket = connectRaw(lb.port)
        const closed = new Promise((resolve) => socket.once('close', resolve))
        socket.write(
          request(
            fields.map(([name, value]) => [name, value.replaceAll('/P', `/p${i}`)]),
            body,
          ),
        )
        await closed
      })
      await expect.poll(() => lb.balancer.load.active).toBe(0)
      const read = node.received.flatMap(readRequests)
      const whole = lb.done.filter(({ upstream, status }) => upstream !== undefined && status === 200)
      expect(read.map(ids).toSorted()).toEqual(whole.map(ids).toSorted())
      expect(read.filter(({ path }) => path.endsWith('/inner'))).toEqual([])
      expect(node.received.join('')).not.toMatch(/x-inner/i)
    })
  },
)
