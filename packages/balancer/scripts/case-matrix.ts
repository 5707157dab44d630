import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whyNot } from '../test/support/peer-cases.ts'

/** All cases; 51 is about sessions too and is tested with the cluster. */
const CASES = Array.from({ length: 50 }, (_, i) => i + 1)
const ENGINES = ['direct', 'http-proxy']
const PEERS = { haproxy: 'HAProxy', nginx: 'nginx' } as const

const root = fileURLToPath(new URL('..', import.meta.url))
const page = join(root, 'CASES.md')

interface Listed {
  name: string
  file: string
}

/** Every test that vitest would run, by its name: what is skipped or was never registered is not among them. */
function listTests(): Listed[] {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const args = [vitest, 'list', 'test/cases', '--no-static-parse', '--json']
  const out = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
  // Workers collect several files at once: their order is chance.
  const tests = JSON.parse(out.slice(out.indexOf('['))) as Listed[]
  return tests.toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
}

const testsOf = (tests: readonly Listed[], number: number): Listed[] =>
  tests.filter(({ name }) => name.includes(`case ${number}: `))

/** File and line of the case's first test. No link: the page is in the tarball, the tests are not. */
function placeOf(tests: readonly Listed[], number: number): string {
  const file = testsOf(tests, number)[0]?.file
  if (file === undefined) return ''
  const before = readFileSync(file, 'utf8').split(new RegExp(`caseOf\\(\\s*${number},`))[0] as string
  return `\`${relative(join(root, 'test/cases'), file)}:${before.split('\n').length}\``
}

function cell(tests: readonly Listed[], number: number, engine: string): string {
  const { length } = testsOf(tests, number).filter(({ name }) => name.endsWith(`[${engine}]`))
  return length === 0 ? '' : length === 1 ? '1 test' : `${length} tests`
}

/** What a peer passes of the case, and why it is not run on the rest. */
function peerCell(tests: readonly Listed[], number: number, peer: keyof typeof PEERS): string {
  const titles = testsOf(tests, number).flatMap(({ name }) =>
    name.endsWith(`[${ENGINES[0]}]`) ? [name.replace(/^.*?case \d+: /, '').replace(/ \[[^\]]*\]$/, '')] : [],
  )
  const reasons = [...new Set(titles.flatMap((title) => whyNot(peer, number, title) ?? []))].join('; ')
  const run = cell(tests, number, peer)
  if (reasons === '') return run
  return run === '' ? `— ${reasons}` : `${run.replace(/ .*/, '')} of ${titles.length} tests; not: ${reasons}`
}

function titleOf(tests: readonly Listed[], number: number): string {
  const name = tests.find((test) => test.name.includes(`case ${number}: `))?.name ?? ''
  return name
    .replace(/^.*case \d+: /, '')
    .replace(/ \[[^\]]*\]$/, '')
    .replaceAll('|', '\\|')
}

function skippedIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((file) => /\.(skip|todo|only|fails|runIf|skipIf)\b/.test(readFileSync(join(directory, file), 'utf8')))
    .map((file) => `${file}: a case is skipped, narrowed or expected to fail`)
}

function main(): void {
  const tests = listTests()
  const rows = CASES.map((number) => ({
    number,
    cells: ENGINES.map((engine) => cell(tests, number, engine)),
    peers: (['haproxy', 'nginx'] as const).map((peer) => peerCell(tests, number, peer)),
  }))
  const missing = rows.flatMap(({ number, cells }) =>
    cells.flatMap((text, i) => (text === '' ? [`case ${number} has no test on ${ENGINES[i]}`] : [])),
  )
  const problems = [...missing, ...skippedIn(join(root, 'test/cases'))]
  const text = [
    '# Cases × engines, and what other balancers do of them',
    '',
    'Made by `node scripts/case-matrix.ts` from the names of the tests that run. Case 51 (failover A → B → A must not serve a',
    "stale session) needs sessions and is tested in the cluster's package. HAProxy and nginx are started from the files that",
    '`haproxyConfig` and `nginxConfig` write for the same options, and pass the very same tests but for those that say why not.',
    '',
    `| case | first test | in \`test/cases\` | ${[...ENGINES, ...Object.values(PEERS)].join(' | ')} |`,
    `|---|---|---|${[...ENGINES, ...Object.values(PEERS)].map(() => '---|').join('')}`,
    ...rows.map(
      ({ number, cells, peers }) =>
        `| ${number} | ${titleOf(tests, number)} | ${placeOf(tests, number)} | ${[...cells, ...peers].join(' | ')} |`,
    ),
    '',
  ].join('\n')
  if (process.argv.includes('--check')) {
    if (readFileSync(page, 'utf8') !== text) problems.push('CASES.md is out of date: run node scripts/case-matrix.ts')
  } else writeFileSync(page, text)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}

main()
