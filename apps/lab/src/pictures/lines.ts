import { say, type Words } from '../language.ts'
import type { Picture, PictureText } from './picture.ts'
import { pivot, unique } from './pivot.ts'
import { colorBy, plotWidth, seriesColors } from './theme.ts'

export interface Point {
  readonly series: Words
  readonly x: number
  readonly y: number
  /** The spread, drawn as a bar through the point. */
  readonly low?: number
  readonly high?: number
}

export interface Axis {
  readonly title: Words
  /** Instead of numbers: what is written at these places. */
  readonly ticks?: readonly { readonly at: number; readonly label: string }[]
}

export interface LinesOptions extends PictureText {
  readonly points: readonly Point[]
  readonly x: Axis
  readonly y: Axis
  readonly colors?: readonly string[]
}

const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross'] as const

/** Lines with their points, one per series, and the spread where there is one. */
export function lines(options: LinesOptions): Picture {
  const { points, x, y, colors = seriesColors, ...words } = options
  const series = unique(points.map((point) => point.series))
  const color = colorBy('series', series, colors)
  const across = { field: 'x', type: 'quantitative', ...axis(x), axis: { tickCount: 6, ...ticksOf(x) } }
  const up = { field: 'y', type: 'quantitative', ...axis(y), axis: { grid: true, tickCount: 5, ...ticksOf(y) } }
  const shape = colorBy('series', series, shapes)
  const spec = {
    width: plotWidth - 80,
    height: 240,
    data: { values: points },
    layer: [
      { mark: { type: 'line' }, encoding: { x: across, y: up, color } },
      {
        transform: [{ filter: 'isValid(datum.low)' }],
        mark: { type: 'rule', strokeWidth: 1.2, opacity: 0.7 },
        encoding: { x: across, y: { field: 'low', type: 'quantitative' }, y2: { field: 'high' }, color },
      },
      { mark: { type: 'point', filled: true, size: 55, opacity: 1 }, encoding: { x: across, y: up, color, shape } },
    ],
  }
  const column = (point: Point) => (series.length > 1 ? point.series : y.title)
  const table = pivot(
    x.title,
    points.map((point) => ({ row: tickLabel(x, point.x), column: column(point), value: point.y })),
  )
  return { ...words, spec, table }
}

function axis({ title }: Axis) {
  return { title, scale: { zero: true, nice: true } }
}

function ticksOf({ ticks }: Axis) {
  if (!ticks) return {}
  const label = ticks.map((tick) => `datum.value === ${tick.at} ? '${tick.label}' : `).join('')
  return { values: ticks.map((tick) => tick.at), labelExpr: `${label}''` }
}

const tickLabel = ({ ticks }: Axis, at: number): Words => ticks?.find((tick) => tick.at === at)?.label ?? say(at, 'en')
