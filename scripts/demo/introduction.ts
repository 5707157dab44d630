import type { Cluster, SpringServer } from '@session-cluster/cluster'
import { NODES, type Settings } from './settings.ts'
import { shown, springSuggestions, suggestions, threeLanes } from './suggestions.ts'
import { print, strong, typed } from './terminal.ts'

/** Prints where everything is, and three things to try. */
export function introduce(
  console: string,
  clusters: readonly Cluster[],
  settings: Settings,
  spring?: SpringServer,
): void {
  const [only] = clusters
  const alone = clusters.length === 1 && only !== undefined
  print()
  print(strong(alone ? `The cluster runs in mode ${only.mode}.` : 'Three clusters run side by side, one in each mode.'))
  print(`  console   ${console}`)
  for (const cluster of inOrder(clusters, settings)) addresses(cluster, alone)
  if (spring) print(`  server ${spring.name}  ${shown(spring.url)}   (Spring Boot, process ${spring.pid})`)
  print()
  print(strong(alone ? 'Three things to try in another terminal:' : 'Three things to try:'))
  for (const [index, { say, type }] of things(console, clusters, spring).entries()) {
    print(`  ${index + 1}. ${say}`)
    for (const line of type) print(`     ${typed(line)}`)
  }
  print()
  if (alone) print(`A server that was killed comes back from the console, or with: ${typed(comeback(only, settings))}`)
  print('Ctrl-C stops everything.')
}

function things(console: string, clusters: readonly Cluster[], spring: SpringServer | undefined) {
  const [only] = clusters
  if (only && spring) return springSuggestions(only, spring)
  return clusters.length === 1 && only ? suggestions(only) : threeLanes(console, clusters)
}

function inOrder(clusters: readonly Cluster[], { modes }: Settings): readonly Cluster[] {
  return clusters.toSorted((a, b) => modes.indexOf(a.mode) - modes.indexOf(b.mode))
}

function addresses(cluster: Cluster, alone: boolean): void {
  const { balancer, nodes, redis, mode } = cluster
  if (!alone) {
    print(strong(`  ${mode}`))
    print(`    balancer  ${shown(balancer.url)}   servers ${nodes.map(({ url }) => shown(url)).join(' ')}`)
    if (redis) print(`    Redis     ${hidden(redis.url)}`)
    return
  }
  print(`  balancer  ${shown(balancer.url)}   (admin ${shown(balancer.adminUrl)})`)
  for (const { name, url, pid } of nodes) print(`  server ${name}  ${shown(url)}   (process ${pid})`)
  if (redis) print(`  Redis     ${hidden(redis.url)}`)
}

/** The line that starts node b again, as a process of its own. */
function comeback({ mode, redis }: Cluster, { ports, withSpring }: Settings): string {
  const store = `${redis ? ` REDIS_URL=${hidden(redis.url)}` : ''}${withSpring ? ' SESSION_IDS=spring' : ''}`
  return `MODE=${mode}${store} NODE_NAME=b PORT=${ports.nodes + NODES.indexOf('b')} npm run server`
}

/** A URL without its password. */
function hidden(url: string): string {
  return url.replace(/\/\/([^@/]*)@/, '//…@')
}
