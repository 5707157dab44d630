import { family, labelled } from '../admin/prometheus.ts'
import type { DiscoveryStatus } from './discovery.ts'

/** How discoveries stand, in Prometheus' text format (0.0.4); nothing when there is none. */
export function discoveryMetrics(statuses: readonly DiscoveryStatus[]): string {
  if (statuses.length === 0) return ''
  const each = (name: string, type: 'counter' | 'gauge', help: string, of: (status: DiscoveryStatus) => number) => {
    const samples = statuses.map((status) => [labelled({ source: status.source }), of(status)] as const)
    return family(`balancer_discovery_${name}`, type, help, samples)
  }
  const lines = [
    ...each('lookups_total', 'counter', 'How often the source was asked.', (s) => s.lookups),
    ...each('failures_total', 'counter', 'Answers that failed, or held no upstream.', (s) => s.failures),
    ...each('upstreams', 'gauge', 'Upstreams in the last good answer.', (s) => s.found),
    ...each('ok', 'gauge', 'Whether nothing is wrong with it now.', (s) => (s.problem === undefined ? 1 : 0)),
  ]
  return `${lines.join('\n')}\n`
}
