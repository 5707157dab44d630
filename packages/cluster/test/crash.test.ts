import { census, seededRandom, type Tally, Traffic } from '@session-cluster/visitor'
import { describe, expect, test } from 'vitest'
import type { Cluster } from '../src/index.ts'
import { madeOn, type SavedUser, savedUsers, testCluster } from './harness.ts'

/** Visits keep coming while b is killed; they end when every user has been answered after the kill. */
async function crashUnderLoad(cluster: Cluster, users: readonly SavedUser[]): Promise<Tally> {
  const unseen = new Set(users.map(({ name }) => name))
  let killedAt = Number.POSITIVE_INFINITY
  const traffic = Traffic.start({
    users,
    perSecond: 150,
    random: seededRandom(3),
    onVisit: ({ user, sentAt }) => sentAt > killedAt && unseen.delete(user),
  })
  await expect.poll(() => traffic.tally.total).toBeGreaterThan(60)
  expect(traffic.tally.counts).toMatchObject({ miss: 0, error: 0 })
  await cluster.node('b').crash()
  killedAt = performance.now()
  await expect.poll(() => unseen.size).toBe(0)
  await cluster.balancer.untilSeen(['b'], 'down')
  return traffic.stop()
}

const USERS = 30

describe('b is killed under load', () => {
  test('local: exactly the sessions made on b are lost', async () => {
    await using cluster = await testCluster({ mode: 'local' })
    // Each client on its own direct port.
    const users = await savedUsers(USERS, (index) => cluster.nodes[index % 3]?.url ?? '')
    const tally = await crashUnderLoad(cluster, users)
    const { lost } = await census(users, [cluster.node('a'), cluster.node('c')])
    expect(lost).toHaveLength(USERS / 3)
    expect(lost).toEqual(madeOn(users, 'b'))
    // Nobody answers on b's port, which is an error and no miss; nobody else notices.
    expect(tally.counts.miss).toBe(0)
    expect(new Set(tally.trouble.map(({ user }) => user))).toEqual(new Set(lost))
  })

  test('sticky: exactly the sessions made on b are lost; their users are moved and miss them', async () => {
    await using cluster = await testCluster({ mode: 'sticky' })
    const users = await savedUsers(USERS, () => cluster.balancer.url)
    const tally = await crashUnderLoad(cluster, users)
    const { lost } = await census(users, [cluster.node('a'), cluster.node('c')])
    expect(lost).toHaveLength(USERS / 3)
    expect(lost).toEqual(madeOn(users, 'b'))
    // The balancer repeats on another node what b did not answer: a miss there, no error.
    expect(tally.counts.error, JSON.stringify(tally.trouble.filter(({ outcome }) => outcome === 'error'))).toBe(0)
    expect(new Set(tally.trouble.map(({ user }) => user))).toEqual(new Set(lost))
  })

  test('clustered: nothing is lost and nobody notices', async () => {
    await using cluster = await testCluster({ mode: 'clustered' })
    const users = await savedUsers(USERS, () => cluster.balancer.url)
    const tally = await crashUnderLoad(cluster, users)
    const { lost } = await census(users, [cluster.node('a'), cluster.node('c')])
    expect(madeOn(users, 'b')).toHaveLength(USERS / 3)
    expect(lost).toEqual([])
    expect(tally.trouble).toEqual([])
  })
})
