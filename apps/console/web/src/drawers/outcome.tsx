import type { Outcome } from '@session-cluster/contract'
import { usePage } from '../model/page.ts'

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

/** An outcome as a sign and a word. */
export function OutcomePill({ outcome }: { outcome: Outcome }) {
  const { t } = usePage()
  return (
    <span class={`pill o-${outcome}`}>
      <span aria-hidden="true">{signs[outcome]} </span>
      {t(`outcome.${outcome}`)}
    </span>
  )
}
