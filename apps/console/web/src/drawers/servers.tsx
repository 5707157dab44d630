import { foundPercent, hasAffinity, judged, noTotals, type Totals } from '@session-cluster/contract'
import { useState } from 'preact/hooks'
import type { LaneView, NodeAction, NodeView } from '../../../wire/frame.ts'
import { signs } from '../../../wire/marks.ts'
import { standOf } from '../model/health.ts'
import { chosenLane, type Page, usePage } from '../model/page.ts'
import { shareText } from '../model/share.ts'
import type { StripItem } from '../model/state.ts'
import { Segment } from './segment.tsx'
import { StatePill } from './state-pill.tsx'
import { Strip } from './strip.tsx'

interface Column {
  readonly key: string
  /** Shown only with all columns. */
  readonly more?: boolean
  cell(node: NodeView, lane: LaneView, t: Page['t']): string
}

const orDash = (value: number | undefined, text: (value: number) => string): string =>
  value === undefined ? '–' : text(value)
const ms = (value: number | undefined): string => orDash(value, (n) => (n < 10 ? n.toFixed(1) : String(Math.round(n))))
const hit = ({ found, missed }: NodeView): string =>
  found + missed === 0 ? '–' : `${Math.floor((found / (found + missed)) * 100)} %`

/** The columns after a node's name and state, as HAProxy's stats page and NGINX's dashboard have them, and the session's own. */
const columns: readonly Column[] = [
  { key: 'weight', more: true, cell: ({ weight }) => String(weight) },
  { key: 'rate', cell: ({ rate }) => rate.toFixed(1) },
  { key: 'inFlight', cell: ({ inFlight }) => String(inFlight) },
  { key: 'latency', cell: ({ p50, p99 }) => `${ms(p50)} / ${ms(p99)}` },
  { key: 'p95', more: true, cell: ({ p95 }) => ms(p95) },
  { key: 'requests', cell: ({ requests }) => String(requests) },
  { key: 'answers', more: true, cell: ({ answers }) => `${answers.ok} / ${answers.client} / ${answers.server}` },
  { key: 'held', cell: ({ held }) => orDash(held, String) },
  { key: 'pinned', more: true, cell: ({ pinned }, { mode }) => (hasAffinity(mode) ? String(pinned.length) : '–') },
  { key: 'hit', cell: hit },
  { key: 'gone', cell: ({ gone }) => String(gone) },
  { key: 'redispatches', more: true, cell: ({ redispatches }) => String(redispatches) },
  {
    key: 'store',
    more: true,
    cell: ({ storeCommandsPerRequest }) => orDash(storeCommandsPerRequest, (n) => n.toFixed(1)),
  },
  { key: 'heap', more: true, cell: ({ heapBytes }) => orDash(heapBytes, (n) => `${Math.round(n / 1024 / 1024)} MB`) },
  { key: 'uptime', more: true, cell: ({ uptimeMs }) => orDash(uptimeMs, (n) => `${Math.floor(n / 1000)} s`) },
  { key: 'check', more: true, cell: ({ lastCheck }) => lastCheck ?? '–' },
]

/** Every lane's figures side by side, and the servers of one of them as a table, with what can be done to each. */
export function ServersDrawer() {
  const { state } = usePage()
  return (
    <>
      <div class="sides figures" data-lanes={state.lanes.length}>
        {state.lanes.map((lane) => (
          <Figures key={lane.id} lane={lane} />
        ))}
      </div>
      <Nodes />
    </>
  )
}

