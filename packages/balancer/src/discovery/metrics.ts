import type { DiscoveryStatus } from './discovery.ts'

/** How discoveries stand, in Prometheus' text format (0.0.4); nothing when there is none. */
export function discoveryMetrics(statuses: readonly DiscoveryStatus[]): string {
  if (statuses.length === 0) return ''
  const family = (name: string, type: string, help: string, of: (status: DiscoveryStatus) => number): string[] => [
    `# HELP balancer_discovery_${name} ${help}`,
    `# TYPE balancer_discovery_${name} ${type}`,
    ...statuses.map((status) => `balancer_discovery_${name}{source=${JSON.stringify(status.source)}} ${of(status)}`),
  ]
  const lines = [
    ...family('lookups_total', 'counter', 'How often the source was asked.', (s) => s.lookups),
    ...family('failures_total', 'counter', 'Answers that failed, or held no upstream.', (s) => s.failures),
    ...family('upstreams', 'gauge', 'Upstreams in the last good answer.', (s) => s.found),
    ...family('ok', 'gauge', 'Whether nothing is wrong with it now.', (s) => (s.problem === undefined ? 1 : 0)),
  ]
  return `${lines.join('\n')}\n`
}
