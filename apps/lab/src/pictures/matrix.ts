import type { Text, Words } from '../language.ts'
import type { Picture, PictureText } from './picture.ts'
import { pivot } from './pivot.ts'
import { colorBy, names, plotWidth } from './theme.ts'

/** What a cell may say: its mark, its colour and what that means. */
export interface CellLook {
  readonly mark: string
  readonly color: string
  readonly name: Text
}

export interface MatrixOptions<Kind extends string> extends PictureText {
  readonly looks: Readonly<Record<Kind, CellLook>>
  readonly columns: readonly Words[]
  readonly rows: readonly { readonly name: Words; readonly cells: readonly Kind[] }[]
  readonly rowTitle: Words
}

/** Cases across, contenders down, and in each cell a mark and a colour. */
export function matrix<Kind extends string>(options: MatrixOptions<Kind>): Picture {
  const { looks, columns, rows, rowTitle: _, ...words } = options
  const values = rows.flatMap((row) =>
    row.cells.map((kind, index) => ({
      row: row.name,
      column: columns[index],
      mark: looks[kind].mark,
      kind: looks[kind].name,
    })),
  )
  const used = (Object.keys(looks) as Kind[]).filter((kind) => rows.some((row) => row.cells.includes(kind)))
  const color = colorBy(
    'kind',
    used.map((kind) => looks[kind].name),
    used.map((kind) => looks[kind].color),
  )
  const encoding = {
    x: { field: 'column', type: 'nominal', sort: null, title: null, axis: columnAxis(columns.length) },
    y: names('row'),
  }
  const spec = {
    width: { step: Math.min(90, Math.floor((plotWidth - 130) / columns.length)) },
    height: { step: 32 },
    data: { values },
    encoding,
    layer: [
      { mark: { type: 'rect', cornerRadius: 4, stroke: 'var(--panel)', strokeWidth: 2.5 }, encoding: { color } },
      {
        mark: { type: 'text', fontSize: 13, fontWeight: 700, fill: 'var(--on-node)' },
        encoding: { text: { field: 'mark' } },
      },
    ],
  }
  return { ...words, spec, table: matrixTable(options) }
}

function columnAxis(columns: number) {
  const quiet = { ticks: false, domain: false, labelFontSize: 12, labelColor: 'var(--text)', labelOverlap: false }
  return { orient: 'bottom', labelAngle: columns > 6 ? -35 : 0, ...quiet }
}

/** The longer side goes down: a page has more room that way. */
function matrixTable<Kind extends string>({ looks, columns, rows, rowTitle }: MatrixOptions<Kind>) {
  const wide = columns.length > rows.length
  const entries = rows.flatMap(({ name, cells }) =>
    cells.map((kind, index) => {
      const column = columns[index] ?? ''
      return { row: wide ? column : name, column: wide ? name : column, value: looks[kind].name }
    }),
  )
  return pivot(rowTitle, entries)
}
