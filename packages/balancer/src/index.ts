export { type Control, controlOf, type NamedEvent } from './admin/control.ts'
export type { UpstreamReport } from './admin/report.ts'
export { type AdminOptions, createAdmin } from './admin/server.ts'
export type { Affinity, Pin } from './affinity/affinity.ts'
export { type CookieAffinityOptions, cookieAffinity } from './affinity/cookie.ts'
export { type RouteSuffixOptions, routeSuffixAffinity } from './affinity/route-suffix.ts'
export { type Balancer, type CloseOptions, createBalancer, type ListenOptions } from './balancer.ts'
export type { Clock, Random, Timer } from './clock.ts'
export { Discovery, type DiscoveryOptions, type DiscoveryStatus } from './discovery/discovery.ts'
export { type DnsOptions, dnsSource, isDnsSource } from './discovery/dns.ts'
export { parseUpstreams } from './discovery/entries.ts'
export { fileSource } from './discovery/file.ts'
export { discoveryMetrics } from './discovery/metrics.ts'
export type { DiscoverySource, Found } from './discovery/source.ts'
export type { EngineTimeouts } from './engines/engine.ts'
export { type EngineName, engines, isEngineName } from './engines/index.ts'
export { BalancerError, DuplicateUpstreamError, RemovedUpstreamError, UnknownUpstreamError } from './errors.ts'
export type { BalancerEvents, DecisionEvent, DoneEvent, Events, UpstreamEvent } from './events.ts'
export { haproxyConfig } from './export/haproxy.ts'
export { nginxConfig } from './export/nginx.ts'
export {
  type Exported,
  type ExportedAffinity,
  type ExportOptions,
  type NodeTlsFiles,
  type Unsupported,
  UnsupportedOptionsError,
} from './export/options.ts'
export type { FrontOptions, TlsOptions } from './front/front.ts'
export type { Termination } from './front/termination.ts'
export { TrustedProxies } from './headers/peer.ts'
export type { ActiveOptions } from './health/active.ts'
export type { PassiveOptions } from './health/passive.ts'
export { type BalancerOptions, checkHealth } from './options.ts'
export type { ConsistentHashOptions } from './policies/consistent-hash.ts'
export { type HashOn, isHashOn } from './policies/hash.ts'
export { isPolicyName, type PolicyName, policies } from './policies/index.ts'
export type { PickKey, Policy } from './policies/policy.ts'
export { checkNodes, type NodeOptions, type NodeTlsOptions } from './pool/nodes.ts'
export {
  checkUpstream,
  type Upstream,
  type UpstreamMode,
  type UpstreamOptions,
  type UpstreamState,
} from './pool/upstream.ts'
export type { AccessEntry } from './proxy/context.ts'
export type { RetryOptions } from './proxy/retry.ts'
export { inWords, type Step } from './steps.ts'
export { Workers, type WorkersOptions } from './workers/primary.ts'
export { serveOrders, type WorkerOptions } from './workers/worker.ts'
