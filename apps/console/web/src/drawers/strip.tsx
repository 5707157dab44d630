import { type Outcome, outcomes } from '@session-cluster/contract'
import { useMemo } from 'preact/hooks'
import type { LaneView } from '../../../wire/frame.ts'
import { heights } from '../../../wire/marks.ts'
import { usePage } from '../model/page.ts'
import { type StripItem, stripLimit } from '../model/state.ts'

const nothing: readonly StripItem[] = []

/** The outcomes of a lane's last requests, oldest first, with a line where something was done to the lane. */
export function Strip({ lane }: { lane: LaneView }) {
  const { t, state } = usePage()
  const items = state.strips[lane.id] ?? nothing
  const count = (outcome: string) => items.filter((item) => 'outcome' in item && item.outcome === outcome).length
  const bars = items.filter((item) => 'outcome' in item).length
  const twin = t('lane.last60.twin', {
    n: bars,
    found: count('found'),
    miss: count('miss'),
    lost: count('lost'),
    unreadable: count('unreadable'),
    error: count('error'),
  })
  const lastMark = items.findLast((item): item is Extract<StripItem, { mark: string }> => 'mark' in item)
  return (
    <div class="last60">
      {lastMark && (
        <p class="small">
          <span class="marked">{t.any(`do.${deedOf(lastMark.mark)}`)}</span>
        </p>
      )}
      <svg viewBox="0 0 300 34" preserveAspectRatio="none" role="img" aria-label={twin}>
        {useMemo(() => draw(items), [items])}
      </svg>
    </div>
  )
}

/** One path for all bars of an outcome: sixty bars that each move at every request would cost as much as the rest of the page. */
function draw(items: readonly StripItem[]) {
  const bars = items.filter((item) => 'outcome' in item).length
  const paths: Partial<Record<Outcome, string>> = {}
  let marks = ''
  let slot = stripLimit - bars
  for (const item of items) {
    if ('mark' in item) {
      marks += `M${slot * 5} 0v34`
      continue
    }
    const height = heights[item.outcome]
    paths[item.outcome] = `${paths[item.outcome] ?? ''}M${slot++ * 5 + 0.7} ${32 - height}h3.6v${height}h-3.6z`
  }
  return (
    <>
      {outcomes.map(
        (outcome) => paths[outcome] && <path key={outcome} d={paths[outcome]} class={`tick o-${outcome}`} />,
      )}
      {marks && <path d={marks} class="event" />}
    </>
  )
}

/** What was done, from a notice's key: `node.crash` and a process that crashed by itself are both a crash. */
function deedOf(key: string): string {
  const [, deed = ''] = key.split('.')
  return deed === 'crashed' ? 'crash' : deed
}
