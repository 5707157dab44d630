import type { Outcome } from '@session-cluster/contract'

/** A sign for each outcome: readable without its colour. */
export const signs: Readonly<Record<Outcome, string>> = {
  found: '✓',
  fresh: '+',
  none: '○',
  miss: '–',
  lost: '✗',
  unreadable: '?',
  error: '!',
}

/** How high each outcome's bar is drawn, so that a strip of them can be read without its colours. */
export const heights: Readonly<Record<Outcome, number>> = {
  found: 26,
  fresh: 26,
  none: 10,
  miss: 14,
  lost: 20,
  unreadable: 17,
  error: 8,
}
