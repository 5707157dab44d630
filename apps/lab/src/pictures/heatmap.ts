import type { Words } from '../language.ts'
import type { Picture, PictureText } from './picture.ts'
import { names, plotWidth } from './theme.ts'

export interface HeatmapOptions extends PictureText {
  /** Across. */
  readonly columns: readonly string[]
  readonly columnTitle: Words
  /** Down. */
  readonly rows: readonly string[]
  readonly rowTitle: Words
  /** How often `column` was seen with `row`. */
  readonly count: (row: string, column: string) => number
}

/** How strong the colour of the largest number is, 0 to 1: words on it can still be read, in the light and in the dark. */
export const strongest = 0.55

/** A table in which a stronger cell is a larger number; the number is written in it. */
export function heatmap(options: HeatmapOptions): Picture {
  const { columns, columnTitle, rows, rowTitle, count, ...words } = options
  const values = rows.flatMap((row) => columns.map((column) => ({ row, column, count: count(row, column) })))
  const most = Math.max(1, ...values.map((cell) => cell.count))
  const step = Math.min(30, Math.floor((plotWidth - 60) / columns.length))
  const encoding = {
    x: {
      field: 'column',
      type: 'nominal',
      sort: null,
      title: columnTitle,
      axis: { ticks: false, domain: false, labelOverlap: true },
    },
    y: names('row', rowTitle),
  }
  const opacity = {
    field: 'count',
    type: 'quantitative',
    scale: { domain: [0, most], range: [0, strongest] },
    legend: null,
  }
  const spec = {
    width: { step },
    height: { step: 30 },
    data: { values },
    encoding,
    layer: [
      { mark: { type: 'rect', fill: 'var(--accent-bg)', stroke: 'var(--panel)', strokeWidth: 2, cornerRadius: 4 } },
      {
        mark: { type: 'rect', fill: 'var(--accent)', stroke: 'var(--panel)', strokeWidth: 2, cornerRadius: 4 },
        encoding: { fillOpacity: opacity },
      },
      {
        transform: [{ filter: 'datum.count > 0' }],
        mark: { type: 'text', fontSize: 10.5, fontWeight: 600 },
        encoding: { text: { field: 'count' } },
      },
    ],
  }
  const table = {
    columns: [columnTitle, ...rows],
    rows: columns.map((column) => [column, ...rows.map((row) => count(row, column))]),
  }
  return { ...words, spec, table }
}
