import { type Text, text, type Words } from '../language.ts'
import type { Picture, PictureText, Spec } from './picture.ts'
import { colorBy, marked, type Outcome, outcomeLook, outcomes, plotWidth } from './theme.ts'

/** A request on the time axis, in milliseconds from the start of the load. */
export interface Moment {
  readonly atMs: number
  readonly outcome: Outcome
}

/** Something that happened: drawn as a line with its name. */
export interface Event {
  readonly atMs: number
  readonly name: Text
}

export interface TimelineOptions extends PictureText {
  /** One row of bars each, under one another. */
  readonly lanes: readonly {
    readonly name: Words
    readonly moments: readonly Moment[]
    readonly events: readonly Event[]
  }[]
  /** How many milliseconds one bar covers. */
  readonly binMs: number
}

/** Requests per slice of time, stacked by what became of them, with what happened marked. */
export function timeline(options: TimelineOptions): Picture {
  const { lanes, binMs, ...words } = options
  const requests = lanes.flatMap((lane) => stacked(lane.name, bins(lane, binMs), binMs))
  const events = lanes.flatMap((lane) =>
    lane.events.map(({ atMs, name }) => ({ lane: lane.name, seconds: atMs / 1000, event: name })),
  )
  const used = outcomes.filter((outcome) => requests.some((bin) => bin.rank === outcomes.indexOf(outcome)))
  const layer = [requestBars(used, binMs), outcomeMarks, ...eventMarks]
  const spec = {
    data: { values: [...withMarks(requests), ...events] },
    facet: {
      row: { field: 'lane', type: 'nominal', sort: lanes.map((lane) => lane.name), title: null, header: laneHeader },
    },
    spacing: 22,
    spec: { width, height, layer },
  }
  return { ...words, spec, table: timelineTable(lanes) }
}

const width = plotWidth - 60
const height = 120
const laneHeader = { labelOrient: 'top', labelAngle: 0, labelAnchor: 'start', labelPadding: 2, labelFontWeight: 600 }
const seconds = {
  field: 'seconds',
  type: 'quantitative',
  title: text('seconds', '초'),
  scale: { zero: true, nice: false },
  axis: { tickCount: 8 },
}

function requestBars(used: readonly Outcome[], binMs: number): Spec {
  const looks = used.map((outcome) => outcomeLook[outcome])
  const color = colorBy(
    'outcome',
    looks.map(marked),
    looks.map((look) => look.color),
    { offset: 16 },
  )
  const y = {
    field: 'from',
    type: 'quantitative',
    title: text(`requests per ${binMs} ms`, `${binMs} ms마다 요청`),
    axis: { grid: true, tickCount: 4 },
  }
  return {
    transform: [{ filter: 'isValid(datum.count)' }],
    mark: { type: 'rect', stroke: 'var(--panel)', strokeWidth: 0.6 },
    encoding: {
      x: seconds,
      x2: { field: 'until' },
      y,
      y2: { field: 'to' },
      color,
    },
  }
}

/** Where a bar has room for it, the mark of its outcome: whoever does not tell the colours apart reads that. */
const outcomeMarks: Spec = {
  transform: [{ filter: 'isValid(datum.mark)' }],
  mark: { type: 'text', fontSize: 12, fontWeight: 700, fill: 'var(--on-node)' },
  encoding: {
    x: { field: 'middle', type: 'quantitative' },
    y: { field: 'center', type: 'quantitative' },
    text: { field: 'mark' },
  },
}

/** Bars with their marks; what was found has none, nor has the first slice, which may be a sliver; where bars are too narrow only every so many have one. */
function withMarks(requests: ReturnType<typeof stacked>) {
  const pixelsPer = (pixels: number, most: number) => pixels / Math.max(most, Number.EPSILON)
  const perRequest = pixelsPer(height, Math.max(...requests.map(({ to }) => to)))
  const perSecond = pixelsPer(width, Math.max(...requests.map(({ until }) => until)))
  return requests.map((bar) => {
    const { seconds, until, from, to, rank, index } = bar
    const wide = (until - seconds) * perSecond
    const every = Math.ceil(14 / wide)
    const has = rank > 0 && seconds > 0 && (to - from) * perRequest >= 13 && index % every === 0
    const mark = has ? outcomeLook[outcomes[rank] as Outcome].mark : undefined
    return { ...bar, mark, middle: (seconds + until) / 2, center: (from + to) / 2 }
  })
}

const eventMarks: readonly Spec[] = [
  { type: 'rule', strokeDash: [4, 3], strokeWidth: 1.4 },
  { type: 'text', align: 'center', baseline: 'bottom', dy: -4, y: 0, fontWeight: 600, fontSize: 11.5 },
].map((mark) => ({
  transform: [{ filter: 'isValid(datum.event)' }],
  mark,
  encoding: { x: seconds, ...(mark.type === 'text' && { text: { field: 'event' } }) },
}))

/** The bins of one lane, those of one slice on top of one another in the order of the outcomes. */
function stacked(lane: Words, all: readonly Bin[], binMs: number) {
  const heights = new Map<number, number>()
  return all.map(({ fromMs, untilMs, outcome, count }) => {
    const from = heights.get(fromMs) ?? 0
    heights.set(fromMs, from + count)
    const slice = { seconds: fromMs / 1000, until: untilMs / 1000, from, to: from + count }
    const index = Math.ceil(fromMs / binMs)
    return { lane, ...slice, index, outcome: marked(outcomeLook[outcome]), rank: outcomes.indexOf(outcome), count }
  })
}

interface Bin {
  readonly fromMs: number
  readonly untilMs: number
  readonly outcome: Outcome
  readonly count: number
}

/** Slices of time; one of them begins with the first event, so that no bar mixes what was before it with what came after. */
function bins({ moments, events }: TimelineOptions['lanes'][number], binMs: number): Bin[] {
  const origin = (events[0]?.atMs ?? 0) % binMs
  const counts = new Map<string, Bin>()
  for (const { atMs, outcome } of moments) {
    const beginMs = Math.floor((atMs - origin) / binMs) * binMs + origin
    const count = (counts.get(`${beginMs}:${outcome}`)?.count ?? 0) + 1
    counts.set(`${beginMs}:${outcome}`, { fromMs: Math.max(0, beginMs), untilMs: beginMs + binMs, outcome, count })
  }
  const rank = (bin: Bin) => outcomes.indexOf(bin.outcome)
  return [...counts.values()].sort((left, right) => left.fromMs - right.fromMs || rank(left) - rank(right))
}

/** Before and after each event: what the eye compares. */
function timelineTable(lanes: TimelineOptions['lanes']): Picture['table'] {
  const columns = [text('case', '경우'), text('from', '시작'), ...outcomes.map((outcome) => outcomeLook[outcome].name)]
  const rows = lanes.flatMap(({ name, moments, events }) => {
    const borders = [{ atMs: Number.NEGATIVE_INFINITY, name: text('start', '시작') }, ...events]
    return borders.map((border, index) => {
      const until = borders[index + 1]?.atMs ?? Number.POSITIVE_INFINITY
      const within = moments.filter((moment) => moment.atMs >= border.atMs && moment.atMs < until)
      return [
        name,
        border.name,
        ...outcomes.map((outcome) => within.filter((moment) => moment.outcome === outcome).length),
      ]
    })
  })
  return { columns, rows }
}
