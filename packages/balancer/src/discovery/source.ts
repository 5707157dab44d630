import type { UpstreamOptions } from '../pool/upstream.ts'

/** What a source answered. */
export interface Found {
  /** Every upstream that there is now. None at all is taken for a fault of the source: the last answer stays good. */
  upstreams: readonly UpstreamOptions[]
  /** How long the answer is good, ms; kept within the discovery's bounds. */
  ttlMs: number
}

/** A place where the upstreams of the moment can be looked up. Names must be stable: affinity goes by them. */
export interface DiscoverySource {
  /** For logs and metrics: `dns+a://web:8080`. */
  readonly name: string
  /** Looks once. @throws when there is no answer, or one that makes no sense; the last answer stays good then */
  find(): Promise<Found>
}
