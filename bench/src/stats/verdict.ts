import type { Interval } from '@session-cluster/visitor'

/** `met` and `missed` are said only when the whole interval lies on one side of the bound. */
export type Verdict = 'met' | 'missed' | 'inconclusive'

/** What a ratio must stay under: `atMost` allows the bound itself, `below` does not. */
export type Bound = { readonly atMost: number } | { readonly below: number }

/** Compares a whole interval with a bound; an interval across the bound proves nothing either way. */
export function judge(interval: Interval, bound: Bound): Verdict {
  if ('below' in bound) {
    if (interval.high < bound.below) return 'met'
    return interval.low >= bound.below ? 'missed' : 'inconclusive'
  }
  if (interval.high <= bound.atMost) return 'met'
  return interval.low > bound.atMost ? 'missed' : 'inconclusive'
}

/** The bound as the table prints it. */
export function boundText(bound: Bound): string {
  return 'below' in bound ? `< ${bound.below}` : `≤ ${bound.atMost}`
}
