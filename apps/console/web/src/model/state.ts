import { isJudged, type Outcome } from '@session-cluster/contract'
import type { ClockView, Frame, LaneView, UserView } from '../../../wire/frame.ts'
import type { LaneId, Notice, RequestRecord } from '../../../wire/record.ts'

/** One thing in the log: a request or a notice, told apart by `kind`. */
export type Entry = ({ readonly kind: 'request' } & RequestRecord) | ({ readonly kind: 'notice' } & Notice)

/** One bar of a lane's strip, or a mark between two bars. */
export type StripItem =
  | { readonly outcome: Outcome; readonly seq: number }
  | { readonly mark: string; readonly seq: number }

/** Everything that the page knows. Plain data: the same frames always make the same page. */
export interface PageState {
  readonly connection: 'connecting' | 'live' | 'broken'
  /** Which start of the server all this is of: entries are numbered anew in each. */
  readonly run: number
  readonly lanes: readonly LaneView[]
  readonly users: readonly UserView[]
  readonly clock: ClockView
  /** This page's name, by which it may pause the traffic; `undefined` until the server has given it one. */
  readonly page: string | undefined
  readonly log: readonly Entry[]
  readonly strips: Readonly<Partial<Record<LaneId, readonly StripItem[]>>>
  /** Each user's last record in each lane, by `lane/user`. */
  readonly latest: Readonly<Record<string, RequestRecord>>
  /** Each user's last login in each lane, likewise. */
  readonly logins: Readonly<Record<string, RequestRecord>>
  /** Requests a second of each server, by `lane/node`, oldest first: as often as the lanes were told. */
  readonly rates: Readonly<Record<string, readonly number[]>>
  /** Requests that were counted but not drawn, since the page was opened. */
  readonly skipped: number
  /** More comes than anyone can read: what is there to be read is drawn less often and shorter. */
  readonly fast: boolean
}

export const emptyState: PageState = {
  connection: 'connecting',
  run: 0,
  lanes: [],
  users: [],
  clock: { running: false, rate: 3, pausedBy: [] },
  page: undefined,
  log: [],
  strips: {},
  latest: {},
  logins: {},
  rates: {},
  skipped: 0,
  fast: false,
}

/** The most entries that the log keeps. */
export const logLimit = 200
/** The bars of a strip. */
export const stripLimit = 60

/** The page after one more frame. A full frame starts over, all but the count of what was skipped. */
export function apply(state: PageState, frame: Frame): PageState {
  const base = frame.full
    ? {
        ...emptyState,
        page: state.page,
        // With new numbers nothing was left out yet.
        skipped: frame.run === undefined || frame.run === state.run ? state.skipped : 0,
        fast: state.fast,
        latest: latest({}, frame.latest ?? []),
        logins: latest({}, (frame.latest ?? []).filter(isLogin)),
      }
    : state
  const entries = merge(frame.records, frame.notices)
  return {
    ...base,
    connection: 'live',
    run: frame.run ?? base.run,
    page: frame.page ?? base.page,
    lanes: frame.lanes ?? base.lanes,
    ...(frame.lanes && { rates: rates(base.rates, frame.lanes) }),
    users: frame.users ?? base.users,
    clock: frame.clock ?? base.clock,
    skipped: base.skipped + frame.skipped,
    ...(entries.length > 0 && {
      log: [...base.log, ...entries].slice(-logLimit),
      strips: strips(base.strips, entries),
      latest: latest(base.latest, frame.records),
      logins: latest(base.logins, frame.records.filter(isLogin)),
    }),
  }
}

/** How many of a server's rates are kept: half a minute. */
const ratesLimit = 120

function rates(before: PageState['rates'], lanes: readonly LaneView[]): PageState['rates'] {
  const entries = lanes.flatMap(({ id, nodes }) =>
    nodes.map(({ name, rate }) => {
      const key = `${id}/${name}`
      return [key, [...(before[key] ?? []), rate].slice(-ratesLimit)] as const
    }),
  )
  return Object.fromEntries(entries)
}

function merge(records: readonly RequestRecord[], notices: readonly Notice[]): Entry[] {
  const entries: Entry[] = [
    ...records.map((record) => ({ kind: 'request' as const, ...record })),
    ...notices.map((notice) => ({ kind: 'notice' as const, ...notice })),
  ]
  return entries.sort((a, b) => a.seq - b.seq)
}

const isLogin = ({ action }: RequestRecord): boolean => action === 'login'

function latest(before: PageState['latest'], records: readonly RequestRecord[]): PageState['latest'] {
  const after = { ...before }
  for (const record of records) if (record.user !== undefined) after[`${record.lane}/${record.user}`] = record
  return after
}

function strips(before: PageState['strips'], entries: readonly Entry[]): PageState['strips'] {
  const after: Partial<Record<LaneId, StripItem[]>> = {}
  for (const entry of entries) {
    const item = stripItem(entry)
    if (!item) continue
    const list = after[entry.lane] ?? [...(before[entry.lane] ?? [])]
    list.push(item)
    after[entry.lane] = list
  }
  for (const list of Object.values(after)) trim(list)
  return { ...before, ...after }
}

function stripItem(entry: Entry): StripItem | undefined {
  if (entry.kind === 'notice') return entry.mark ? { mark: entry.key, seq: entry.seq } : undefined
  return isJudged(entry.outcome) ? { outcome: entry.outcome, seq: entry.seq } : undefined
}

/** Leaves the last bars, and the marks among them. */
function trim(list: StripItem[]): void {
  let bars = list.filter((item) => 'outcome' in item).length
  while (bars > stripLimit) if ('outcome' in (list.shift() as StripItem)) bars--
  while (list.length > stripLimit * 2) list.shift()
}
