import { say, type Words } from '../language.ts'
import type { Table } from './picture.ts'

/** One number, and the row and the column that it belongs to. */
export interface Entry {
  readonly row: Words
  readonly column: Words
  readonly value: Words
}

/** Sets entries out as a table, rows and columns in the order of their first appearance. What is missing is a dash. */
export function pivot(rowTitle: Words, entries: readonly Entry[]): Table {
  const columns = unique(entries.map((entry) => entry.column))
  const cells = new Map(entries.map(({ row, column, value }) => [`${say(row, 'en')}\n${say(column, 'en')}`, value]))
  const rows = unique(entries.map((entry) => entry.row)).map((row) => [
    row,
    ...columns.map((column) => cells.get(`${say(row, 'en')}\n${say(column, 'en')}`) ?? '–'),
  ])
  return { columns: [rowTitle, ...columns], rows }
}

/** Each of them once, in the order of their first appearance. */
export function unique(words: readonly Words[]): Words[] {
  return [...new Map(words.map((word) => [say(word, 'en'), word])).values()]
}