/** A lane in numbers: of its last requests, since the counting began, and how evenly its servers are used. */
function Figures({ lane }: { lane: LaneView }) {
  const { t, state } = usePage()
  const last = lastRequests(state.strips[lane.id] ?? [])
  const percent = foundPercent(last)
  const count = judged.reduce((sum, outcome) => sum + last[outcome], 0)
  const shown = judged.filter((outcome) => outcome !== 'unreadable' || lane.totals.unreadable > 0)
  const unreadable = state.users.filter((user) => user.lanes[lane.id]?.session === 'unreadable').length
  return (
    <section class="side" data-figures={lane.id} aria-label={t(`mode.${lane.id}`)}>
      <h3>
        {t(`mode.${lane.id}`)}
        {lane.attached && <span class="chip">{t('lane.attached')}</span>}
        <a href={lane.url} target="_blank" rel="noreferrer">
          {t('lane.open')} ↗
        </a>
      </h3>
      <p class="unit" data-unit={count}>
        {t('lane.unit', { n: count })}
      </p>
      <div class="kpi">
        {shown.map((outcome) => (
          <span key={outcome} class={`o-${outcome}`} data-last={outcome} data-count={last[outcome]}>
            <b>
              <span aria-hidden="true">{signs[outcome]} </span>
              {outcome === 'found' ? (
                <span data-percent>{percent === undefined ? '–' : `${percent} %`}</span>
              ) : (
                last[outcome]
              )}
            </b>{' '}
            {t(outcome === 'error' ? 'outcome.errors' : `outcome.${outcome}`)}
          </span>
        ))}
      </div>
      <Strip lane={lane} />
      <p class="quiet">
        {t('lane.since', { time: new Date(lane.since).toLocaleTimeString(t.lang) })}{' '}
        {shown.map((outcome, index) => (
          <span key={outcome} class="nobreak" data-figure={outcome} data-count={lane.totals[outcome]}>
            {index > 0 && ' · '}
            {t(outcome === 'error' ? 'outcome.errors' : `outcome.${outcome}`)} {lane.totals[outcome]}
          </span>
        ))}
      </p>
      <p class="quiet even" data-max={lane.maxOverMean?.toFixed(2)} data-jain={lane.jain?.toFixed(2)}>
        {t('lane.even', { max: lane.maxOverMean?.toFixed(2) ?? '–', jain: lane.jain?.toFixed(2) ?? '–' })}
      </p>
      <p>
        <b class="lost-ink" data-gone={lane.gone} data-noticed={lane.noticed}>
          {lane.gone > 0 && t('lane.gone', { n: lane.gone, noticed: lane.noticed })}
        </b>
        <b class="miss-ink" data-unreadable={unreadable}>
          {unreadable > 0 && t('lane.unreadable', { n: unreadable, all: state.users.length })}
        </b>
      </p>
    </section>
  )
}

/** The outcomes of the requests that the strip shows: the figures above it are of these, and of no others. */
function lastRequests(items: readonly StripItem[]): Totals {
  const last = noTotals()
  for (const item of items) if ('outcome' in item) last[item.outcome]++
  return last
}

/** The servers of one lane as a table. */
function Nodes() {
  const page = usePage()
  const { t, state, go } = page
  const lane = chosenLane(page)
  const [all, setAll] = useState(false)
  const shown = columns.filter(({ more }) => all || !more)
  return (
    <section class="nodes" aria-label={t('nodes.table')}>
      <div class="row">
        {state.lanes.length > 1 && (
          <Segment small label={t('nodes.lane')}>
            {state.lanes.map(({ id }) => (
              <button type="button" key={id} aria-pressed={lane?.id === id} onClick={() => go({ lane: id })}>
                {t(`mode.${id}`)}
              </button>
            ))}
          </Segment>
        )}
        <span class="grow" />
        <button type="button" class="small" aria-pressed={all} onClick={() => setAll(!all)}>
          {t(all ? 'nodes.few' : 'nodes.all')}
        </button>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a table that scrolls is no fieldset */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="scroll" role="group" tabIndex={0} aria-label={t('nodes.scroll')}>
        {lane && <Table lane={lane} shown={shown} />}
      </div>
    </section>
  )
}

