import { languages, say, type Text, text, type Words } from '../language.ts'
import { broken, longestLine } from './broken.ts'
import type { Picture, PictureText } from './picture.ts'
import { pivot, unique } from './pivot.ts'
import { textWidth } from './text-width.ts'
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

/**
 * Horizontal bars, grouped. Each has its number at its end and, where there are several series, its name: nobody has to
 * tell colours apart, and there is neither a legend nor a grid to look things up in.
 */
export function bars(options: BarsOptions): Picture {
  const { bars: data, groupTitle, valueTitle, colors = seriesColors, ...words } = options
  const series = unique(data.map((bar) => bar.series))
  const values = data.map((bar) => ({ ...bar, group: broken(bar.group), label: endLabel(bar, series.length > 1) }))
  const x = {
    field: 'value',
    type: 'quantitative',
    title: valueTitle,
    scale: { zero: true },
    axis: { tickCount: 5 },
  }
  const spec = {
    width: roomForBars(values),
    height: { step: series.length > 1 ? 20 : 30 },
    data: { values },
    encoding: { y: names('group'), yOffset: { field: 'series', type: 'nominal', sort: null } },
    layer: [
      {
        mark: { type: 'bar', cornerRadiusEnd: 3 },
        encoding: { x, color: colorBy('series', series, colors, null) },
      },
      {
        mark: { type: 'text', align: 'left', dx: labelGap, fontSize: labelSize },
        encoding: { x, text: { field: 'label' } },
      },
    ],
  }
  const column = (bar: Bar) => (series.length > 1 ? bar.series : valueTitle)
  const table = pivot(
    groupTitle,
    data.map((bar) => ({ row: bar.group, column: column(bar), value: bar.label ?? bar.value })),
  )
  return { ...words, spec, table }
}

const labelSize = 11
const labelGap = 5

function endLabel({ series, value, label = say(value, 'en') }: Bar, named: boolean): Text {
  const inLanguage = (language: 'en' | 'ko') => (named ? `${say(series, language)}: ${label}` : label)
  return text(inLanguage('en'), inLanguage('ko'))
}

/** How long the longest bar may be, so that names, bars and labels together are as wide as any other plot. */
function roomForBars(values: readonly { readonly group: Words; readonly value: number; readonly label: Text }[]) {
  const widest = Math.max(...values.map(({ value }) => value))
  const wide = (words: Words, of: (line: string) => number) =>
    Math.max(...languages.map((language) => of(say(words, language))))
  const room = plotWidth - Math.max(...values.map(({ group }) => wide(group, longestLine))) - 20
  const beside = values.map(({ value, label }) => {
    const left = room - labelGap - wide(label, (line) => textWidth(line, labelSize))
    return value > 0 ? (left * widest) / value : left
  })
  return Math.floor(Math.min(room, ...beside))
}
