import { Component, type VNode } from 'preact'
import { useState } from 'preact/hooks'
import { type HeldLog, waitingFor } from './hold.ts'
import type { Translate } from './i18n/translate.ts'
import { signs } from './mark.tsx'
import { chosenUser, usePage } from './page.ts'
import { Segment } from './segment.tsx'
import type { Entry } from './state.ts'

const filters = ['all', 'bad', 'user'] as const
type Filter = (typeof filters)[number]
/** Rows that are drawn at most; the rest can be had in the export. */
const mostRows = 60
/** While more comes than anyone can read, only so many: what fits into the panel. */
const fastRows = 16

/** The events, newest first, with a hold: what comes meanwhile waits and can be let in one by one. */
export function Log({ held, onHold, onStep }: { held: HeldLog | undefined; onHold: () => void; onStep: () => void }) {
  const page = usePage()
  const { t, state } = page
  const [filter, setFilter] = useState<Filter>('all')
  const user = chosenUser(page) ?? ''
  const short = state.fast && !held
  const waiting = held ? waitingFor(held, state).length : 0
  const rows = (held?.entries ?? state.log)
    .filter((entry) => passes(entry, filter, user))
    .slice(-(short ? fastRows : mostRows))
    .reverse()
  return (
    <section class="panel log" aria-label={t('log.title')}>
      <div class="head">
        <h2>{t('log.title')}</h2>
        <select
          aria-label={t('log.filter')}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value as Filter)}
        >
          {filters.map((name) => (
            <option key={name} value={name}>
              {t(`log.filter.${name}`, { user })}
            </option>
          ))}
        </select>
        <span class="grow" />
        {short && <span class="quiet">{t('log.short', { n: fastRows })}</span>}
        {held && <span class="quiet">{t('log.held', { n: waiting })}</span>}
        <Segment small label={t('log.title')}>
          <button type="button" aria-pressed={held !== undefined} onClick={onHold}>
            {t(held ? 'log.live' : 'log.pause')}
          </button>
          <button type="button" disabled={waiting === 0} onClick={onStep}>
            {t('log.step')}
          </button>
        </Segment>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a list that scrolls is no fieldset */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: its rows are reached from it by the arrow keys */}
      <div class="scroll" role="group" tabIndex={0} aria-label={t('log.list')} onKeyDown={walk}>
        {rows.length === 0 ? <p class="quiet">{t('log.empty')}</p> : <Rows rows={rows} />}
      </div>
    </section>
  )
}

/** The rows are one stop for the Tab key, however many there are and however they move; the arrow keys go from one to the next. */
function walk(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const rows = [...event.currentTarget.querySelectorAll('button')]
  const at = rows.indexOf(document.activeElement as HTMLButtonElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key]
  if (to === undefined) return
  event.preventDefault()
  // Neither the tour's arrows nor the list's own scrolling.
  event.stopPropagation()
  rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus()
}

function passes(entry: Entry, filter: Filter, user: string): boolean {
  if (filter === 'all') return true
  if (filter === 'user') return entry.kind === 'request' && entry.user === user
  return entry.kind === 'notice'
    ? entry.tone === 'bad'
    : ['miss', 'lost', 'unreadable', 'error'].includes(entry.outcome)
}

function Rows({ rows }: { rows: readonly Entry[] }) {
  const { t, go, pinRecord } = usePage()
  const show = (entry: RequestEntry) => {
    go({ lane: entry.lane, tab: 'why', ...(entry.user && { user: entry.user }) })
    pinRecord(entry)
  }
  return (
    <table class="events">
      <thead class="sr">
        <tr>
          {(['time', 'who', 'lane', 'what', 'outcome'] as const).map((name) => (
            <th key={name} scope="col">
              {t(`log.${name}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((entry) => (
          <Row key={`${entry.at} ${entry.seq}`} entry={entry} t={t} show={show} />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  readonly entry: Entry
  readonly t: Translate
  /** Always does the same, whichever drawing it comes from. */
  readonly show: (entry: RequestEntry) => void
}

/** An entry never changes, so its row is drawn once for each language: sixty anew ten times a second would be the page's dearest part. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate({ entry, t }: RowProps) {
    return entry !== this.props.entry || t !== this.props.t
  }

  override render({ entry, t, show }: RowProps) {
    return entry.kind === 'notice' ? noticeRow(entry, t) : requestRow(entry, t, show)
  }
}

type RequestEntry = Extract<Entry, { kind: 'request' }>
type NoticeEntry = Extract<Entry, { kind: 'notice' }>

function noticeRow(entry: NoticeEntry, t: Translate): VNode {
  return (
    <tr class={`notice ${entry.tone}`} data-notice={entry.key}>
      <td>{timeOf(entry.at)}</td>
      <td />
      <td>{t(`mode.${entry.lane}`)}</td>
      <td colSpan={2}>{t.any(`notice.${entry.key}`, entry.values)}</td>
    </tr>
  )
}

function requestRow(entry: RequestEntry, t: Translate, show: (entry: RequestEntry) => void): VNode {
  const who = entry.user ?? t('log.visitor')
  return (
    <tr data-seq={entry.seq}>
      <td>{timeOf(entry.at)}</td>
      <td>
        <button
          type="button"
          class="plain"
          tabIndex={-1}
          aria-label={t('log.why', { user: who, n: entry.seq })}
          onClick={() => show(entry)}
        >
          {who}
        </button>
      </td>
      <td>{t(`mode.${entry.lane}`)}</td>
      <td>
        {t.any(`action.${entry.action}`)} <span class="quiet">{way(entry)}</span>
      </td>
      <td>
        <span class={`pill ${entry.outcome}`}>
          <span aria-hidden="true">{signs[entry.outcome]} </span>
          {t(`outcome.${entry.outcome}`)}
        </span>
      </td>
    </tr>
  )
}

/** The nodes that a request saw: `b → c`; `→ b` when it went there directly. */
function way(entry: RequestEntry): string {
  if (entry.direct) return `→ ${entry.node ?? '–'}`
  const hops = entry.hops.map(({ upstream }) => upstream).filter(Boolean)
  return hops.length > 0 ? hops.join(' → ') : (entry.node ?? '–')
}

function timeOf(at: number): string {
  const date = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${Math.floor(date.getMilliseconds() / 100)}`
}
