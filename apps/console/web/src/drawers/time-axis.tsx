import type { LaneId } from '../../../wire/record.ts'
import { usePage } from '../model/page.ts'
import type { Entry } from '../model/state.ts'

const width = 1000
const height = 26

/** Each lane's requests along the time, what went wrong below the line, and what was done to it as a flag. */
export function TimeAxis({ entries }: { entries: readonly Entry[] }) {
  const { t, state } = usePage()
  const first = entries[0]?.at
  const last = entries.at(-1)?.at
  if (first === undefined || last === undefined || last <= first) return null
  const x = (at: number) => ((at - first) / (last - first)) * (width - 4) + 2
  return (
    <figure class="axis">
      {state.lanes.map(({ id }) => (
        <div key={id} class="axis-lane">
          <span>{t(`mode.${id}`)}</span>
          <svg
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={t('axis.lane', { lane: t(`mode.${id}`), ...count(entries, id) })}
          >
            <path class="axis-line" d={`M0 ${height / 2}H${width}`} />
            <path class="axis-found" d={ticks(entries, id, true, x)} />
            <path class="axis-bad" d={ticks(entries, id, false, x)} />
            <path class="axis-flag" d={flags(entries, id, x)} />
          </svg>
        </div>
      ))}
      <figcaption class="quiet">
        <span>{new Date(first).toLocaleTimeString(t.lang)}</span>
        <span>{t('axis.explains')}</span>
        <span>{new Date(last).toLocaleTimeString(t.lang)}</span>
      </figcaption>
    </figure>
  )
}

const isBad = (outcome: string): boolean => ['miss', 'lost', 'unreadable', 'error'].includes(outcome)

function count(entries: readonly Entry[], lane: LaneId): { n: number; bad: number } {
  const mine = entries.filter((entry) => entry.lane === lane && entry.kind === 'request')
  return { n: mine.length, bad: mine.filter((entry) => entry.kind === 'request' && isBad(entry.outcome)).length }
}

function ticks(entries: readonly Entry[], lane: LaneId, good: boolean, x: (at: number) => number): string {
  return entries
    .filter((entry) => entry.lane === lane && entry.kind === 'request' && isBad(entry.outcome) !== good)
    .map(({ at }) => `M${x(at).toFixed(1)} ${height / 2}v${good ? -9 : 11}`)
    .join('')
}

function flags(entries: readonly Entry[], lane: LaneId, x: (at: number) => number): string {
  return entries
    .filter((entry) => entry.lane === lane && entry.kind === 'notice' && entry.mark)
    .map(({ at }) => `M${x(at).toFixed(1)} 0v${height}`)
    .join('')
}