function Table({ lane, shown }: { lane: LaneView; shown: readonly Column[] }) {
  const { t } = usePage()
  return (
    <table class={`node-table ${shown.length < columns.length ? 'few' : ''}`}>
      <thead>
        <tr>
          <th scope="col">{t('nodes.node')}</th>
          <th scope="col" class="left">
            {t('nodes.state')}
          </th>
          <th scope="col" class="left">
            {t('nodes.spark')}
          </th>
          {shown.map(({ key }) => (
            <th scope="col" key={key}>
              {key === 'p95' ? 'p95' : t.any(`nodes.${key}`)}
            </th>
          ))}
          <th scope="col">{t('nodes.actions')}</th>
        </tr>
      </thead>
      <tbody>
        {lane.nodes.map((node) => (
          <Row key={node.name} lane={lane} node={node} shown={shown} />
        ))}
      </tbody>
      <tfoot hidden={lane.nodes.length === 0}>
        <tr>
          <th scope="row">{t('nodes.cluster')}</th>
          <td colSpan={shown.length + 3} class="left">
            <span class="stays">
              {t('nodes.share', {
                share: lane.nodes.map(({ name }) => `${name}\u00a0${shareText(lane, name)}`).join('\u00a0· '),
              })}
            </span>
            <small>{t('nodes.gone.hint')}</small>
            <small>{t('lane.even.hint')}</small>
          </td>
        </tr>
      </tfoot>
    </table>
  )
}

function Row({ lane, node, shown }: { lane: LaneView; node: NodeView; shown: readonly Column[] }) {
  const { t, state } = usePage()
  return (
    <tr data-node={node.name} data-state={standOf(node)}>
      <th scope="row">{node.name}</th>
      <td class="left">
        <StatePill node={node} />
      </td>
      <td class="left">
        <Spark rates={state.rates[`${lane.id}/${node.name}`] ?? []} label={t('nodes.spark.of', { node: node.name })} />
      </td>
      {shown.map(({ key, cell }) => (
        <td key={key} data-column={key}>
          {cell(node, lane, t)}
        </td>
      ))}
      <td class="do">
        <RowActions lane={lane} node={node} />
      </td>
    </tr>
  )
}

/** A server's requests a second over the last half minute. */
function Spark({ rates, label }: { rates: readonly number[]; label: string }) {
  const most = Math.max(1, ...rates)
  const step = 90 / Math.max(1, rates.length - 1)
  const path = rates
    .map((rate, at) => `${at === 0 ? 'M' : 'L'}${(at * step).toFixed(1)} ${(20 - (rate / most) * 18).toFixed(1)}`)
    .join('')
  return (
    <svg class="spark" width="90" height="22" role="img" aria-label={label}>
      <path d={path} />
    </svg>
  )
}

/** The two actions that come first to mind, and a way to the others. */
function RowActions({ lane, node }: { lane: LaneView; node: NodeView }) {
  const { t, open } = usePage()
  const dead = node.process === 'crashed' || node.process === 'stopped'
  const first: NodeAction = dead ? 'restart' : node.process === 'frozen' ? 'thaw' : 'crash'
  const second: NodeAction = node.state === 'draining' || node.state === 'maintenance' ? 'ready' : 'drain'
  return (
    <>
      {/* By their place: after a crash the same button restarts, and whoever pressed it still has the focus there. */}
      {[first, ...(dead ? [] : [second])].map((action, place) => (
        <ActButton key={place} lane={lane} node={node.name} action={action} />
      ))}
      <button
        type="button"
        class="small"
        aria-label={t('do.more', { node: node.name })}
        onClick={() => open({ kind: 'node', lane: lane.id, node: node.name })}
      >
        …
      </button>
    </>
  )
}

/** A button for an action on a node; where it cannot be had it is disabled and says why. */
function ActButton({ lane, node, action }: { lane: LaneView; node: string; action: NodeAction }) {
  const { t, open, tell } = usePage()
  const reason = lane.disabled[action]
  return (
    <button
      type="button"
      class="small"
      aria-disabled={reason !== undefined}
      aria-label={t('nodes.for', { action: t(`do.${action}`), node })}
      onClick={() => (reason === undefined ? open({ kind: 'confirm', action, node, lane: lane.id }) : tell(reason))}
    >
      {t(`do.${action}`)}
      {action === 'crash' && '…'}
    </button>
  )
}
