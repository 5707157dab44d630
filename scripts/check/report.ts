/** The README's table in plain words says what the committed report says, row by row. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { marked } from '../walk/document.ts'

/** The faults of both languages' READMEs. */
export function reportFaults(root: string): string[] {
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  return ['README.md', 'README.ko.md'].flatMap((name) => tableFaults(name, read(name), read(`docs/report/${name}`)))
}

/** Rows of a README's table that its report does not have. */
export function tableFaults(name: string, readme: string, report: string): string[] {
  const rows = marked(readme, 'decision').split('\n').slice(2)
  if (rows.length === 0) return [`${name}: the table in plain words is empty`]
  const known = new Set(report.split('\n'))
  return rows
    .map((row) => row.replaceAll(`(docs/report/${name}#`, '(#'))
    .filter((row) => !known.has(row))
    .map((row) => `${name}: docs/report/${name} does not say: ${row}`)
}
