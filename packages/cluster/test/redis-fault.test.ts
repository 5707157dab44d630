import { type Answer, ask, census } from '@session-cluster/visitor'
import { expect, test } from 'vitest'
import type { Cluster } from '../src/index.ts'
import { CHECK_MS, type SavedUser, savedUsers, testCluster } from './harness.ts'

/** What is aimed at; the assertions allow ten times as much, because machines differ. */
const GOAL = { answerMs: 300, healMs: 1000 }

interface Timed {
  readonly answer: Answer
  readonly tookMs: number
}

async function timed(send: () => Promise<Answer>): Promise<Timed> {
  const sentAt = performance.now()
  return { answer: await send(), tookMs: performance.now() - sentAt }
}

/** Redis is unreachable: a clear 503 at once for whoever needs it, and nothing else changes. */
async function expectClear503s(cluster: Cluster, users: readonly SavedUser[], how: string): Promise<void> {
  const reads = await Promise.all(users.map((user) => timed(() => user.ask('/get'))))
  const writes = await Promise.all(users.map((user) => timed(() => user.ask('/counter', { method: 'POST' }))))
  const newcomer = await timed(() => ask(new URL('/set?q=new', cluster.balancer.url)))
  const all = [...reads, ...writes, newcomer]
  const slowest = Math.max(...all.map(({ tookMs }) => tookMs))
  console.log(`Redis ${how}: slowest of ${all.length} answers ${slowest.toFixed(0)} ms (goal ${GOAL.answerMs})`)
  for (const { answer } of all) {
    expect([answer.status, answer.body]).toEqual([503, expect.stringMatching(/./)])
    expect(answer.headers['retry-after']).toMatch(/^\d+$/)
    // Never a silent fresh session. (The balancer has no cookie of its own in this mode.)
    expect(answer.headers['set-cookie']).toBeUndefined()
  }
  expect(slowest).toBeLessThan(GOAL.answerMs * 10)

  // What needs no session is served, and no node leaves the pool for a fault that is not its own.
  expect((await ask(new URL('/livez', cluster.node('a').url))).status).toBe(200)
  expect((await ask(new URL('/readyz', cluster.node('b').url))).status).toBe(200)
  const seen = await checkedSince(cluster, Date.now() + 3 * CHECK_MS)
  expect(seen.map(({ state }) => state)).toEqual(['up', 'up', 'up'])
}

/** The upstreams when the balancer has checked each of them after this time (epoch ms). */
async function checkedSince(cluster: Cluster, since: number) {
  const lastChecks = async () =>
    (await cluster.balancer.upstreams()).map(({ lastCheck }) => (lastCheck as { at: number }).at)
  await expect.poll(async () => Math.min(...(await lastChecks()))).toBeGreaterThan(since)
  return cluster.balancer.upstreams()
}

/** Every session from before is back, on every node, without any restart. */
async function expectHealed(cluster: Cluster, users: readonly SavedUser[], how: string, since: number): Promise<void> {
  for (const { url } of cluster.nodes) {
    for (const user of users) {
      await expect
        .poll(async () => (await user.look(url)).outcome, { timeout: GOAL.healMs * 10, interval: 10 })
        .toBe('found')
    }
  }
  const tookMs = performance.now() - since
  console.log(`Redis ${how} is back: all sessions served again after ${tookMs.toFixed(0)} ms (goal ${GOAL.healMs})`)
  expect(tookMs).toBeLessThan(GOAL.healMs * 10)
  expect((await census(users, cluster.nodes)).lost).toEqual([])
}

test('Redis hangs: clear 503s, and it heals by itself', async () => {
  await using cluster = await testCluster({ mode: 'clustered' })
  const users = await savedUsers(9, () => cluster.balancer.url)
  await cluster.redis?.freeze()
  await expectClear503s(cluster, users, 'frozen')
  await cluster.redis?.thaw()
  await expectHealed(cluster, users, 'frozen', performance.now())
})

test('Redis is killed and refuses: clear 503s, and it heals by itself when Redis is started again', async () => {
  await using cluster = await testCluster({ mode: 'clustered', redis: { appendOnly: true } })
  const users = await savedUsers(9, () => cluster.balancer.url)
  await cluster.redis?.crash()
  await expectClear503s(cluster, users, 'refused')
  await cluster.redis?.start()
  await expectHealed(cluster, users, 'refused', performance.now())
})

test('the link to Redis hangs or breaks while Redis is well: the same', async () => {
  await using cluster = await testCluster({ mode: 'clustered', links: { redis: true } })
  const users = await savedUsers(6, () => cluster.balancer.url)
  cluster.redisLink?.freeze()
  await expectClear503s(cluster, users, 'behind a hung link')
  cluster.redisLink?.thaw()
  await expectHealed(cluster, users, 'behind a hung link', performance.now())
  await cluster.redisLink?.refuse()
  await expectClear503s(cluster, users, 'behind a broken link')
  await cluster.redisLink?.accept()
  await expectHealed(cluster, users, 'behind a broken link', performance.now())
})
