import { family, histograms, labelled, type Sample } from '@session-cluster/session/prometheus'
import type { Parts } from '../parts.ts'
import { sessionsHeld } from '../sessions.ts'

/** The node's figures in Prometheus' text format, version 0.0.4. Every series carries `node`. */
export function metricsText({ activity, config, sessions }: Parts): string {
  const { totals, durations } = activity
  const node = labelled({ node: config.nodeName })
  const tell = (name: string, type: 'counter' | 'gauge', help: string, value: number | readonly Sample[]) =>
    family(`session_node_${name}`, type, help, typeof value === 'number' ? [[node, value]] : value)
  const by = (label: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([value, count]): Sample => [labelled({ node: config.nodeName, [label]: value }), count])
  const times = {
    upTo: durations.bounds.map((bound, index) => [bound, durations.counts[index] ?? 0] as const),
    count: durations.count,
    sum: durations.sum,
  }
  return [
    ...tell('requests_total', 'counter', 'Answered requests by class of status.', by('status', totals.statuses)),
    ...tell('outcomes_total', 'counter', 'Requests by what became of the session.', by('outcome', totals.outcomes)),
    ...tell('in_flight', 'gauge', 'Requests not yet answered.', activity.inFlight),
    ...tell('sessions_held', 'gauge', 'Sessions in this node’s memory.', sessionsHeld(sessions)),
    ...tell('store_commands_total', 'counter', 'Commands sent to the store for requests.', totals.store.commands),
    ...tell('store_round_trips_total', 'counter', 'Waits for the store’s answer.', totals.store.roundTrips),
    ...tell('store_seconds_total', 'counter', 'Time spent waiting for the store.', totals.store.ms / 1000),
    ...tell('heap_bytes', 'gauge', 'JavaScript heap in use.', process.memoryUsage().heapUsed),
    ...tell('start_time_seconds', 'gauge', 'When the node started, Unix time.', activity.startedAt / 1000),
    ...histograms('session_node_request_seconds', 'Time from request to answer.', [[node, times]]),
    '',
  ].join('\n')
}
