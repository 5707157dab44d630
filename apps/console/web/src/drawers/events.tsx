import { useState } from 'preact/hooks'
import type { Translate } from '../i18n/translate.ts'
import { waitingFor } from '../model/hold.ts'
import { chosenUser, usePage } from '../model/page.ts'
import type { Entry } from '../model/state.ts'
import { OutcomePill } from './outcome.tsx'
import { Segment } from './segment.tsx'
import { TimeAxis } from './time-axis.tsx'

const filters = ['all', 'bad', 'user'] as const
type Filter = (typeof filters)[number]
/** Rows that are drawn at most; the rest can be had in the export. */
const mostRows = 60
/** While more comes than anyone can read, only so many: what fits into the drawer. */
const fastRows = 16

/** The events, newest first, with a hold: what comes meanwhile waits and can be let in one by one. */
export function EventsDrawer() {
  const page = usePage()
  const { t, state, held, hold, holdStep } = page
  const [filter, setFilter] = useState<Filter>('all')
  const user = chosenUser(page) ?? ''
  const short = state.fast && !held
  const waiting = held ? waitingFor(held, state).length : 0
  const entries = held?.entries ?? state.log
  const rows = entries
    .filter((entry) => passes(entry, filter, user))
    .slice(-(short ? fastRows : mostRows))
    .reverse()
  return (
    <div class="log">
      <TimeAxis entries={entries} />
      <div class="row">
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
        {held && (
          <span class="quiet" data-waiting={waiting}>
            {t('log.held', { n: waiting })}
          </span>
        )}
        <Segment small label={t('log.title')}>
          <button type="button" data-hold aria-pressed={held !== undefined} onClick={hold}>
            {t(held ? 'log.live' : 'log.pause')}
          </button>
          <button type="button" disabled={waiting === 0} onClick={holdStep}>
            {t('log.step')}
          </button>
        </Segment>
      </div>
      {rows.length === 0 ? <p class="quiet">{t('log.empty')}</p> : <Rows rows={rows} />}
    </div>
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
    go({ lane: entry.lane, drawer: 'why', ...(entry.user && { user: entry.user }) })
    pinRecord(entry)
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: its rows are reached from it by the arrow keys
    <table class="events" tabIndex={0} aria-label={t('log.list')} onKeyDown={walk}>
      <thead>
        <tr>
          {(['time', 'who', 'lane', 'what', 'outcome'] as const).map((name) => (
            <th key={name} scope="col">
              {t(`log.${name}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((entry) =>
          entry.kind === 'notice' ? (
            <NoticeRow key={`${entry.at} ${entry.seq}`} entry={entry} t={t} />
          ) : (
            <RequestRow key={`${entry.at} ${entry.seq}`} entry={entry} t={t} show={show} />
          ),
        )}
      </tbody>
    </table>
  )
}

type RequestEntry = Extract<Entry, { kind: 'request' }>
type NoticeEntry = Extract<Entry, { kind: 'notice' }>

function NoticeRow({ entry, t }: { entry: NoticeEntry; t: Translate }) {
  return (
    <tr class={`notice ${entry.tone}`} data-notice={entry.key}>
      <td>{clockTime(entry.at)}</td>
      <td />
      <td>{t(`mode.${entry.lane}`)}</td>
      <td colSpan={2}>{t.any(`notice.${entry.key}`, entry.values)}</td>
    </tr>
  )
}

function RequestRow({ entry, t, show }: { entry: RequestEntry; t: Translate; show: (entry: RequestEntry) => void }) {
  const who = entry.user ?? t('log.visitor')
  return (
    <tr data-seq={entry.seq}>
      <td>{clockTime(entry.at)}</td>
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
        {t.any(`action.${entry.action}`)} <code class="quiet">{entry.line ?? ''}</code>{' '}
        <span class="quiet">{way(entry)}</span>
      </td>
      <td>
        <OutcomePill outcome={entry.outcome} />
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

/** A time of day, to tenths of a second. */
export function clockTime(at: number): string {
  const date = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${Math.floor(date.getMilliseconds() / 100)}`
}
