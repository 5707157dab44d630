import { startCluster } from '@session-cluster/cluster'
import { expect, it } from 'vitest'
import { readProbe } from '../../src/probe/arguments.ts'
import { probe } from '../../src/probe/command.ts'
import { findings } from '../../src/probe/findings.ts'

/** What `probe` says of a cluster of ours; the verdicts of what is asked by an option, and what is said of the servers. */
const modes = [
  { mode: 'local', session: 'bad', node: ['bad', 'good'], pinned: false },
  { mode: 'sticky', session: 'good', node: ['bad', 'good'], pinned: true },
  { mode: 'clustered', session: 'good', node: ['good', 'good'], pinned: false },
] as const

it.each(modes)('tells from outside that a cluster is $mode', async ({ mode, session, node, pinned }) => {
  await using cluster = await startCluster({ mode, nodes: 2 })
  const command = readProbe([
    `${cluster.balancer.url}/whoami`,
    ...['--login', 'POST /login?user=ada', '--known', '"session": ?\\{'],
    ...cluster.nodes.flatMap(({ url }) => ['--node', url]),
  ])
  if (!('of' in command)) throw new TypeError('not a probe')
  const facts = await probe(command.of, AbortSignal.timeout(60_000))
  const found = findings(facts)
  const verdicts = (about: string) => found.filter((one) => one.about === about).map(({ verdict }) => verdict)
  expect(facts.stopped).toBeUndefined()
  expect(verdicts('session').at(-1)).toBe(session)
  expect(verdicts('node').sort()).toEqual(node)
  expect(found.some(({ says }) => says.includes('pinned by the cookie'))).toBe(pinned)
})
