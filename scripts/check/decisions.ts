/** Keeps the index of the decisions: every page is in it, with its title, and a replaced one says by what. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What is missing or wrong in the index, a line each. */
export function decisionFaults(root: string): string[] {
  const folder = join(root, 'docs/decisions')
  const index = readFileSync(join(folder, 'README.md'), 'utf8')
  const pages = readdirSync(folder).filter((name) => /^\d{4}-.*\.md$/.test(name))
  return pages.flatMap((name) => {
    const row = rowOf(name, readFileSync(join(folder, name), 'utf8'))
    return index.split('\n').includes(row) ? [] : [`docs/decisions/README.md lacks the line: ${row}`]
  })
}

/** A page's row in the index. */
export function rowOf(name: string, text: string): string {
  const [, number, title] = /^# (\d{4}) (.+)$/m.exec(text) ?? []
  const by = /^\*\*Replaced by \[(\d{4})\]/m.exec(text)?.[1]
  return `| [${number ?? name}](${name}) | ${title ?? 'no title'} | ${by ? `replaced by ${by}` : 'stands'} |`
}
