/**
 * How a request ended. Each has two letters in HAProxy's manner: who ended it (`C` client, `S` server, `P` the balancer,
 * `s` and `c` a time-out of theirs, `-` nobody before its time) and in which phase (`R` request, `Q` queue, `C` connect,
 * `H` headers, `D` data, `-` all were passed).
 */
export const terminations = {
  ok: '--',
  bad_request: 'PR',
  request_timeout: 'cR',
  too_many_connections: 'PR',
  queue_full: 'PQ',
  queue_timeout: 'sQ',
  no_upstream: 'SC',
  connect_failed: 'SC',
  out_of_resources: 'PC',
  upstream_died: 'SH',
  upstream_invalid: 'PH',
  headers_timeout: 'sH',
  upstream_aborted: 'SD',
  idle_timeout: 'sD',
  client_left: 'CH',
  client_left_body: 'CD',
  client_stalled: 'cD',
  balancer_closed: 'PD',
} as const

/** A termination by name. */
export type Termination = keyof typeof terminations
