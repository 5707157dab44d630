import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from '@session-cluster/visitor'
import { expect, test } from 'vitest'
import { projectRoot } from '../src/project.ts'
import { testCluster } from './harness.ts'

test('alerts and dashboard name only metrics that balancer and server really have', async () => {
  await using cluster = await testCluster({ mode: 'local', nodes: 1 })
  const pages = await Promise.all(
    [cluster.balancer.adminUrl, cluster.node('a').adminUrl].map((url) => ask(`${url}/metrics`)),
  )
  const names = new Set(pages.flatMap(({ body }) => [...body.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name)))
  const used = ['prometheus-rules.yaml', 'dashboard.json'].flatMap((file) => {
    const text = readFileSync(join(projectRoot, 'deploy/kubernetes', file), 'utf8')
    return [...text.matchAll(/\b(?:balancer|session_node)_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''))
  })
  expect(used.length).toBeGreaterThan(10)
  expect(used.filter((name) => !names.has(name))).toEqual([])
})
