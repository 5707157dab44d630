import { describe, expect, test } from 'vitest'
import type { Cluster } from '../src/index.ts'
import { type SavedUser, savedUsers, testCluster } from './harness.ts'

/** A node that does not answer its health checks any more, until it is thawed. */
async function takeOut(cluster: Cluster, name: string): Promise<void> {
  await cluster.node(name).freeze()
  await cluster.balancer.untilSeen([name], 'down')
}

async function bringBack(cluster: Cluster, name: string): Promise<void> {
  await cluster.node(name).thaw()
  await cluster.balancer.untilSeen([name], 'up')
}

/** One user who saved `first` on a node, which is then taken out. */
async function movedUser(cluster: Cluster): Promise<{ user: SavedUser; from: string; to: string }> {
  const [user] = await savedUsers(1, () => cluster.balancer.url)
  if (!user) throw new Error('no user')
  await user.ask('/set?q=first')
  await takeOut(cluster, user.home)
  const to = cluster.nodes.map(({ name }) => name).find((name) => name !== user.home) ?? ''
  return { user, from: user.home, to }
}

describe('case 51: a client goes from a to b and back to a', () => {
  test('sticky, it wrote on b: a does not serve its stale copy, because b gave the client a session of its own', async () => {
    await using cluster = await testCluster({ mode: 'sticky', nodes: 2 })
    const { user, from, to } = await movedUser(cluster)
    expect((await user.ask('/get')).status).toBe(404)
    expect((await user.ask('/set?q=second')).node).toBe(to)
    await bringBack(cluster, from)
    // It stays moved while b lives (case 18) …
    expect((await user.ask('/get')).body).toBe('second')
    await takeOut(cluster, to)
    // … and is back on a, which still holds `first` under an id that this client no longer has.
    const back = await user.ask('/get')
    expect([back.node, back.status]).toEqual([from, 404])
    expect(back.body).not.toContain('first')
    await cluster.node(to).thaw()
  })

  test('sticky, it only read on b: what a serves again is the only copy there is', async () => {
    await using cluster = await testCluster({ mode: 'sticky', nodes: 2 })
    const { user, from, to } = await movedUser(cluster)
    expect((await user.ask('/get')).status).toBe(404)
    await bringBack(cluster, from)
    await takeOut(cluster, to)
    const back = await user.ask('/get')
    expect([back.node, back.body]).toEqual([from, 'first'])
    await cluster.node(to).thaw()
  })

  test('local, over direct ports: what was written on b replaced the cookie, so a knows the client no more', async () => {
    await using cluster = await testCluster({ mode: 'local', nodes: 2 })
    const [a, b] = [cluster.node('a').url, cluster.node('b').url]
    const [user] = await savedUsers(1, () => a)
    if (!user) throw new Error('no user')
    await user.ask('/set?q=second', { base: b })
    expect((await user.ask('/get', { base: a })).status).toBe(404)
    expect((await user.ask('/get', { base: b })).body).toBe('second')
  })

  test('clustered: a serves what was written on b', async () => {
    await using cluster = await testCluster({ mode: 'clustered', nodes: 2 })
    const { user, from, to } = await movedUser(cluster)
    expect((await user.ask('/get')).body).toBe('first')
    expect((await user.ask('/set?q=second')).node).toBe(to)
    await bringBack(cluster, from)
    await takeOut(cluster, to)
    const back = await user.ask('/get')
    expect([back.node, back.body]).toEqual([from, 'second'])
    await cluster.node(to).thaw()
  })
})
