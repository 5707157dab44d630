import { type CookieAffinityOptions, cookieAffinity } from '../affinity/cookie.ts'
import { type RouteSuffixOptions, routeSuffixAffinity } from '../affinity/route-suffix.ts'
import type { ListenOptions } from '../balancer.ts'
import type { BalancerOptions } from '../options.ts'
import { checkOptions } from '../options.ts'
import type { PolicyName } from '../policies/index.ts'
import type { NodeOptions } from '../pool/nodes.ts'
import type { UpstreamOptions } from '../pool/upstream.ts'

/** What a balancer is made with, as far as text can say it. What is left out has the balancer's default. */
export interface ExportOptions
  extends Omit<
    BalancerOptions,
    'affinity' | 'policy' | 'nodes' | 'front' | 'engine' | 'accessLog' | 'clock' | 'random'
  > {
  listen: ListenOptions
  policy?: PolicyName | undefined
  affinity?: ExportedAffinity | undefined
  /** The front's certificate and key, as paths: they are written, not read. */
  tls?: { certFile: string; keyFile: string } | undefined
  /** Clients' connections at a time. @default the other's own */
  maxConnections?: number | undefined
  /** As the balancer's; what `tls` holds are paths. */
  nodes?: (Omit<NodeOptions, 'tls'> & { tls?: NodeTlsFiles | undefined }) | undefined
  /** How long requests in flight may take when it ends. @default no bound */
  drainMs?: number | undefined
  /** How long it goes on serving everybody, newcomers too, when it ends. @default 0 */
  graceMs?: number | undefined
  /** @default 1 */
  workers?: number | undefined
  /** Whether each request is logged, on standard output. @default false */
  accessLog?: boolean | undefined
  /** Where its socket, its process id and its temporary files go. @default where the system has them */
  folder?: string | undefined
}

/** Where the parts of `nodes.tls` lie. */
export interface NodeTlsFiles {
  caFile?: string | undefined
  certFile?: string | undefined
  keyFile?: string | undefined
  serverName?: string | undefined
}

/** The ways of affinity, by their options. */
export type ExportedAffinity = ({ by: 'cookie' } & CookieAffinityOptions) | ({ by: 'route' } & RouteSuffixOptions)

/** A configuration for another balancer. */
export interface Exported {
  /** The whole file. */
  readonly text: string
  /** What is not quite the same there, a sentence each. They stand in the file too. */
  readonly notes: readonly string[]
}

/** An option that the other balancer has no words for. */
export interface Unsupported {
  /** `hash.loadFactor` */
  readonly option: string
  readonly why: string
}

/** Something was asked for that the other balancer cannot do: nothing is written rather than something else. */
export class UnsupportedOptionsError extends TypeError {
  readonly unsupported: readonly Unsupported[]

  constructor(target: string, unsupported: readonly Unsupported[]) {
    super(`${target} cannot do this: ${unsupported.map(({ option, why }) => `${option}: ${why}`).join('; ')}`)
    this.name = 'UnsupportedOptionsError'
    this.unsupported = unsupported
  }
}

/**
 * Refuses options that no balancer of ours would take, and those that are named in `refusals` and given.
 * @throws TypeError, {@link UnsupportedOptionsError}
 */
export function checkExport(target: string, options: ExportOptions, refusals: readonly Refusal[]): void {
  const {
    listen: _,
    tls: _1,
    drainMs: _2,
    graceMs: _6,
    workers: _3,
    accessLog: _4,
    folder: _5,
    maxConnections,
    affinity,
    nodes,
    ...balancer
  } = options
  checkOptions({
    ...balancer,
    front: { maxConnections },
    affinity: affinity && affinityOf(affinity),
    nodes: nodes && { ...nodes, tls: undefined },
  })
  const unsupported = refusals.flatMap(([isGiven, option, why]) => (isGiven ? [{ option, why }] : []))
  if (unsupported.length > 0) throw new UnsupportedOptionsError(target, unsupported)
}

/** An option, whether it is given, and why it cannot be said. */
export type Refusal = readonly [isGiven: boolean, option: string, why: string]

function affinityOf(affinity: ExportedAffinity) {
  const { by, ...options } = affinity
  return by === 'cookie' ? cookieAffinity(options as CookieAffinityOptions) : routeSuffixAffinity(options)
}

/** One upstream as a configuration needs it. */
export interface ExportedUpstream {
  readonly name: string
  readonly isTls: boolean
  /** `host:port`; IPv6 in brackets. */
  readonly address: string
  readonly host: string
  readonly weight: number
}

/** @param isWeighted whether the policy goes by weights: otherwise they only say whether new clients are taken at all */
export function exportedUpstreams(
  upstreams: readonly UpstreamOptions[],
  isWeighted: boolean,
): readonly ExportedUpstream[] {
  return upstreams.map(({ name, url: given, weight = 1 }) => {
    const url = new URL(given)
    const isTls = url.protocol === 'https:'
    const port = url.port === '' ? (isTls ? '443' : '80') : url.port
    const host = url.hostname.replace(/^\[|\]$/g, '')
    return { name, isTls, host, address: `${url.hostname}:${port}`, weight: isWeighted ? weight : Math.min(weight, 1) }
  })
}

/** Whether a policy goes by the upstreams' weights; the others only leave out those of weight 0. */
export const isWeighted = (policy: PolicyName): boolean => policy !== 'round-robin' && policy !== 'address-hash'

/** The file's head: what it is, and what is not the same. */
export function headOf(target: string, notes: readonly string[]): string[] {
  return [
    `# Made by session-cluster's balancer for ${target}: the same nodes, found again by the same cookies.`,
    ...(notes.length > 0 ? ['# Not quite the same there:'] : []),
    ...notes.map((note) => `# - ${note}`),
  ]
}
