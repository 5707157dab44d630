import type { Outcome } from '@session-cluster/contract'
import { signs } from '../../../wire/marks.ts'
import { usePage } from '../model/page.ts'

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
