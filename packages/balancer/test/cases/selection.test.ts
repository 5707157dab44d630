import { expect } from 'vitest'
import { caseOf, testBalancer } from '../support/balancer.ts'
import { type Answer, ask, askInTurn } from '../support/client.ts'
import { holds } from '../support/held.ts'
import { type TestNode, testNodes } from '../support/node.ts'

const off = Number.POSITIVE_INFINITY

const weighted = (nodes: readonly TestNode[], weights: readonly number[]) =>
  nodes.map((node, i) => ({ upstream: { ...node.upstream, weight: weights[i] ?? 1 } }))

/** Which node each key goes to. */
async function placesOf(url: string, keys: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(keys.map((key) => ask(url, { headers: { 'x-key': key } })))
  return answers.map((answer) => answer.body)
}

const keys = Array.from({ length: 300 }, (_, i) => `key-${i}`)
const hashed = { policy: 'consistent-hash', hash: { on: 'header:x-key', loadFactor: off } } as const

caseOf(1, 'round robin keeps its exact order', async (engine) => {
  await using nodes = await testNodes(3)
  await using lb = await testBalancer({ engine, nodes })
  expect(await askInTurn(lb.url, 7)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a'])
})

caseOf(2, 'a node that is down is skipped and takes its place again on its return', async (engine) => {
  await using nodes = await testNodes(3)
  await using lb = await testBalancer({ engine, nodes, health: { intervalMs: 20, jitter: 0 } })
  const [, b] = nodes
  if (b) b.ready = false
  await expect.poll(() => lb.stateOf('b')).toBe('down')
  expect(await askInTurn(lb.url, 4)).toEqual(['a', 'c', 'a', 'c'])
  if (b) b.ready = true
  await expect.poll(() => lb.stateOf('b')).toBe('up')
  const after = await askInTurn(lb.url, 3)
  expect(lb.isOurs ? after : after.toSorted()).toEqual(['a', 'b', 'c'])
})

caseOf(3, 'weights 5:1:1 interleave', async (engine) => {
  await using nodes = await testNodes(3)
  await using lb = await testBalancer({ engine, nodes: weighted(nodes, [5, 1, 1]), policy: 'weighted-round-robin' })
  expect(await askInTurn(lb.url, 14)).toEqual([...'aabacaa', ...'aabacaa'])
})

for (const policy of ['round-robin', 'weighted-round-robin', 'random', 'least-requests', 'power-of-two'] as const) {
  caseOf(4, `weight 0 is never picked by ${policy}`, async (engine) => {
    await using nodes = await testNodes(3)
    await using lb = await testBalancer({ engine, nodes: weighted(nodes, [1, 0, 1]), policy })
    expect(new Set(await askInTurn(lb.url, 12))).not.toContain('b')
  })
}

caseOf(5, 'weights stay right among the others, to the request, when one node is down', async (engine) => {
  await using nodes = await testNodes(3)
  await using lb = await testBalancer({ engine, nodes: weighted(nodes, [4, 2, 1]), policy: 'weighted-round-robin' })
  await askInTurn(lb.url, 3)
  lb.balancer.update('a', { mode: 'maintenance' })
  const bodies = await askInTurn(lb.url, 18)
  const times = (name: string) => bodies.filter((body) => body === name).length
  // What b was owed when a went may still be paid: one request, not one in each round.
  expect(Math.abs(times('b') - 12)).toBeLessThanOrEqual(1)
  expect(times('b') + times('c')).toBe(18)
})

caseOf(6, 'least requests avoids a node that holds slow ones', async (engine) => {
  await using nodes = await testNodes(2)
  const slow = nodes.map(holds)
  await using lb = await testBalancer({ engine, nodes, policy: 'least-requests' })
  const pending = ask(`${lb.url}/slow`)
  await expect.poll(() => slow.flatMap((node) => node.held)).toHaveLength(1)
  const busy = slow[0]?.held.length === 1 ? 'a' : 'b'
  expect(new Set(await askInTurn(lb.url, 6))).toEqual(new Set([busy === 'a' ? 'b' : 'a']))
  for (const node of slow) node.release()
  await pending
})

caseOf(7, 'ties of least requests are spread', async (engine) => {
  await using nodes = await testNodes(3)
  await using lb = await testBalancer({ engine, nodes, policy: 'least-requests' })
  const bodies = await askInTurn(lb.url, 9)
  for (const name of ['a', 'b', 'c']) expect(bodies.filter((body) => body === name)).toHaveLength(3)
})

caseOf(8, 'power of two choices always takes the lighter of unequal two', async (engine) => {
  await using nodes = await testNodes(2)
  const slow = nodes.map(holds)
  await using lb = await testBalancer({ engine, nodes, policy: 'power-of-two' })
  const pending = ask(`${lb.url}/slow`)
  await expect.poll(() => slow.flatMap((node) => node.held)).toHaveLength(1)
  const lighter = slow[0]?.held.length === 1 ? 'b' : 'a'
  expect(await askInTurn(lb.url, 12)).toEqual(Array(12).fill(lighter))
  for (const node of slow) node.release()
  await pending
})

caseOf(
  9,
  'with consistent hash, adding one of four nodes moves about a quarter, all of it to the new one',
  async (engine) => {
    await using nodes = await testNodes(4)
    await using lb = await testBalancer({ engine, nodes: nodes.slice(0, 3), ...hashed })
    const before = await placesOf(lb.url, keys)
    await lb.balancer.add({ name: 'd', url: nodes[3]?.url ?? '' })
    const after = await placesOf(lb.url, keys)
    const moved = after.filter((place, i) => place !== before[i])
    expect(new Set(moved)).toEqual(new Set(['d']))
    expect(moved.length / keys.length).toBeGreaterThan(0.7 / 4)
    expect(moved.length / keys.length).toBeLessThanOrEqual(1.3 / 4)
  },
)

caseOf(10, 'with consistent hash, removing a node moves only its own keys', async (engine) => {
  await using nodes = await testNodes(4)
  await using lb = await testBalancer({ engine, nodes, ...hashed })
  const before = await placesOf(lb.url, keys)
  await lb.balancer.remove('b')
  const after = await placesOf(lb.url, keys)
  expect(after.filter((place, i) => before[i] !== 'b' && place !== before[i])).toEqual([])
  expect(after).not.toContain('b')
})

caseOf(11, 'two balancers with their nodes in another order hash alike', async (engine) => {
  await using nodes = await testNodes(4)
  await using one = await testBalancer({ engine, nodes, ...hashed })
  await using two = await testBalancer({ engine, nodes: nodes.toReversed(), ...hashed })
  const some = keys.slice(0, 60)
  expect(await placesOf(two.url, some)).toEqual(await placesOf(one.url, some))
})

caseOf(12, 'bounded load spills a hot key over', async (engine) => {
  await using nodes = await testNodes(3)
  const slow = nodes.map(holds)
  const hash = { on: 'header:x-key', loadFactor: 1.25 } as const
  await using lb = await testBalancer({ engine, nodes, policy: 'consistent-hash', hash })
  const pending: Promise<Answer>[] = []
  for (let i = 0; i < 9; i++) {
    pending.push(ask(`${lb.url}/slow`, { headers: { 'x-key': 'hot' } }))
    await expect.poll(() => slow.flatMap((node) => node.held)).toHaveLength(i + 1)
  }
  // Nine at once over three nodes: nobody holds more than ⌈1.25 × 9 / 3⌉, where an unbounded hash would give one all.
  expect(Math.max(...slow.map((node) => node.held.length))).toBeLessThanOrEqual(4)
  for (const node of slow) node.release()
  await Promise.all(pending)
})

caseOf(13, 'a node at its maximum is skipped, and when all are a request waits for the first place', async (engine) => {
  await using nodes = await testNodes(2)
  const slow = nodes.map(holds)
  await using lb = await testBalancer({ engine, nodes, maxInFlight: 1 })
  const first = ask(`${lb.url}/slow`)
  await expect.poll(() => slow[0]?.held).toHaveLength(1)
  expect(await askInTurn(lb.url, 3)).toEqual(['b', 'b', 'b'])
  const second = ask(`${lb.url}/slow`)
  await expect.poll(() => slow[1]?.held).toHaveLength(1)
  const third = ask(lb.url)
  await expect.poll(() => lb.waiting()).toBe(1)
  slow[1]?.release()
  expect((await third).body).toBe('b')
  slow[0]?.release()
  await Promise.all([first, second])
})

caseOf(13, 'a full queue is a 503 with Retry-After at once, and so is too long a wait', async (engine) => {
  await using nodes = await testNodes(1)
  const [slow] = nodes.map(holds)
  await using lb = await testBalancer({ engine, nodes, maxInFlight: 1, queueLimit: 1, queueTimeoutMs: 300 })
  const held = ask(`${lb.url}/slow`)
  await expect.poll(() => slow?.held).toHaveLength(1)
  const waiting = ask(lb.url)
  await expect.poll(() => lb.waiting()).toBe(1)
  expect(await ask(lb.url)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  expect(await waiting).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  if (lb.isOurs) expect(lb.done.map((event) => event.termination)).toEqual(['queue_full', 'queue_timeout'])
  slow?.release()
  await held
})
