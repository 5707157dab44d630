import { type Cluster, NoSpringError, startCluster, startRedis, startSpring } from '@session-cluster/cluster'
import { describe, expect, it } from 'vitest'
import type { Lab } from '../../src/experiment.ts'
import { readProbe } from '../../src/probe/arguments.ts'
import { probe } from '../../src/probe/command.ts'
import type { Finding } from '../../src/probe/finding.ts'
import { findings } from '../../src/probe/findings.ts'
import { fieldNodes } from '../../src/rig/control.ts'
import { findHaproxy, startHaproxy } from '../../src/rig/haproxy.ts'

/** What `probe` finds with these arguments; nothing may have ended it early. */
async function found(...line: string[]): Promise<readonly Finding[]> {
  const command = readProbe(line)
  if (!('of' in command)) throw new TypeError('not a probe')
  const facts = await probe(command.of, AbortSignal.timeout(60_000))
  expect(facts.stopped).toBeUndefined()
  return findings(facts)
}

const verdicts = (all: readonly Finding[], about: string) =>
  all.filter((one) => one.about === about).map(({ verdict }) => verdict)
const nodesOf = ({ nodes }: Cluster) => nodes.flatMap(({ url }) => ['--node', url])

describe('an application that was not written here', () => {
  it('Express with express-session and connect-redis: known everywhere, ended everywhere, writes lost', async () => {
    await using cluster = await startCluster({ mode: 'clustered', nodes: 2, ...fieldNodes })
    const url = `${cluster.balancer.url}/get`
    const all = await found(
      ...[url, '--login', 'GET /set?q=probed', ...nodesOf(cluster)],
      ...['--logout', 'POST /logout', '--increment', 'POST /counter'],
    )
    expect(verdicts(all, 'session')).toContain('good')
    expect(verdicts(all, 'node')).toEqual(['good', 'good'])
    expect(new Set(verdicts(all, 'logout'))).toEqual(new Set(['good']))
    expect(verdicts(all, 'increment')).toEqual(['bad'])
    expect(all.some(({ says }) => says.includes('pinned by the cookie'))).toBe(false)
  })

  it('sticky servers behind HAProxy: clients are pinned by its cookie, and no other server knows them', async ({
    skip,
  }) => {
    const command = await findHaproxy()
    if (!command) {
      if (process.env.REQUIRE_ALL !== undefined) throw new Error('there is no haproxy')
      return skip('there is no haproxy')
    }
    await using cluster = await startCluster({ mode: 'sticky', nodes: 2 })
    const lab = { signal: AbortSignal.timeout(30_000), progress: () => {} } as unknown as Lab
    await using haproxy = await startHaproxy(lab, command, cluster)
    const page = [`${haproxy.url}/whoami`, '--login', 'POST /login?user=ada', '--known', '"session": ?\\{']
    const all = await found(...page, ...nodesOf(cluster))
    expect(all.some(({ says }) => says.includes('pinned by the cookie HAPROXY'))).toBe(true)
    expect(verdicts(all, 'node').sort()).toEqual(['bad', 'good'])
  })

  it('the tutorial’s Spring Boot program: the session is known, and a copied cookie is worth nothing after the logout', async ({
    skip,
  }) => {
    await using redis = await startRedis()
    await using spring = await startSpring({ redisUrl: redis.url }).catch((error: unknown) => {
      if (!(error instanceof NoSpringError) || process.env.REQUIRE_ALL !== undefined) throw error
      return undefined
    })
    if (!spring) return skip('this machine has no Java or no Maven')
    const page = `${spring.url}/get`
    const all = await found(page, '--login', 'GET /set?q=probed', '--known', 'probed', '--logout', 'POST /logout')
    expect(verdicts(all, 'session')).toContain('good')
    expect(verdicts(all, 'logout')).toEqual(['good'])
    expect(all.some(({ says }) => says.startsWith('The cookie SESSION carries the session'))).toBe(true)
  })
})
