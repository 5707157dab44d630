import type { NodeView } from '../../../wire/frame.ts'
import { healthOf, healthSigns, standOf } from '../model/health.ts'
import { usePage } from '../model/page.ts'

const tones = { well: 'o-found', aside: 'aside', ill: 'o-lost' } as const

/** How a node stands, as a sign and a word. */
export function StatePill({ node }: { node: NodeView }) {
  const { t } = usePage()
  const health = healthOf(node)
  return (
    <span class={`pill ${tones[health]}`} data-health={health}>
      <span aria-hidden="true">{healthSigns[health]} </span>
      {t.any(`state.${standOf(node)}`)}
    </span>
  )
}
