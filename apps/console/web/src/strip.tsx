import { useMemo } from 'preact/hooks'
import type { LaneView } from '../../wire/frame.ts'
import { usePage } from './page.ts'
import { type StripItem, stripLimit } from './state.ts'

const nothing: readonly StripItem[] = []

/** Heights differ too, so that the strip can be read without its colours. */
const heights = { found: 26, fresh: 26, none: 10, miss: 14, lost: 20, error: 8 } as const

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
    error: count('error'),
  })
  const lastMark = items.findLast((item): item is Extract<StripItem, { mark: string }> => 'mark' in item)
  return (
    <div class="last60">
      <h4>
        {t('lane.last60')}
        {lastMark && <span>{t.any(`do.${deedOf(lastMark.mark)}`)} ▾</span>}
      </h4>
      <svg viewBox="0 0 300 34" preserveAspectRatio="none" role="img" aria-label={twin}>
        {useMemo(() => draw(items), [items])}
      </svg>
    </div>
  )
}

function draw(items: readonly StripItem[]) {
  const bars = items.filter((item) => 'outcome' in item).length
  let slot = stripLimit - bars
  return items.map((item) => {
    if ('mark' in item) return <path key={item.seq} d={`M${slot * 5} 0v34`} class="event" />
    const height = heights[item.outcome]
    const x = slot++ * 5 + 0.7
    return (
      <rect key={item.seq} x={x} y={32 - height} width="3.6" height={height} rx="1" class={`bar-${item.outcome}`} />
    )
  })
}

/** What was done, from a notice's key: `node.crash` and a process that crashed by itself are both a crash. */
function deedOf(key: string): string {
  const [, deed = ''] = key.split('.')
  return deed === 'crashed' ? 'crash' : deed
}
