import type { Outcome } from '@session-cluster/contract'
import type { LaneId } from '../../wire/record.ts'
import { usePage } from './page.ts'

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

/** A small square with an outcome's sign; the words are there for whoever cannot see it. */
export function Mark({ outcome, label, lane }: { outcome: Outcome | undefined; label: string; lane: LaneId }) {
  return (
    <span class={`mark ${outcome ?? 'nothing'}`} title={label} data-lane={lane} data-outcome={outcome ?? 'nothing'}>
      <span aria-hidden="true">{outcome ? signs[outcome] : '·'}</span>
      <span class="sr">{label}</span>
    </span>
  )
}

/** An outcome as a sign and a word. */
export function OutcomePill({ outcome }: { outcome: Outcome }) {
  const { t } = usePage()
  return (
    <span class={`pill ${outcome}`}>
      <span aria-hidden="true">{signs[outcome]} </span>
      {t(`outcome.${outcome}`)}
    </span>
  )
}
