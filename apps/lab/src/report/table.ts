import type { Words } from '../language.ts'
import type { Table } from '../pictures/picture.ts'
import { both } from './both.ts'
import { html, type Markup } from './markup.ts'

/** A table whose first column names the row and whose numbers stand to the right. Wide ones scroll within themselves. */
export function tableOf({ columns, rows }: Table): Markup {
  const [first, ...others] = columns
  const numeric = columns.map((_, index) => index > 0 && rows.length > 0 && rows.every((row) => isNumber(row[index])))
  const cell = (words: Words, index: number) => html`<td${numeric[index] ? html` class="num"` : ''}>${both(words)}</td>`
  const head = (words: Words, index: number) =>
    html`<th scope="col"${numeric[index] ? html` class="num"` : ''}>${both(words)}</th>`
  const body = rows.map(
    ([name, ...cells]) =>
      html`<tr><th scope="row">${both(name ?? '')}</th>${cells.map((words, index) => cell(words, index + 1))}</tr>`,
  )
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${head(first ?? '', 0)}${others.map((words, index) => head(words, index + 1))}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** The name of a cell's column, for a screen too narrow for columns: there the rows are stacked and the header is not shown. */
export const cellName = (column: Words): Markup => html`<span class="cell-name">${both(column)}: </span>`

const isNumber = (words: Words | undefined) =>
  typeof words === 'number' || (typeof words === 'string' && /^[\d.,–]+( ?%)?$/.test(words))
