import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { importsOf, judge } from './boundaries.ts'

const names = new Map([
  ['@session-cluster/session', 'packages/session'],
  ['@session-cluster/balancer', 'packages/balancer'],
  ['@session-cluster/cluster', 'packages/cluster'],
  ['@session-cluster/contract', 'packages/contract'],
  ['@session-cluster/server', 'apps/server'],
  ['@session-cluster/bench', 'bench'],
])

test.each([
  ['packages/session/src/a.ts', '@session-cluster/balancer'],
  ['packages/balancer/src/a.ts', '@session-cluster/session/testing'],
  ['packages/cluster/src/a.ts', '@session-cluster/server'],
  ['packages/contract/src/a.ts', '@session-cluster/cluster'],
  ['packages/cluster/src/a.ts', '../../../apps/server/src/app.ts'],
  ['apps/server/src/a.ts', '../../balancer/src/app.ts'],
  ['apps/server/src/a.ts', '../../../packages/session/src/index.ts'],
  ['packages/session/src/a.ts', '@session-cluster/bench'],
  ['packages/session/src/a.ts', '../../../scripts/demo.ts'],
  ['scripts/server.ts', '../apps/server/src/app.ts'],
])('refuses %s importing %s', (file, to) => {
  expect(judge({ file, to }, names)).not.toEqual([])
})

test.each([
  ['apps/server/src/a.ts', '@session-cluster/session'],
  ['packages/cluster/src/a.ts', '../test/b.ts'],
  ['packages/session/src/a.ts', 'node:crypto'],
  ['bench/a.ts', '@session-cluster/cluster'],
  ['scripts/demo.ts', '@session-cluster/cluster'],
  ['scripts/server.ts', '../apps/server/src/main.ts'],
])('allows %s importing %s', (file, to) => {
  expect(judge({ file, to }, names)).toEqual([])
})

test('finds static, side-effect, dynamic and re-exporting imports', () => {
  const source = `import a from 'a'\nimport type { B } from "b"\nimport 'c'\nawait import('d')\nexport * from 'e'\n`
  expect(importsOf('x.ts', source).map(({ to }) => to)).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('the one file that both published libraries need is the same in both', () => {
  const read = (path: string) => readFileSync(new URL(`../../packages/${path}/prometheus.ts`, import.meta.url), 'utf8')
  expect(read('balancer/src/admin')).toBe(read('session/src/observe'))
})
