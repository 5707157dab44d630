import { isGone } from '../../wire/consequence.ts'
import type { LaneView } from '../../wire/frame.ts'
import { foundPercent } from '../../wire/outcome.ts'
import type { LaneId } from '../../wire/record.ts'
import { Diagram } from './diagram.tsx'
import { signs } from './mark.tsx'
import { type Page, usePage } from './page.ts'
import { Strip } from './strip.tsx'

/** One lane: what it teaches, its figures, its last requests, and its processes. */
export function Lane({ id }: { id: LaneId }) {
  const { t, state, place, go } = usePage()
  const lane = state.lanes.find((candidate) => candidate.id === id)
  if (!lane) return null
  const name = t(`mode.${lane.id}`)
  const losers = state.users.filter((user) => user.lanes[lane.id]?.lost).length
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
      {lane.state !== 'ready' ? <Absent lane={lane} /> : <Present lane={lane} losers={losers} />}
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

function Present({ lane, losers }: { lane: LaneView; losers: number }) {
  const { t, state } = usePage()
  const { totals } = lane
  const percent = foundPercent(totals)
  const judgedCount = Math.max(1, totals.found + totals.miss + totals.lost + totals.error)
  const figures = [
    ['miss', t('outcome.miss')],
    ['lost', t('outcome.lost')],
    ['error', t('outcome.errors')],
  ] as const
  return (
    <>
      <h4 class="unit" title={t('lane.unit.hint')}>
        {t('lane.unit')}
      </h4>
      <div class="kpi">
        <div title={t('outcome.found.long')} data-figure="found" data-count={totals.found}>
          <strong>
            {percent ?? '–'}
            {percent !== undefined && <span> %</span>}
          </strong>
          {t('outcome.found')}
        </div>
        {figures.map(([outcome, label]) => (
          <div key={outcome} title={t(`figure.${outcome}.hint`)} data-figure={outcome} data-count={totals[outcome]}>
            <span class={`num ${outcome}-ink`}>
              <span aria-hidden="true">{signs[outcome]} </span>
              {totals[outcome]}
            </span>
            {label}
          </div>
        ))}
      </div>
      <div class="bar" aria-hidden="true">
        {(['found', 'miss', 'lost', 'error'] as const).map((outcome) => (
          <i key={outcome} class={`bg-${outcome}`} style={{ width: `${(totals[outcome] / judgedCount) * 100}%` }} />
        ))}
      </div>
      <Strip lane={lane} />
      <p class="even" title={t('lane.even.hint')}>
        {t('lane.even', { max: lane.maxOverMean?.toFixed(2) ?? '–', jain: lane.jain?.toFixed(2) ?? '–' })}
      </p>
      <Diagram lane={lane} />
      <p class="note" role="status">
        {note(lane, t)}
        <b class="lost-ink">{losers > 0 && t('lane.lostUsers', { n: losers, all: state.users.length })}</b>
      </p>
    </>
  )
}

/** The port is what tells lanes on this machine apart; elsewhere the whole host does. */
function shortAddress(url: string): string {
  const { host, hostname, port } = new URL(url)
  return hostname.endsWith('localhost') || hostname === '127.0.0.1' ? `localhost:${port}` : host
}

/** One sentence about how the lane stands. */
function note(lane: LaneView, t: Page['t']): string {
  if (!lane.on) return t('lane.off')
  if (lane.busy) return t.any(`busy.${lane.busy}`)
  if (lane.redis && lane.redis.state !== 'up') return t('lane.note.redis')
  const down = lane.nodes.find((node) => isGone(node) && node.process !== 'starting')
  return down ? t.any(`lane.note.${lane.id}.down`, { node: down.name }) : t(`lane.note.${lane.id}`)
}
