// What the documents say of the faults' long run, by its histories alone: compared, or with --write put in anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { keptFaults } from '../soak/faults.ts'
import { mutants } from './mutants.ts'

const root = new URL('../../../', import.meta.url)
const RESULT = 'bench/results/soak-faults.md'
const MUTANTS = 'bench/results/faults-mutants.json'
const BETWEEN = /(?<=<!-- faults -->\n)[\s\S]*?(?=\n?<!-- \/faults -->)/

type Read = (path: string) => string

/** The documents that have a table of faults between their marks, and that table. */
function tables({ text, usersTable }: { readonly text: string; readonly usersTable: string }): Record<string, string> {
  const [counts, table] = text.split('\n\n')
  return { 'packages/session/docs/redis.md': `${counts}.\n\n${table}`, 'packages/session/README.md': usersTable }
}

/** What is not as the histories have it, or as the judge has proved to find. */
export function documentFaults(kept: Awaited<ReturnType<typeof keptFaults>>, read: Read): string[] {
  const stale = Object.entries(tables(kept)).filter(([path, table]) => BETWEEN.exec(read(path))?.[0] !== table)
  const { found } = JSON.parse(read(MUTANTS)) as { found: readonly { broken: string; isFound: boolean }[] }
  const tried = new Set(found.filter(({ isFound }) => isFound).map(({ broken }) => broken))
  return [
    ...kept.failed.map((violation) => `${RESULT}: ${violation}`),
    ...(read(RESULT).includes(kept.text) ? [] : [`${RESULT}: is not what its histories say`]),
    ...stale.map(([path]) => `${path}: its table of faults is another: node bench/src/faults/documents.ts --write`),
    ...mutants.filter(({ broken }) => !tried.has(broken)).map(({ broken }) => `${MUTANTS}: never found: ${broken}`),
  ]
}

if (import.meta.main) {
  const kept = await keptFaults()
  const at = (path: string): string => fileURLToPath(new URL(path, root))
  const read: Read = (path) => readFileSync(at(path), 'utf8')
  if (process.argv.includes('--write')) {
    for (const [path, table] of Object.entries(tables(kept)))
      writeFileSync(
        at(path),
        read(path).replace(BETWEEN, () => table),
      )
  }
  const faults = documentFaults(kept, read)
  for (const fault of faults) console.error(`  ${fault}`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
