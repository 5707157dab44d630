import { readFileSync } from 'node:fs'
import { modes } from '@session-cluster/contract'
import { ask } from '@session-cluster/visitor'
import { describe, expect, test } from 'vitest'
import { isFree, StateError } from '../src/index.ts'
import { savedUsers, testCluster } from './harness.ts'

test('every part runs in a process group of its own', async () => {
  await using cluster = await testCluster({ mode: 'clustered', nodes: 2 })
  const parts = [...cluster.nodes, cluster.balancer, cluster.redis]
  for (const pid of parts.map((part) => part?.pid)) {
    if (process.platform !== 'linux') break
    const group = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[2]
    expect(Number(group)).toBe(pid)
  }
})

describe('a node', () => {
  test('stops gracefully with exit code 0, and comes back at the same address', async () => {
    await using cluster = await testCluster({ mode: 'local', nodes: 2 })
    const node = cluster.node('a')
    const { url, pid } = node
    expect(await node.stop()).toEqual({ code: 0, signal: null })
    expect([node.state, node.pid]).toEqual(['stopped', undefined])
    await expect(ask(new URL('/livez', url))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await node.start()
    expect(node.url).toBe(url)
    expect(node.pid).not.toBe(pid)
    expect((await ask(new URL('/livez', url))).status).toBe(200)
  })

  test('hangs while it is frozen, answers again when thawed, and can be stopped while frozen', async () => {
    await using cluster = await testCluster({ mode: 'local', nodes: 1 })
    const node = cluster.node('a')
    await node.freeze()
    expect(node.state).toBe('frozen')
    await expect(ask(new URL('/livez', node.url), { timeoutMs: 300 })).rejects.toMatchObject({ code: 'CLIENT_TIMEOUT' })
    await node.thaw()
    expect((await ask(new URL('/livez', node.url))).status).toBe(200)
    await node.freeze()
    expect((await node.stop()).code).toBe(0)
  })

  test('that has ended refuses to be frozen, and its end without being asked is a crash', async () => {
    await using cluster = await testCluster({ mode: 'local', nodes: 2 })
    process.kill(cluster.node('b').pid ?? 0, 'SIGKILL')
    await expect.poll(() => cluster.node('b').state).toBe('crashed')
    await expect(cluster.node('b').freeze()).rejects.toThrow(StateError)
    await expect(cluster.node('a').start()).rejects.toThrow('runs already')
    expect(() => cluster.node('z')).toThrow('there is no node z (there are: a, b)')
    await expect(cluster.addNode('a')).rejects.toThrow('already')
  })

  test('behind a slow link answers late through the balancer, and as ever directly', async () => {
    await using cluster = await testCluster({ mode: 'local', nodes: 1, links: { nodes: true } })
    const { link, url } = cluster.node('a')
    if (!link) throw new Error('no link')
    link.latencyMs = 150
    const sentAt = performance.now()
    expect((await ask(new URL('/livez', cluster.balancer.url))).status).toBe(200)
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(149)
    link.freeze()
    expect((await ask(new URL('/livez', url))).status).toBe(200)
  })
})

test('the balancer is crashed and started again: it is back at its address and sticky clients keep their nodes', async () => {
  await using cluster = await testCluster({ mode: 'sticky' })
  const users = await savedUsers(6, () => cluster.balancer.url)
  await cluster.balancer.crash()
  await cluster.balancer.start()
  await cluster.balancer.untilSeen(['a', 'b', 'c'], 'up')
  for (const user of users) expect(await user.visit()).toMatchObject({ outcome: 'found', node: user.home })
})

test.each(modes)('MODE=%s: stopped gracefully, every process exits by itself and the ports are free', async (mode) => {
  const states: string[] = []
  await using cluster = await testCluster({ mode, nodes: 2, onState: (part, state) => states.push(`${part} ${state}`) })
  const ports = [cluster.balancer, ...cluster.nodes].map(({ url }) => Number(new URL(url).port))
  await cluster.stop()
  expect(states.filter((state) => state.endsWith('crashed'))).toEqual([])
  for (const port of ports) expect(await isFree(port)).toBe(true)
})
