import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { actions, slowSessions } from '../../test/differential/cells.ts'
import { ask, closeClient } from '../../test/differential/client.ts'
import { frameworks, routes, serve } from '../../test/differential/frameworks.ts'

const count = process.env.TEST_BUDGET === 'full' ? 2000 : 300
afterAll(closeClient)

/** A request as no honest client sends it: its cookie is anything, and it may leave at any moment. */
const anything = fc.record({
  path: fc.constantFrom(...Object.values(routes).map(({ path }) => path as string)),
  action: fc.constantFrom(...Object.keys(actions)),
  cookie: fc.oneof(
    fc.constant('own'),
    fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `SESSION=${text}`),
    fc.string({ maxLength: 200 }),
  ),
  leavesAfter: fc.option(fc.nat({ max: 400 }), { freq: 2 }),
})

/** Sends it and leaves after so many bytes of the answer, or when it has ended. */
async function send(port: number, path: string, headers: string, leavesAfter: number | null): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  let received = 0
  socket.on('data', (chunk) => {
    received += chunk.length
    if (leavesAfter !== null && received >= leavesAfter) socket.destroy()
  })
  socket.write(Buffer.from(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`, 'latin1'))
  if (leavesAfter === 0) socket.destroy()
  await once(socket, 'close')
}

describe.each(Object.keys(frameworks))('%s', { timeout: 300_000 }, (name) => {
  it('outlives whatever clients send, and clients that leave', async () => {
    const sessions = slowSessions()
    let action = 'untouched'
    const act = (request: object) => actions[action]?.act(sessions.of(request))
    await using server = await serve((frameworks[name] as (typeof frameworks)[string])(act, sessions))
    const { port } = server as { port: AddressInfo['port'] }
    let own = ''
    for (const group of chunks(fc.sample(anything, { numRuns: Math.ceil(count / 6), seed: 1 }), 8)) {
      action = 'written, new'
      const { setCookies } = await ask(port, { path: '/text' })
      own = setCookies[0]?.split(';')[0] ?? own
      // Eight at once, of one session for the most part.
      action = group[0]?.action ?? action
      await Promise.all(
        group.map(({ path, cookie, leavesAfter }) =>
          send(port, path, `cookie: ${cookie === 'own' ? own : cookie.replaceAll(/[\r\n]/g, '')}\r\n`, leavesAfter),
        ),
      )
    }
    action = 'untouched'
    expect(await ask(port, { path: '/text' })).toMatchObject({ status: 200, end: 'complete' })
  })
})

function* chunks<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size)
}
