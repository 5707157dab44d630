import type { Affinity } from '../affinity/affinity.ts'
import type { PickKey, Policy } from '../policies/policy.ts'
import type { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Step } from '../steps.ts'

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
  /** First to last; empty when nobody asked for them. */
  readonly steps: readonly Step[]
}

/** What `select` needs to know besides the request. */
export interface Selection {
  readonly pool: Pool
  readonly policy: Policy
  /** The policy's name, for the steps. */
  readonly policyName: string
  readonly affinity: Affinity | undefined
}

const SILENT: readonly Step[] = []

/**
 * Decides where a request goes. Affinity comes before the policy; upstreams in `tried` have failed this request already.
 * @param explain whether to spell out the steps
 */
export function select(parts: Selection, request: PickKey, tried: readonly Upstream[], explain: boolean): Decision {
  const { pool, affinity } = parts
  const steps: Step[] = []
  const pin = affinity?.pinOf(request, pool)
  if (explain && affinity) steps.push(pin?.step ?? { key: 'affinity.none' })
  const pinned = pin?.upstream
  if (pinned && !tried.includes(pinned)) {
    if (pool.mayServe(pinned)) {
      const full = pool.isFull(pinned)
      if (explain && full) steps.push({ key: 'state.full', upstream: pinned.name })
      return { upstream: full ? undefined : pinned, reason: full ? 'full' : 'pinned', pinned, steps }
    }
    if (explain) steps.push({ key: `state.${pinned.state}`, upstream: pinned.name })
    if (affinity?.whenUnavailable === 'strict') return { upstream: undefined, reason: 'none', pinned, steps }
  }
  // It was tried and failed: strict affinity does not look further on a retry either, or the session would be missed.
  if (pinned && tried.includes(pinned) && affinity?.whenUnavailable === 'strict') {
    if (explain) steps.push({ key: 'strict', upstream: pinned.name })
    return { upstream: undefined, reason: 'none', pinned, steps }
  }
  return pick(parts, request, tried, pinned, explain ? steps : undefined)
}

function pick(
  { pool, policy, policyName }: Selection,
  request: PickKey,
  tried: readonly Upstream[],
  pinned: Upstream | undefined,
  steps: Step[] | undefined,
): Decision {
  const upstream = policy(pool.available(tried), request)
  if (!upstream) {
    const full = pool.isSaturated(tried)
    steps?.push({ key: full ? 'pick.full' : 'pick.none' })
    return { upstream, reason: full ? 'full' : 'none', pinned, steps: steps ?? SILENT }
  }
  const reason = tried.length > 0 ? 'retried' : pinned ? 'repicked' : 'picked'
  steps?.push({ key: `pick.${reason}`, upstream: upstream.name, policy: policyName })
  return { upstream, reason, pinned, steps: steps ?? SILENT }
}
