import { shares } from '@session-cluster/visitor'
import { type Text, text } from '../language.ts'
import type { Picture, PictureText } from './picture.ts'
import { colorBy, nodeColors, plotWidth } from './theme.ts'

export interface ShareAreaOptions extends PictureText {
  /** Which node answered, and when, in milliseconds from the start. */
  readonly answers: readonly { readonly atMs: number; readonly node: string }[]
  readonly events: readonly { readonly atMs: number; readonly name: Text }[]
  readonly binMs: number
}

/** Each node's part of the answers over time, stacked to 100 %. */
export function shareArea(options: ShareAreaOptions): Picture {
  const { answers, events, binMs, ...words } = options
  const nodes = [...new Set(answers.map((answer) => answer.node))].sort()
  const slices = slice(options, nodes)
  const values = slices.flatMap((each) => stacked(each, nodes))
  const x = {
    field: 'seconds',
    type: 'quantitative',
    title: text('seconds', '초'),
    scale: { nice: false },
    axis: { tickCount: 8 },
  }
  const color = colorBy('node', nodes, nodeColors, { offset: 26 })
  const marks = { data: { values: events.map((event) => ({ seconds: event.atMs / 1000, event: event.name })) } }
  const spec = {
    width: plotWidth - 70,
    height: 170,
    padding: { left: 4, right: 4, bottom: 4, top: 8 },
    layer: [
      {
        data: { values },
        mark: { type: 'rect', stroke: 'var(--panel)', strokeWidth: 0.6 },
        encoding: { x, x2: { field: 'until' }, y: share, y2: { field: 'to' }, color },
      },
      {
        data: { values: letters(values, events) },
        mark: { type: 'text', fontSize: 12, fontWeight: 700, fill: 'var(--on-node)' },
        encoding: {
          x: { field: 'middle', type: 'quantitative' },
          y: { field: 'center', type: 'quantitative' },
          text: { field: 'node' },
        },
      },
      { ...marks, mark: { type: 'rule', strokeDash: [4, 3], strokeWidth: 1.4 }, encoding: { x } },
      {
        ...marks,
        mark: { type: 'text', align: 'center', baseline: 'bottom', dy: -4, y: 0, fontWeight: 600, fontSize: 11.5 },
        encoding: { x, text: { field: 'event' } },
      },
    ],
  }
  return {
    ...words,
    spec,
    table: {
      columns: [text('stretch', '구간'), ...nodes.map((node) => text(`server ${node}`, `서버 ${node}`))],
      rows: stretches(options, nodes),
    },
  }
}

const share = {
  field: 'from',
  type: 'quantitative',
  title: text('share of requests', '요청의 몫'),
  scale: { domain: [0, 1] },
  axis: { format: '%', grid: true, tickCount: 4 },
}

function stacked({ fromMs, untilMs, counts }: ReturnType<typeof slice>[number], nodes: readonly string[]) {
  let from = 0
  return shares(counts).map((part, index) => {
    const to = from + part
    const bar = { seconds: fromMs / 1000, until: untilMs / 1000, node: nodes[index], from, to }
    from = to
    return bar
  })
}

/** In the middle of each stretch between two events, the name of each node in its part, where it has one to speak of. */
function letters(bars: readonly ReturnType<typeof stacked>[number][], events: ShareAreaOptions['events']) {
  const end = Math.max(...bars.map(({ until }) => until))
  const borders = [0, ...events.map(({ atMs }) => atMs / 1000), end]
  const middles = borders.slice(1).map((border, index) => (border + (borders[index] ?? 0)) / 2)
  return bars
    .filter(({ seconds, until, from, to }) => to - from > 0.1 && middles.some((at) => at >= seconds && at < until))
    .map(({ seconds, until, from, to, node }) => ({ node, middle: (seconds + until) / 2, center: (from + to) / 2 }))
}

/** One of the slices begins with the first event, so that none mixes what was before it with what came after. */
function slice({ answers, events, binMs }: ShareAreaOptions, nodes: readonly string[]) {
  const origin = (events[0]?.atMs ?? 0) % binMs
  const slices = new Map<number, number[]>()
  for (const { atMs, node } of answers) {
    const beginMs = Math.floor((atMs - origin) / binMs) * binMs + origin
    const counts = slices.get(beginMs) ?? nodes.map(() => 0)
    const place = nodes.indexOf(node)
    counts[place] = (counts[place] ?? 0) + 1
    slices.set(beginMs, counts)
  }
  return [...slices]
    .map(([beginMs, counts]) => ({ fromMs: Math.max(0, beginMs), untilMs: beginMs + binMs, counts }))
    .sort((left, right) => left.fromMs - right.fromMs)
}

function stretches({ answers, events }: ShareAreaOptions, nodes: readonly string[]) {
  const borders = [{ atMs: Number.NEGATIVE_INFINITY, name: text('start', '시작') }, ...events]
  return borders.map((border, index) => {
    const until = borders[index + 1]?.atMs ?? Number.POSITIVE_INFINITY
    const within = answers.filter((answer) => answer.atMs >= border.atMs && answer.atMs < until)
    return [border.name, ...nodes.map((node) => within.filter((answer) => answer.node === node).length)]
  })
}
