import {
  type Exported,
  type ExportOptions,
  haproxyConfig,
  nginxConfig,
  UnsupportedOptionsError,
} from '@session-cluster/balancer'
import { hasAffinity } from '@session-cluster/contract'
import type { Config } from './config.ts'

/** The balancers that a configuration can be written for. */
const TARGETS = { haproxy: { name: 'HAProxy', write: haproxyConfig }, nginx: { name: 'nginx', write: nginxConfig } }

/** One of them, by its name in `--print`. */
export type Target = keyof typeof TARGETS

/** Whether the text names one. */
export const isTarget = (text: string | undefined): text is Target => text !== undefined && Object.hasOwn(TARGETS, text)

/** The variable that an option comes from. */
const VARIABLES: Record<string, string> = {
  upstreams: 'UPSTREAMS',
  panicThreshold: 'PANIC_THRESHOLD',
  slowStartMs: 'SLOW_START_MS',
  maxInFlight: 'MAX_IN_FLIGHT',
  queueLimit: 'QUEUE_LIMIT',
  queueTimeoutMs: 'QUEUE_TIMEOUT_MS',
  trustProxy: 'TRUST_PROXY',
  token: 'BALANCER_TOKEN',
  via: 'VIA',
  'passive.failures': 'PASSIVE_FAILURES',
  'passive.ejectMs': 'PASSIVE_EJECT_MS',
  'hash.loadFactor': 'LOAD_FACTOR',
  'affinity.whenUnavailable': 'AFFINITY_UNAVAILABLE',
  'affinity.path': 'AFFINITY_PATH',
  'affinity.name': 'AFFINITY_COOKIE',
  'health.path': 'HEALTH_PATH',
  'health.intervalMs': 'HEALTH_INTERVAL_MS',
  'health.timeoutMs': 'HEALTH_TIMEOUT_MS',
  'health.rise': 'HEALTH_RISE',
  'health.fall': 'HEALTH_FALL',
  'health.host': 'HEALTH_HOST',
  'health.headers': 'HEALTH_HEADERS',
  'health.port': 'HEALTH_PORT',
  'health.status': 'HEALTH_STATUS',
  'health.body': 'HEALTH_BODY',
  'nodes.host': 'UPSTREAM_HOST',
  'nodes.maxConnectionAgeMs': 'UPSTREAM_MAX_CONNECTION_AGE_MS',
}

/** What has no meaning for clients and nodes of another balancer. */
const OWN_AFFAIRS = `# Variables of session-cluster's balancer alone, not said here: ${[
  ...['ADMIN_HOST', 'ADMIN_PORT', 'ADMIN_TOKEN', 'DISCOVERY_DNS', 'DISCOVERY_DRAIN_MS', 'DISCOVERY_MAX_MS'],
  ...['DISCOVERY_MIN_MS', 'ENGINE', 'LOG_LEVEL', 'WORKER_SILENCE_MS'],
].join(', ')}`

/** What another balancer cannot do: a line for each variable. */
export class UnwritableError extends Error {}

/**
 * The configuration of another balancer that does what this one would, from the same environment.
 * @throws UnwritableError with a line for each variable that cannot be said there
 */
export function exported(config: Config, target: Target, folder?: string): Exported {
  const { name, write } = TARGETS[target]
  const faults = unwritable(config)
  if (faults.length > 0) throw new UnwritableError(faults.join('\n'))
  try {
    const { text, notes } = write({ ...optionsOf(config), folder })
    return { text: `${text}\n${OWN_AFFAIRS}\n`, notes }
  } catch (error) {
    if (!(error instanceof UnsupportedOptionsError)) throw error
    const lines = error.unsupported.map(
      ({ option, why }) => `${VARIABLES[option] ?? option}: ${name} cannot do this: ${why}`,
    )
    throw new UnwritableError(lines.join('\n'))
  }
}

// What no file can say, whoever reads it.
function unwritable({ mode, affinity, discovery, port }: Config): string[] {
  const isForgotten = hasAffinity(mode) && affinity.secretIsRandom
  return [
    ...(port === 0 ? ['BALANCER_PORT: 0 is any port; a file needs one'] : []),
    ...(isForgotten
      ? ['AFFINITY_SECRET: needed, the one of the running balancer: without it every client loses its node']
      : []),
    ...(discovery.dns.length > 0 ? ['UPSTREAMS: a file lists nodes; give those that there are now'] : []),
    ...(discovery.file === undefined ? [] : ['UPSTREAMS_FILE: a file lists nodes; give them in UPSTREAMS']),
  ]
}

function optionsOf(config: Config): ExportOptions {
  const { upstreams, policy, mode, affinity, health, tls, tuning, nodes, host, port } = config
  const { drainMs, graceMs, workers, accessLog, maxConnections } = config
  const { secretIsRandom: _, ...way } = affinity
  return {
    ...{ upstreams, policy, health, tls, drainMs, graceMs, workers, accessLog, maxConnections, nodes, ...tuning },
    affinity: hasAffinity(mode) ? (way as ExportOptions['affinity']) : undefined,
    listen: { host, port },
  }
}
