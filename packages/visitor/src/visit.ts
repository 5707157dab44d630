import type { Outcome } from '@session-cluster/contract'
import type { Answer } from './client.ts'

/**
 * What became of one read by a client that had saved its token.
 * `found`: it came back. `miss`: the answering node does not know it, or gave another one; another node may know it.
 * `error`: a 5xx, a time-out, a broken connection, or an answer that fits neither. (`lost` is known from a census only.)
 */
export type VisitOutcome = Extract<Outcome, 'found' | 'miss' | 'error'>

/** One read and what became of it. */
export interface Visit {
  readonly user: string
  readonly outcome: VisitOutcome
  /** Who answered, by its `X-Served-By`. */
  readonly node: string | undefined
  readonly status: number | undefined
  /** What a miss or an error said, for a person to read. */
  readonly detail: string | undefined
  /** `performance.now()` when it was sent. */
  readonly sentAt: number
  readonly tookMs: number
}

/** Judges an answer to `GET /get` by the token that the client remembers. */
export function judge(answer: Answer, token: string): VisitOutcome {
  if (answer.status === 200) return answer.body === token ? 'found' : 'miss'
  return answer.status === 404 ? 'miss' : 'error'
}

/** How many visits ended how: miss and error are never added together. */
export class Tally {
  readonly counts: Record<VisitOutcome, number> = { found: 0, miss: 0, error: 0 }
  /** Visits answered by each node. */
  readonly byNode: Record<string, number> = {}
  /** The visits that did not find their session, in order. */
  readonly trouble: Visit[] = []

  get total(): number {
    return this.counts.found + this.counts.miss + this.counts.error
  }

  add(visit: Visit): void {
    this.counts[visit.outcome]++
    if (visit.node !== undefined) this.byNode[visit.node] = (this.byNode[visit.node] ?? 0) + 1
    if (visit.outcome !== 'found') this.trouble.push(visit)
  }
}
