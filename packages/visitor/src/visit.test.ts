import { createServer, type RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { census } from './census.ts'
import { ask } from './client.ts'
import { seededRandom } from './random.ts'
import { Traffic } from './traffic.ts'
import { VirtualUser } from './virtual-user.ts'
import { judge } from './visit.ts'

/** A server on loopback for one test. */
async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Long enough for a busy machine to answer; only what hangs takes so long. */
const timeoutMs = 4000
const newUser = (base: string, seed = 1) =>
  new VirtualUser({ name: `user-${seed}`, base, random: seededRandom(seed), timeoutMs })

test.each([
  [200, 'mine', 'found'],
  [200, 'another’s', 'miss'],
  [200, '', 'miss'],
  [404, 'not found', 'miss'],
  [503, 'mine', 'error'],
  [500, '', 'error'],
  [409, '', 'error'],
] as const)('an answer %i %j is a %s', (status, body, outcome) => {
  expect(judge({ status, body, headers: {}, node: 'a' }, 'mine')).toBe(outcome)
})

test('a server that hangs is an error after the bound, and one that is gone at once', async () => {
  await using hung = await serve(() => {})
  expect(await newUser(hung.url).visit()).toMatchObject({
    outcome: 'error',
    status: undefined,
    detail: expect.stringContaining('in time'),
  })
  expect(await newUser('http://127.0.0.1:1').visit()).toMatchObject({
    outcome: 'error',
    detail: expect.stringContaining('ECONNREFUSED'),
  })
})

test('a user keeps its cookies and sends them back; a look changes none', async () => {
  const seen: (string | undefined)[] = []
  await using server = await serve((request, response) => {
    seen.push(request.headers.cookie)
    response.setHeader('set-cookie', `visits=${seen.length}`).end()
  })
  const user = newUser(server.url)
  await user.visit()
  await user.look(server.url)
  await user.visit()
  expect(seen).toEqual([undefined, 'visits=1', 'visits=1'])
})

test('the same seed makes the same tokens, another seed others', () => {
  expect(newUser('http://x', 1).token).toBe(newUser('http://x', 1).token)
  expect(newUser('http://x', 1).token).not.toBe(newUser('http://x', 2).token)
})

test('a census tells who knows whom, and refuses to guess when a node does not answer', async () => {
  const [one, other] = [newUser('http://x', 1), newUser('http://x', 2)]
  await using knows = await serve((_, response) => response.end(one.token))
  await using empty = await serve((_, response) => response.writeHead(404).end())
  const nodes = [
    { name: 'a', url: knows.url },
    { name: 'b', url: empty.url },
  ]
  const { knownBy, lost } = await census([one, other], nodes)
  expect([...knownBy]).toEqual([
    ['user-1', ['a']],
    ['user-2', []],
  ])
  expect(lost).toEqual(['user-2'])
  await expect(census([one], [{ name: 'c', url: 'http://127.0.0.1:1' }])).rejects.toThrow('node c did not answer')
})

test('traffic goes on while a server hangs, and every visit is counted once', async () => {
  let asked = 0
  await using server = await serve((_, response) => {
    asked++
    if (asked % 2) response.writeHead(404).end()
  })
  const traffic = Traffic.start({ users: [newUser(server.url)], perSecond: 500, random: seededRandom(3) })
  await expect.poll(() => asked).toBeGreaterThan(40)
  const { counts, total, trouble } = await traffic.stop()
  expect(total).toBe(asked)
  expect(counts.found).toBe(0)
  expect(counts.miss).toBe(Math.ceil(asked / 2))
  expect(counts.error).toBe(Math.floor(asked / 2))
  expect(trouble).toHaveLength(asked)
})

test('a request on a connection that the server had just closed is sent once more, unless it is a POST', async () => {
  const asked: string[] = []
  await using server = await serve((request, response) => {
    asked.push(request.method ?? '')
    if (asked.length % 2) response.end('first')
    else request.socket.resetAndDestroy()
  })
  for (const method of ['GET', 'POST']) {
    asked.length = 0
    await ask(server.url)
    const again = ask(server.url, { method })
    if (method === 'GET') expect((await again).body).toBe('first')
    else await expect(again).rejects.toMatchObject({ code: 'ECONNRESET' })
  }
})
