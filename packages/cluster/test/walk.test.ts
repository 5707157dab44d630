import { defaultCookieName, hasAffinity, isShared, modes } from '@session-cluster/contract'
import { seededRandom, VirtualUser } from '@session-cluster/visitor'
import { describe, expect, test } from 'vitest'
import { testCluster } from './harness.ts'

describe.each(modes)('the tutorial, MODE=%s', (mode) => {
  test('its walk over the ports of the nodes', async () => {
    await using cluster = await testCluster({ mode })
    const [a, b] = [cluster.node('a').url, cluster.node('b').url]
    const alice = new VirtualUser({ name: 'alice', base: a, random: seededRandom(1) })

    const saved = await alice.ask('/set?q=password')
    expect([saved.status, saved.body, saved.node]).toEqual([200, 'Saved: password', 'a'])
    expect(alice.jar.names).toEqual([defaultCookieName(mode)])
    const got = await alice.ask('/get')
    expect([got.status, got.body, got.node]).toEqual([200, 'password', 'a'])

    const elsewhere = await alice.ask('/get', { base: b })
    expect(elsewhere.node).toBe('b')
    if (isShared(mode)) {
      expect([elsewhere.status, elsewhere.body]).toEqual([200, 'password'])
    } else {
      expect(elsewhere.status).toBe(404)
      // It says who answered and which cookie came, but never the whole id.
      expect(elsewhere.body).toMatch(/\bb\b/)
      expect(elsewhere.body).toContain('JSESSIONID')
      expect(elsewhere.body).not.toContain(alice.jar.get('JSESSIONID'))
      // B's ignorance does not cost her A's session: neither cleared nor replaced.
      expect((await alice.ask('/get')).body).toBe('password')
    }

    alice.jar.delete(defaultCookieName(mode))
    expect((await alice.ask('/get')).status).toBe(404)
    expect(alice.jar.names).toEqual([])
  })

  test('its walk through the balancer', async () => {
    await using cluster = await testCluster({ mode })
    const bob = new VirtualUser({ name: 'bob', base: cluster.balancer.url, random: seededRandom(2) })
    const { node: home } = await bob.save()
    expect(bob.jar.names).toContain(defaultCookieName(mode))

    const visits = []
    for (let turn = 0; turn < 6; turn++) visits.push(await bob.visit())
    const nodes = new Set(visits.map(({ node }) => node))
    if (hasAffinity(mode)) {
      expect([...nodes]).toEqual([home])
      expect(bob.jar.names).toHaveLength(2)
    } else {
      // Round robin: each of three nodes twice.
      expect(nodes.size).toBe(3)
      expect(bob.jar.names).toHaveLength(1)
    }
    for (const { node, outcome } of visits) {
      expect(outcome).toBe(mode === 'local' && node !== home ? 'miss' : 'found')
    }

    bob.jar.delete(defaultCookieName(mode))
    expect((await bob.visit()).outcome).toBe('miss')
  })
})
