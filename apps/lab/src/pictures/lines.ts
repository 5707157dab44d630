import { say, text, type Words } from '../language.ts'
import type { Picture, PictureText, Spec } from './picture.ts'
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

/** An axis of percentiles at equal distances: the first at 0, the next at 1. */
export const percentileAxis = (percentiles: readonly number[]): Axis => ({
  title: text('percentile', '백분위'),
  ticks: percentiles.map((percent, at) => ({ at, label: `p${percent}` })),
})

export interface YAxis {
  readonly title: Words
  /** Equal distances for equal factors, from one power of ten to another: for values far apart, none of them 0. @default false */
  readonly logarithmic?: boolean
}

export interface LinesOptions extends PictureText {
  readonly points: readonly Point[]
  readonly x: Axis
  readonly y: YAxis
  readonly colors?: readonly string[]
}

const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross'] as const

/** Lines with their points, one per series, and the spread where there is one. */
export function lines(options: LinesOptions): Picture {
  const { points, x, y, colors = seriesColors, ...words } = options
  const series = unique(points.map((point) => point.series))
  const color = colorBy('series', series, colors)
  const across = { field: 'x', type: 'quantitative', title: x.title, axis: { tickCount: 6, ...ticksOf(x) } }
  const up = { field: 'y', type: 'quantitative', title: y.title, ...scaleOf(y, points) }
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

function scaleOf(axis: YAxis, points: readonly Point[]): Spec {
  if (!axis.logarithmic) return { axis: { grid: true, tickCount: 5 } }
  const exponents = points.map(({ y }) => Math.log10(y))
  const lowest = Math.floor(Math.min(...exponents))
  const powers = Array.from({ length: Math.ceil(Math.max(...exponents)) - lowest + 1 }, (_, at) => 10 ** (lowest + at))
  return {
    scale: { type: 'log', domain: [powers[0], powers.at(-1)] },
    axis: { grid: true, values: powers, format: ',~r' },
  }
}

function ticksOf({ ticks }: Axis) {
  if (!ticks) return {}
  const label = ticks.map((tick) => `datum.value === ${tick.at} ? '${tick.label}' : `).join('')
  return { values: ticks.map((tick) => tick.at), labelExpr: `${label}''` }
}

const tickLabel = ({ ticks }: Axis, at: number): Words => ticks?.find((tick) => tick.at === at)?.label ?? say(at, 'en')
