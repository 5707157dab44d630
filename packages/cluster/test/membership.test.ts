import { census, seededRandom, Traffic } from '@session-cluster/visitor'
import { expect, test } from 'vitest'
import { madeOn, savedUsers, testCluster } from './harness.ts'

const USERS = 24

test('clustered: d takes its share when it is added, a leaves, and no request fails', async () => {
  await using cluster = await testCluster({ mode: 'clustered' })
  const users = await savedUsers(USERS, () => cluster.balancer.url)
  await using traffic = Traffic.start({ users, perSecond: 150, random: seededRandom(4) })

  await cluster.addNode('d')
  await expect.poll(() => traffic.tally.byNode.d ?? 0).toBeGreaterThan(20)
  await cluster.removeNode('a')
  const before = traffic.tally.byNode.a
  const total = traffic.tally.total
  await expect.poll(() => traffic.tally.total).toBeGreaterThan(total + 60)

  const tally = await traffic.stop()
  expect(tally.trouble).toEqual([])
  expect(tally.byNode.a).toBe(before)
  expect((await census(users, cluster.nodes)).lost).toEqual([])
  expect(cluster.nodes.map(({ name }) => name)).toEqual(['b', 'c', 'd'])
})

test('sticky: d stays idle until new users come; removing a loses exactly its sessions, without an error', async () => {
  await using cluster = await testCluster({ mode: 'sticky' })
  const users = await savedUsers(USERS, () => cluster.balancer.url)
  await using traffic = Traffic.start({ users, perSecond: 150, random: seededRandom(5) })

  await cluster.addNode('d')
  const total = traffic.tally.total
  await expect.poll(() => traffic.tally.total).toBeGreaterThan(total + 60)
  expect(traffic.tally.byNode.d).toBeUndefined()
  expect(traffic.tally.trouble).toEqual([])
  const newcomers = await savedUsers(4, () => cluster.balancer.url, 6)
  expect(madeOn(newcomers, 'd')).toHaveLength(1)

  await cluster.removeNode('a')
  const tally = await traffic.stop()
  const everyone = [...users, ...newcomers]
  const { lost } = await census(everyone, cluster.nodes)
  expect(lost).toEqual(madeOn(everyone, 'a'))
  expect(lost).not.toEqual([])
  expect(tally.counts.error, JSON.stringify(tally.trouble.filter(({ outcome }) => outcome === 'error'))).toBe(0)
})

test('local: a removed node takes its sessions with it; through the balancer a new node adds misses', async () => {
  await using cluster = await testCluster({ mode: 'local', nodes: 2 })
  const [user] = await savedUsers(1, () => cluster.balancer.url)
  if (!user) throw new Error('no user')
  await cluster.addNode()
  const outcomes = []
  for (let turn = 0; turn < 6; turn++) outcomes.push((await user.visit()).outcome)
  expect(outcomes.filter((outcome) => outcome === 'found')).toHaveLength(2)
  await cluster.removeNode(user.home)
  expect((await census([user], cluster.nodes)).lost).toEqual([user.name])
})
