import type { Parts } from '../parts.ts'
import { sessionsHeld } from '../sessions.ts'

/** The node's figures in Prometheus' text format, version 0.0.4. Every series carries `node`. */
export function metricsText({ activity, config, sessions }: Parts): string {
  const { totals, durations } = activity
  const node = { node: config.nodeName }
  return [
    ...family(
      'session_node_requests_total',
      'counter',
      'Answered requests by class of status.',
      byLabel(node, 'status', totals.statuses),
    ),
    ...family(
      'session_node_outcomes_total',
      'counter',
      'Requests by what became of the session.',
      byLabel(node, 'outcome', totals.outcomes),
    ),
    ...family('session_node_in_flight', 'gauge', 'Requests not yet answered.', [[node, activity.inFlight]]),
    ...family('session_node_sessions_held', 'gauge', 'Sessions in this node’s memory.', [
      [node, sessionsHeld(sessions)],
    ]),
    ...family('session_node_store_commands_total', 'counter', 'Commands sent to the store for requests.', [
      [node, totals.store.commands],
    ]),
    ...family('session_node_store_round_trips_total', 'counter', 'Waits for the store’s answer.', [
      [node, totals.store.roundTrips],
    ]),
    ...family('session_node_store_seconds_total', 'counter', 'Time spent waiting for the store.', [
      [node, totals.store.ms / 1000],
    ]),
    ...family('session_node_heap_bytes', 'gauge', 'JavaScript heap in use.', [[node, process.memoryUsage().heapUsed]]),
    ...family('session_node_start_time_seconds', 'gauge', 'When the node started, Unix time.', [
      [node, activity.startedAt / 1000],
    ]),
    ...histogram('session_node_request_seconds', 'Time from request to answer.', node, durations),
    '',
  ].join('\n')
}

type Labels = Readonly<Record<string, string>>
type Sample = readonly [Labels, number]

function byLabel(labels: Labels, name: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([value, count]) => [{ ...labels, [name]: value }, count])
}

function family(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly Sample[],
): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => line(name, sample))]
}

function histogram(name: string, help: string, labels: Labels, durations: Parts['activity']['durations']): string[] {
  const buckets = durations.bounds.map(
    (bound, index): Sample => [{ ...labels, le: String(bound) }, durations.counts[index] ?? 0],
  )
  return [
    ...family(name, 'histogram', help, []),
    ...[...buckets, [{ ...labels, le: '+Inf' }, durations.count] as const].map((sample) =>
      line(`${name}_bucket`, sample),
    ),
    line(`${name}_sum`, [labels, durations.sum]),
    line(`${name}_count`, [labels, durations.count]),
  ]
}

function line(name: string, [labels, value]: Sample): string {
  const shown = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
  return `${name}{${shown.join(',')}} ${value}`
}
