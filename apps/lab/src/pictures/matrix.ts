import type { Text, Words } from '../language.ts'
import type { Picture, PictureText } from './picture.ts'
import { pivot, unique } from './pivot.ts'
import { colorBy, marked, names, plotWidth } from './theme.ts'

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
  /** What the side that goes down is called. */
  readonly rowTitle: Words
}

/** A mark and a colour for each pair. The longer side goes down: a page has more room that way, and names stay level. */
export function matrix<Kind extends string>(options: MatrixOptions<Kind>): Picture {
  const { looks, columns, rows, rowTitle, ...words } = options
  const wide = columns.length > rows.length
  const cells = rows.flatMap(({ name, cells }) =>
    cells.map((kind, index) => {
      const column = columns[index] ?? ''
      return wide ? { row: column, column: name, kind } : { row: name, column, kind }
    }),
  )
  const used = (Object.keys(looks) as Kind[]).filter((kind) => cells.some((cell) => cell.kind === kind))
  const color = colorBy(
    'kind',
    used.map((kind) => marked(looks[kind])),
    used.map((kind) => looks[kind].color),
  )
  const across = unique(cells.map(({ column }) => column)).length
  const spec = {
    width: { step: Math.min(96, Math.floor((plotWidth - 130) / across)) },
    height: { step: 30 },
    data: { values: cells.map((cell) => ({ ...cell, mark: looks[cell.kind].mark, kind: marked(looks[cell.kind]) })) },
    encoding: {
      x: { field: 'column', type: 'nominal', sort: null, title: null, axis: across > 1 ? columnAxis : null },
      y: names('row'),
    },
    layer: [
      { mark: { type: 'rect', cornerRadius: 4, stroke: 'var(--panel)', strokeWidth: 2.5 }, encoding: { color } },
      {
        mark: { type: 'text', fontSize: 13, fontWeight: 700, fill: 'var(--on-node)' },
        encoding: { text: { field: 'mark' } },
      },
    ],
  }
  const table = pivot(
    rowTitle,
    cells.map(({ row, column, kind }) => ({ row, column, value: looks[kind].name })),
  )
  return { ...words, spec, table }
}

const columnAxis = {
  orient: 'top',
  labelAngle: 0,
  ticks: false,
  domain: false,
  labelFontSize: 12,
  labelColor: 'var(--text)',
  labelOverlap: false,
}
