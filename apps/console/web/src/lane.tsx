import { foundPercent, judged, noTotals, type Totals } from '@session-cluster/contract'
import { isGone } from '../../wire/consequence.ts'
import type { LaneView } from '../../wire/frame.ts'
import type { LaneId } from '../../wire/record.ts'
import { Diagram } from './diagram.tsx'
import { signs } from './mark.tsx'
import { type Page, usePage } from './page.ts'
import type { StripItem } from './state.ts'
import { Strip } from './strip.tsx'

/** One lane: what it teaches, its figures, its last requests, and its processes. */
export function Lane({ id }: { id: LaneId }) {
  const { t, state, place, go } = usePage()
  const lane = state.lanes.find((candidate) => candidate.id === id)
  if (!lane) return null
  const name = t(`mode.${lane.id}`)
  return (
    <section
      class={`panel lane ${lane.on ? '' : 'off'} ${place.lane === lane.id ? 'chosen' : ''}`}
      aria-labelledby={`lane-${lane.id}`}
      data-lane={lane.id}
    >
      <div class="lane-head">
        <h3 id={`lane-${lane.id}`}>
          <button
            type="button"
            class="plain"
            aria-pressed={place.lane === lane.id}
            onClick={() => go({ lane: lane.id })}
          >
            {name}
          </button>
        </h3>
        {lane.attached && <span class="chip">{t('lane.attached')}</span>}
        <span class="grow" />
        {lane.url && (
          <a href={lane.url} target="_blank" rel="noreferrer" title={t('lane.open', { lane: name })}>
            <span class="sr">{t('lane.open', { lane: name })}: </span>
            {shortAddress(lane.url)} <span aria-hidden="true">↗</span>
          </a>
        )}
      </div>
      <p class="lesson">{t(`mode.${lane.id}.lesson`)}</p>
      {lane.state !== 'ready' ? <Absent lane={lane} /> : <Present lane={lane} />}
    </section>
  )
}

function Absent({ lane }: { lane: LaneView }) {
  const { t } = usePage()
  if (lane.state === 'starting') {
    return (
      <p class="absent" role="status">
        {t('lane.starting')}
      </p>
    )
  }
  return (
    <div class="absent" role="alert">
      <b>{t('lane.failed')}</b>
      <p>{lane.error}</p>
    </div>
  )
}

function Present({ lane }: { lane: LaneView }) {
  const { t, state } = usePage()
  const last = lastRequests(state.strips[lane.id] ?? [])
  const percent = foundPercent(last)
  const count = judged.reduce((sum, outcome) => sum + last[outcome], 0)
  const figures = (['miss', 'lost', 'unreadable', 'error'] as const).filter(
    (outcome) => outcome !== 'unreadable' || lane.totals.unreadable > 0,
  )
  const unreadable = state.users.filter((user) => user.lanes[lane.id]?.session === 'unreadable').length
  return (
    <>
      <h4 class="unit" title={t('lane.unit.hint')}>
        {t('lane.unit', { n: count })}
      </h4>
      <div class="kpi">
        <div title={t('outcome.found.long')} data-last="found" data-count={last.found}>
          <strong>
            {percent ?? '–'}
            {percent !== undefined && <span> %</span>}
          </strong>
          {t('outcome.found')}
        </div>
        {figures.map((outcome) => (
          <div key={outcome} title={t(`figure.${outcome}.hint`)} data-last={outcome} data-count={last[outcome]}>
            <span class={`num ${outcome}-ink`}>
              <span aria-hidden="true">{signs[outcome]} </span>
              {last[outcome]}
            </span>
            {t(outcome === 'error' ? 'outcome.errors' : `outcome.${outcome}`)}
          </div>
        ))}
      </div>
      <div class="bar" aria-hidden="true">
        {judged.map((outcome) => (
          <i
            key={outcome}
            class={`bg-${outcome}`}
            style={{ width: `${(last[outcome] / Math.max(1, count)) * 100}%` }}
          />
        ))}
      </div>
      <Strip lane={lane} />
      <p class="even since">
        {t('lane.since', { time: new Date(lane.since).toLocaleTimeString(t.lang) })}{' '}
        {judged
          .filter((outcome) => outcome !== 'unreadable' || lane.totals.unreadable > 0)
          .map((outcome, index) => (
            <span key={outcome} class="nobreak" data-figure={outcome} data-count={lane.totals[outcome]}>
              {index > 0 && ' · '}
              {t(outcome === 'error' ? 'outcome.errors' : `outcome.${outcome}`)} {lane.totals[outcome]}
            </span>
          ))}
      </p>
      <p
        class="even"
        title={t('lane.even.hint')}
        data-max={lane.maxOverMean?.toFixed(2)}
        data-jain={lane.jain?.toFixed(2)}
      >
        {t('lane.even', { max: lane.maxOverMean?.toFixed(2) ?? '–', jain: lane.jain?.toFixed(2) ?? '–' })}
      </p>
      <Diagram lane={lane} />
      <p class="note" role="status">
        {note(lane, t)}
        <b class="lost-ink" data-gone={lane.gone} data-noticed={lane.noticed}>
          {lane.gone > 0 && t('lane.gone', { n: lane.gone, noticed: lane.noticed })}
        </b>
        <b class="unreadable-ink" data-unreadable={unreadable}>
          {unreadable > 0 && t('lane.unreadable', { n: unreadable, all: state.users.length })}
        </b>
      </p>
    </>
  )
}

/** The outcomes of the requests that the strip shows: the figures above it are of these, and of no others. */
function lastRequests(items: readonly StripItem[]): Totals {
  const last = noTotals()
  for (const item of items) if ('outcome' in item) last[item.outcome]++
  return last
}

/** The port is what tells lanes on this machine apart; elsewhere the whole host does. */
function shortAddress(url: string): string {
  const { host, hostname, port } = new URL(url)
  return hostname.endsWith('localhost') || hostname === '127.0.0.1' ? `localhost:${port}` : host
}

/** One sentence about how the lane stands. */
function note(lane: LaneView, t: Page['t']): string {
  if (!lane.on) return t('lane.off')
  if (lane.busy) return busyWords(lane.busy, t)
  if (lane.redis && lane.redis.state !== 'up') return t('lane.note.redis')
  const down = lane.nodes.find((node) => isGone(node) && node.process !== 'starting')
  return down ? t.any(`lane.note.${lane.id}.down`, { node: down.name }) : t(`lane.note.${lane.id}`)
}

/** What is being done, and how far it is. */
export function busyWords({ what, done, of }: NonNullable<LaneView['busy']>, t: Page['t']): string {
  const far = of > 1 ? ` ${t('busy.far', { done, of })}` : ''
  return `${t.any(`busy.${what}`)}${far}`
}
