/** The README's table of claims says what the committed report says, row by row. */
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
  const rows = marked(readme, 'lab').split('\n').slice(2)
  if (rows.length === 0) return [`${name}: the table of claims is empty`]
  const known = new Set(report.split('\n'))
  return rows
    .map((row) => row.replace(`(docs/report/${name}#`, '(#'))
    .filter((row) => !known.has(row))
    .map((row) => `${name}: docs/report/${name} does not say: ${row}`)
}
