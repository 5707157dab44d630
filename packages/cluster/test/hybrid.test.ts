import { census, seededRandom, ask as send, Traffic, VirtualUser } from '@session-cluster/visitor'
import { describe, expect, test } from 'vitest'
import type { Cluster } from '../src/index.ts'
import { madeOn, savedUsers, testCluster } from './harness.ts'

/** What a node has asked of Redis so far. */
async function commandsOf(cluster: Cluster, name: string): Promise<number> {
  const { body } = await send(new URL('/inspect', cluster.node(name).adminUrl))
  return (JSON.parse(body) as { store: { commands: number } }).store.commands
}

/** Whether this node serves the session of whoever has these cookies. */
async function serves(cluster: Cluster, name: string, cookie: string): Promise<boolean> {
  const { status } = await send(new URL('/get', cluster.node(name).url), { headers: { cookie } })
  expect([200, 404]).toContain(status)
  return status === 200
}

/** Has every node read it, and keep it in memory. */
async function everywhere(cluster: Cluster, cookie: string): Promise<void> {
  for (const { name } of cluster.nodes) {
    await expect
      .poll(async () => {
        const before = await commandsOf(cluster, name)
        expect(await serves(cluster, name, cookie)).toBe(true)
        return (await commandsOf(cluster, name)) - before
      })
      .toBe(0)
  }
}

describe('hybrid', () => {
  test('a user comes back to one server, which asks Redis no more; another one knows the session too', async () => {
    await using cluster = await testCluster({ mode: 'hybrid' })
    const [user] = await savedUsers(1, () => cluster.balancer.url)
    const home = user?.home ?? ''
    await expect
      .poll(async () => {
        const before = await commandsOf(cluster, home)
        expect(await user?.visit()).toMatchObject({ node: home, outcome: 'found' })
        return (await commandsOf(cluster, home)) - before
      })
      .toBe(0)
    for (const { url } of cluster.nodes) expect(await user?.look(url)).toMatchObject({ outcome: 'found' })
  })

  test('nothing is lost and nobody notices when a server is killed', async () => {
    await using cluster = await testCluster({ mode: 'hybrid' })
    const users = await savedUsers(30, () => cluster.balancer.url)
    expect(madeOn(users, 'b').length).toBeGreaterThan(5)
    const unseen = new Set(users.map(({ name }) => name))
    let killedAt = Number.POSITIVE_INFINITY
    const traffic = Traffic.start({
      users,
      perSecond: 150,
      random: seededRandom(3),
      onVisit: ({ user, sentAt }) => sentAt > killedAt && unseen.delete(user),
    })
    await expect.poll(() => traffic.tally.total).toBeGreaterThan(60)
    await cluster.node('b').crash()
    killedAt = performance.now()
    await expect.poll(() => unseen.size).toBe(0)
    const tally = await traffic.stop()
    const { lost } = await census(users, [cluster.node('a'), cluster.node('c')])
    expect(lost).toEqual([])
    expect(tally.trouble).toEqual([])
  })

  test('who has logged out is served by no server that had the session in memory, stopped meanwhile or not', async () => {
    await using cluster = await testCluster({ mode: 'hybrid' })
    const random = seededRandom(5)
    for (const frozen of [false, true]) {
      const user = new VirtualUser({ name: `frozen ${frozen}`, base: cluster.node('a').url, random })
      await user.save()
      const cookie = user.jar.header ?? ''
      await everywhere(cluster, cookie)
      if (frozen) await cluster.node('b').freeze()
      expect((await user.ask('/logout', { method: 'POST' })).status).toBeLessThan(400)
      const asked = ['a', 'b', 'c'].map((name) => serves(cluster, name, cookie))
      if (frozen) await cluster.node('b').thaw()
      expect(await Promise.all(asked)).toEqual([false, false, false])
    }
  })
})
