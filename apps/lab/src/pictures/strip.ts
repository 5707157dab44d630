import { text, type Words } from '../language.ts'
import { broken } from './broken.ts'
import type { Picture, PictureText } from './picture.ts'
import { colorBy, marked, names, type Outcome, outcomeLook, outcomes, plotWidth } from './theme.ts'

/** One request in a row of the strip. `on` names the node that answered, where that is told. */
export interface StripCell {
  readonly outcome: Outcome
  readonly on?: string
}

export interface StripRow {
  readonly name: Words
  readonly cells: readonly StripCell[]
}

/** Requests in their order, a row per client or case: colour and mark say what became of each, a letter says where. */
export function strip(options: PictureText & { readonly rows: readonly StripRow[] }): Picture {
  const { rows, ...words } = options
  const values = rows.flatMap(({ name, cells }) =>
    cells.map((cell, index) => ({
      row: broken(name),
      request: index + 1,
      on: cell.on,
      mark: outcomeLook[cell.outcome].mark,
      outcome: marked(outcomeLook[cell.outcome]),
    })),
  )
  const longest = Math.max(...rows.map((row) => row.cells.length))
  const used = outcomes.filter((outcome) => rows.some((row) => row.cells.some((cell) => cell.outcome === outcome)))
  const looks = used.map((outcome) => outcomeLook[outcome])
  const color = colorBy(
    'outcome',
    looks.map(marked),
    looks.map((look) => look.color),
    {},
  )
  const step = Math.min(34, Math.floor((plotWidth - 150) / longest))
  const encoding = {
    x: {
      field: 'request',
      type: 'ordinal',
      title: text('request', '요청 순서'),
      axis: { labelOverlap: true, ticks: false, domain: false },
    },
    y: names('row'),
  }
  const legible = step >= 16
  const spec = {
    width: { step },
    height: { step: legible ? 38 : 30 },
    data: { values },
    encoding,
    layer: [
      { mark: { type: 'rect', cornerRadius: 4, stroke: 'var(--panel)', strokeWidth: 2 }, encoding: { color } },
      ...(legible
        ? [letters('mark', -7, 13, 'datum.on'), letters('mark', 1, 13, '!datum.on'), letters('on', 8, 11)]
        : []),
    ],
  }
  return { ...words, spec, table: stripTable(rows) }
}

function letters(field: string, dy: number, fontSize: number, where = 'datum.on') {
  return {
    transform: [{ filter: where }],
    mark: { type: 'text', dy, fontSize, fontWeight: 600, fill: 'var(--on-node)' },
    encoding: { text: { field } },
  }
}

function stripTable(rows: readonly StripRow[]): Picture['table'] {
  const inOrder = (row: StripRow) =>
    row.cells.map((cell) => `${cell.on ?? ''} ${outcomeLook[cell.outcome].mark}`.trim()).join(', ')
  const counts = (row: StripRow) =>
    outcomes.map((outcome) => row.cells.filter((cell) => cell.outcome === outcome).length)
  const columns = [
    text('row', '행'),
    text('requests in order (server, mark)', '요청 순서 (서버, 표시)'),
    ...outcomes.map((outcome) => outcomeLook[outcome].name),
  ]
  return { columns, rows: rows.map((row) => [row.name, inOrder(row), ...counts(row)]) }
}
