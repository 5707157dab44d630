import { census, seededRandom, Traffic, VirtualUser } from '@session-cluster/visitor'
import { expect, test } from 'vitest'
import { savedUsers, testCluster } from './harness.ts'

test('clustered: every node is restarted under load, reads and writes, and no request fails', async () => {
  await using cluster = await testCluster({ mode: 'clustered' })
  const users = await savedUsers(24, () => cluster.balancer.url)
  const writer = new VirtualUser({ name: 'writer', base: cluster.balancer.url, random: seededRandom(8) })
  const pids = cluster.nodes.map(({ pid }) => pid)
  await using traffic = Traffic.start({ users, perSecond: 100, random: seededRandom(7) })

  let over = false
  const writes = (async () => {
    const answers = []
    while (!over) answers.push(await writer.ask('/counter', { method: 'POST' }))
    return answers
  })()
  await cluster.rollingRestart()
  over = true

  const answers = await writes
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  // Each write was done exactly once: the answers count up without a gap.
  expect(answers.map(({ body }) => Number(body))).toEqual(answers.map((_, index) => index + 1))
  const tally = await traffic.stop()
  expect(tally.trouble).toEqual([])
  expect(Object.keys(tally.byNode).toSorted()).toEqual(['a', 'b', 'c'])
  expect((await census(users, cluster.nodes)).lost).toEqual([])
  expect(cluster.nodes.some(({ pid }, index) => pid === pids[index])).toBe(false)
})

test('a rolling restart with other variables is an upgrade: every node has them, also when it is started again later', async () => {
  await using cluster = await testCluster({ mode: 'clustered', nodes: 2 })
  const ask = (path: string, init: RequestInit = {}) => fetch(`${cluster.node('a').url}${path}`, init)
  expect((await ask('/context?user=Alice', { method: 'POST' })).status).toBe(422)
  await cluster.rollingRestart({ SESSION_CODEC: 'registry' })
  for (const again of [false, true]) {
    if (again) {
      await cluster.node('a').crash()
      await cluster.node('a').start()
    }
    const saved = await ask('/context?user=Alice', { method: 'POST' })
    const cookie = saved.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const back = await ask('/context', { headers: { cookie, accept: 'application/json' } })
    expect(await back.json()).toMatchObject({ isInstance: true, codec: 'registry' })
  }
})
