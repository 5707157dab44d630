import { freePort } from '@session-cluster/cluster/free-port'
import { expect } from 'vitest'
import { caseOf, testBalancer } from '../support/balancer.ts'
import { ask, askInTurn, RawClient } from '../support/client.ts'
import { testNode, testNodes } from '../support/node.ts'

caseOf(30, 'as many failed checks as `fall` eject, as many passed ones as `rise` restore', async (engine) => {
  await using nodes = await testNodes(2)
  const [, b] = nodes
  const asked: boolean[] = []
  if (b) {
    b.early = (req, res) => {
      if (req.url !== '/health') return false
      asked.push(b.ready)
      res.writeHead(b.ready ? 204 : 500).end()
      return true
    }
  }
  const health = { path: '/health', intervalMs: 10, jitter: 0, fall: 3, rise: 4 }
  await using lb = await testBalancer({ engine, nodes, health })
  const state = () => lb.stateOf('b')
  expect(await state()).toBe('up')
  // HAProxy takes a node for well, and trusts it as much as others, after so many checks that passed.
  await expect.poll(() => asked.length).toBeGreaterThanOrEqual(3)
  if (b) b.ready = false
  await expect.poll(state).toBe('down')
  const failed = asked.filter((ready) => !ready).length
  // Of another balancer the state is asked for, and more checks may have gone by.
  expect(lb.isOurs ? failed : Math.min(failed, 3)).toBe(3)
  expect(await askInTurn(lb.url, 3)).toEqual(['a', 'a', 'a'])
  if (b) b.ready = true
  await expect.poll(state).toBe('up')
  const passed = asked.slice(asked.lastIndexOf(false) + 1).length
  expect(lb.isOurs ? passed : Math.min(passed, 4)).toBe(4)
  if (lb.isOurs) expect(lb.states.map(({ name, state }) => `${name} ${state}`)).toEqual(['b down', 'b up'])
})

caseOf(31, 'passive failures eject, but those of long ago do not count', async (engine) => {
  await using a = await testNode('a', await freePort())
  await using b = await testNode('b')
  const nodes = [a, b]
  await a.crash()
  let now = 1_000_000
  const clock = { now: () => now, after: () => ({ cancel: () => {} }) }
  const passive = { failures: 3, halfLifeMs: 1000 }
  await using lb = await testBalancer({ engine, nodes, clock, passive, policy: (available) => available[0] })
  const state = () => lb.balancer.pool.get('a')?.state
  for (let i = 0; i < 5; i++) {
    expect((await ask(lb.url)).body).toBe('b')
    now += 2000
  }
  expect(state()).toBe('up')
  for (let i = 0; i < 3; i++) await ask(lb.url)
  expect(state()).toBe('ejected')
})

caseOf(32, 'after the window exactly one request tries the node, and its end decides', async (engine) => {
  await using a = await testNode('a', await freePort())
  await using b = await testNode('b')
  const nodes = [a, b]
  await a.crash()
  const timers: (() => void)[] = []
  const clock = { now: () => 0, after: (_: number, fn: () => void) => ({ cancel: () => {}, at: timers.push(fn) }) }
  const passive = { failures: 1 }
  await using lb = await testBalancer({ engine, nodes, clock, passive, policy: (available) => available[0] })
  const attemptsOnA = () => lb.decisions.filter((decision) => decision.upstream === 'a').length
  expect((await ask(lb.url)).body).toBe('b')
  expect(await askInTurn(lb.url, 3)).toEqual(['b', 'b', 'b'])
  expect(attemptsOnA()).toBe(1)
  for (const run of timers.splice(0)) run()
  expect(await askInTurn(lb.url, 3)).toEqual(['b', 'b', 'b'])
  expect(attemptsOnA()).toBe(2)
  await a.restart()
  a.early = (req, res) => req.url === '/slow' && res.writeHead(200).flushHeaders() === undefined
  for (const run of timers.splice(0)) run()
  const trial = new RawClient(lb.port).send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(attemptsOnA).toBe(3)
  await expect.poll(() => lb.balancer.pool.get('a')?.passive).toBe('in')
  expect((await ask(lb.url)).body).toBe('a')
  await trial[Symbol.asyncDispose]()
})

caseOf(33, 'a node that returns ramps up slowly; at the start of the balancer none does', async (engine) => {
  await using nodes = await testNodes(2)
  let now = 0
  const clock = { now: () => now, after: () => ({ cancel: () => {} }) }
  await using lb = await testBalancer({ engine, nodes, clock, slowStartMs: 1000, random: () => 0.5 })
  expect(await askInTurn(lb.url, 4)).toEqual(['a', 'b', 'a', 'b'])
  const b = lb.balancer.pool.get('b')
  if (!b) throw new Error('no upstream b')
  lb.balancer.pool.setHealthy(b, false, 'told so')
  lb.balancer.pool.setHealthy(b, true, 'told so')
  now = 400
  expect(await askInTurn(lb.url, 4)).toEqual(['a', 'a', 'a', 'a'])
  now = 600
  expect(new Set(await askInTurn(lb.url, 4))).toEqual(new Set(['a', 'b']))
})

caseOf(34, 'clients that leave do not eject the node', async (engine) => {
  await using nodes = await testNodes(1)
  const [a] = nodes
  let waiting = 0
  if (a) a.early = (req) => req.url === '/slow' && ++waiting > 0
  await using lb = await testBalancer({ engine, nodes, passive: { failures: 1 } })
  for (let i = 1; i <= 4; i++) {
    const client = new RawClient(lb.port).send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => waiting).toBe(i)
    client.socket.destroy()
    if (lb.isOurs) await expect.poll(() => lb.done.length).toBe(i)
  }
  if (lb.isOurs) {
    const ends = lb.done.map(({ status, termination }) => `${status} ${termination}`)
    expect(ends).toEqual(Array(4).fill('499 client_left'))
    expect(await lb.stateOf('a')).toBe('up')
  }
  expect((await ask(lb.url)).body).toBe('a')
})
