import type { Affinity } from '../affinity/affinity.ts'
import type { PickKey, Policy } from '../policies/policy.ts'
import type { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'

/**
 * Why an upstream was chosen: `picked` by the policy, `pinned` by affinity, `repicked` because the pinned one cannot
 * serve, `retried` because another failed; or why none was: `none` available, `full` (worth waiting for).
 */
export type Reason = 'picked' | 'pinned' | 'repicked' | 'retried' | 'none' | 'full'

/** Where a request goes, and why. */
export interface Decision {
  readonly upstream: Upstream | undefined
  readonly reason: Reason
  /** The upstream that the client was pinned to when it came. */
  readonly pinned: Upstream | undefined
  /** The steps in words, first to last; empty when nobody asked for them. */
  readonly why: readonly string[]
}

/** What `select` needs to know besides the request. */
export interface Selection {
  readonly pool: Pool
  readonly policy: Policy
  /** The policy's name, for the why chain. */
  readonly policyName: string
  readonly affinity: Affinity | undefined
}

const SILENT: readonly string[] = []

/**
 * Decides where a request goes. Affinity comes before the policy; upstreams in `tried` have failed this request already.
 * @param explain whether to spell out the steps
 */
export function select(parts: Selection, request: PickKey, tried: readonly Upstream[], explain: boolean): Decision {
  const { pool, affinity } = parts
  const why: string[] = []
  const pin = affinity?.pinOf(request, pool)
  if (explain && affinity) why.push(pin?.why ?? 'no affinity yet')
  const pinned = pin?.upstream
  if (pinned && !tried.includes(pinned)) {
    if (pool.mayServe(pinned)) {
      const full = pool.isFull(pinned)
      if (explain && full) why.push(`${pinned.name} is full`)
      return { upstream: full ? undefined : pinned, reason: full ? 'full' : 'pinned', pinned, why }
    }
    if (explain) why.push(`${pinned.name} is ${pinned.state}`)
    if (affinity?.whenUnavailable === 'strict') return { upstream: undefined, reason: 'none', pinned, why }
  }
  // It was tried and failed: strict affinity does not look further on a retry either, or the session would be missed.
  if (pinned && tried.includes(pinned) && affinity?.whenUnavailable === 'strict') {
    if (explain) why.push(`${pinned.name} failed, and affinity is strict`)
    return { upstream: undefined, reason: 'none', pinned, why }
  }
  return pick(parts, request, tried, pinned, explain ? why : undefined)
}

function pick(
  { pool, policy, policyName }: Selection,
  request: PickKey,
  tried: readonly Upstream[],
  pinned: Upstream | undefined,
  why: string[] | undefined,
): Decision {
  const upstream = policy(pool.available(tried), request)
  if (!upstream) {
    const full = pool.isSaturated(tried)
    why?.push(full ? 'every upstream is full' : 'no upstream is available')
    return { upstream, reason: full ? 'full' : 'none', pinned, why: why ?? SILENT }
  }
  const reason = tried.length > 0 ? 'retried' : pinned ? 'repicked' : 'picked'
  why?.push(`${reason} ${upstream.name} by ${policyName.replaceAll('-', ' ')}`)
  return { upstream, reason, pinned, why: why ?? SILENT }
}
