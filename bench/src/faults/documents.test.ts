import { expect, it } from 'vitest'
import { documentFaults } from './documents.ts'
import { mutants } from './mutants.ts'

const kept = { text: '1 minute, 2 requests\n\n| table |', failed: [], usersTable: '| users |' }
const marked = (table: string): string => `# x\n\n<!-- faults -->\n${table}\n<!-- /faults -->\n`
const DOCUMENTS: Record<string, string> = {
  'bench/results/soak-faults.md': `…\n${kept.text}\n`,
  'packages/session/docs/redis.md': marked('1 minute, 2 requests.\n\n| table |'),
  'packages/session/README.md': marked('| users |'),
  'bench/results/faults-mutants.json': JSON.stringify({
    found: mutants.map(({ broken }) => ({ broken, isFound: true })),
  }),
}
const faultsWith = (other: Record<string, string>, run = kept) =>
  documentFaults(run, (path) => ({ ...DOCUMENTS, ...other })[path] ?? '')

it('has nothing to say of documents that say what the histories do', () => {
  expect(faultsWith({})).toEqual([])
})

it('names a document that says something else, a violation, and a guarantee that was never tried', () => {
  for (const path of Object.keys(DOCUMENTS).slice(0, 3)) {
    expect(faultsWith({ [path]: marked('| other |') })).toEqual([expect.stringContaining(path)])
  }
  expect(faultsWith({}, { ...kept, failed: ['seed 1: a hang'] as never })).toEqual([expect.stringContaining('a hang')])
  const found = mutants.map(({ broken }, i) => ({ broken, isFound: i !== 3 }))
  expect(faultsWith({ 'bench/results/faults-mutants.json': JSON.stringify({ found }) })).toEqual([
    expect.stringContaining(mutants[3]?.broken ?? ''),
  ])
})
