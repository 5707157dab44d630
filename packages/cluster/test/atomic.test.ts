import { type Answer, ask } from '@session-cluster/visitor'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { savedUsers, testCluster } from './harness.ts'

test('50 increments at once over three nodes end at 50, each answered with its own number', async () => {
  await using cluster = await testCluster({ mode: 'clustered' })
  const [user] = await savedUsers(1, () => cluster.balancer.url)
  if (!user) throw new Error('no user')
  const nodes = cluster.nodes
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      user.ask('/counter', { method: 'POST', base: nodes[index % 3]?.url ?? '' }),
    ),
  )
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  const numbers = answers.map(({ body }) => Number(body)).toSorted((one, other) => one - other)
  expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
  for (const { url } of nodes) expect((await user.ask('/counter', { base: url })).body).toBe('50')
  // Other attributes of the session are as they were.
  expect((await user.visit()).outcome).toBe('found')
})

test('a logout that races writes on all nodes stays a logout', async () => {
  await using cluster = await testCluster({ mode: 'clustered' })
  const nodes = cluster.nodes
  const statuses = new Set<number>()
  for (const [round, user] of (await savedUsers(20, () => cluster.balancer.url)).entries()) {
    const cookie = `SESSION=${user.jar.get('SESSION')}`
    const send = (method: string, path: string, index: number): Promise<Answer> =>
      ask(new URL(path, nodes[index % 3]?.url), { method, headers: { cookie } })
    // Atomic updates and plain writes, before and after the logout, on every node.
    const write = (index: number) => [
      send('POST', '/counter', index),
      send('POST', `/cart/add?item=i${index}`, index + 1),
      send('GET', '/set?q=late', index + 2),
    ]
    const writes = [0, 1, 2].flatMap(write)
    const logout = send('POST', '/logout', round)
    const more = [3, 4, 5].flatMap(write)

    expect((await logout).status).toBe(200)
    const answers = await Promise.all([...writes, ...more])
    for (const { status } of answers) statuses.add(status)
    for (const { url } of nodes) {
      for (const path of ['/get', '/counter', '/cart']) {
        const { status } = await ask(new URL(path, url), { headers: { cookie } })
        expect(status, `${path} after the logout in round ${round}`).toBe(404)
      }
    }
    // A write that came after the logout made a new session; it never took the dead one's id.
    const given = answers.flatMap(({ headers }) => headers['set-cookie'] ?? [])
    for (const line of given) expect(line).not.toContain(user.jar.get('SESSION'))
  }
  await expectWholeSessions(cluster.redis?.url ?? '')
  // A write is done, or refused because the session has ended: nothing else.
  expect([...statuses].filter((status) => status !== 200 && status !== 409)).toEqual([])
})

/** No write has left a piece of a dead session behind: every hash is whole, and will end. */
async function expectWholeSessions(url: string): Promise<void> {
  const client = new Redis(url)
  const keys = await client.keys('*:sessions:*')
  expect(keys.length).toBeGreaterThan(0)
  for (const key of keys) {
    expect(await client.hexists(key, 'creationTime'), `${key} is half a session`).toBe(1)
    expect(await client.pttl(key), `${key} never ends`).toBeGreaterThan(0)
  }
  client.disconnect()
}
