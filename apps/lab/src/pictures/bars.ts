import { say, type Words } from '../language.ts'
import type { Picture, PictureText } from './picture.ts'
import { pivot, unique } from './pivot.ts'
import { colorBy, names, plotWidth, seriesColors } from './theme.ts'

/** One bar: what it belongs to, which series it is of, and how long it is. */
export interface Bar {
  readonly group: Words
  readonly series: Words
  readonly value: number
  /** Written at the bar's end instead of the number. */
  readonly label?: string
}

export interface BarsOptions extends PictureText {
  readonly bars: readonly Bar[]
  readonly groupTitle: Words
  readonly valueTitle: Words
  readonly colors?: readonly string[]
}

/** Horizontal bars, grouped, each with its number at the end: names of any length stay readable. */
export function bars(options: BarsOptions): Picture {
  const { bars: data, groupTitle, valueTitle, colors = seriesColors, ...words } = options
  const series = unique(data.map((bar) => bar.series))
  const values = data.map((bar) => ({ ...bar, label: bar.label ?? say(bar.value, 'en') }))
  const position = {
    y: names('group'),
    yOffset: { field: 'series', type: 'nominal', sort: null },
  }
  const x = {
    field: 'value',
    type: 'quantitative',
    title: valueTitle,
    scale: { zero: true },
    axis: { grid: true, tickCount: 5 },
  }
  const color = colorBy('series', series, colors)
  const spec = {
    width: plotWidth - 130,
    height: { step: series.length > 1 ? 20 : 30 },
    data: { values },
    encoding: position,
    layer: [
      { mark: { type: 'bar', cornerRadiusEnd: 3 }, encoding: { x, color } },
      { mark: { type: 'text', align: 'left', dx: 5, fontSize: 11 }, encoding: { x, text: { field: 'label' } } },
    ],
  }
  const column = (bar: Bar) => (series.length > 1 ? bar.series : valueTitle)
  const table = pivot(
    groupTitle,
    data.map((bar) => ({ row: bar.group, column: column(bar), value: bar.label ?? bar.value })),
  )
  return { ...words, spec, table }
}
