/** The READMEs' table of figures says what the committed benches measured, row by row. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { marked } from '../walk/document.ts'

/** A ratio as `bench/results/*.json` has it. */
interface Figure {
  readonly scenario: string
  readonly contender: string
  readonly against: string
  readonly ratio: { readonly median: number; readonly low: number; readonly high: number }
}

/** The rows, in their order: which figure, and in which words. The balancer's engine is the one that was cheapest. */
const ROWS = [
  [
    'session',
    'read',
    'fs-redis',
    ['session library, read', '세션 라이브러리, 읽기'],
    '@fastify/session + connect-redis',
  ],
  [
    'session',
    'write',
    'fs-redis',
    ['session library, write', '세션 라이브러리, 쓰기'],
    '@fastify/session + connect-redis',
  ],
  ['session', 'untouched', 'bare', ['session library, not used', '세션 라이브러리, 쓰지 않는 요청'], 'Fastify'],
  ['balancer', 'request', 'nginx', ['load balancer', '로드 밸런서'], 'nginx'],
  ['balancer', 'request', 'caddy', ['load balancer', '로드 밸런서'], 'Caddy'],
  ['balancer', 'request', 'http-proxy', ['load balancer', '로드 밸런서'], 'http-proxy'],
] as const

/** The faults of both languages' READMEs. */
export function figureFaults(root: string): string[] {
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const figures = (bench: string) => (JSON.parse(read(`bench/results/${bench}.json`)) as { figures: Figure[] }).figures
  const results = { session: figures('session'), balancer: figures('balancer') }
  return ['README.md', 'README.ko.md'].flatMap((name, language) =>
    rowFaults(name, read(name), rowsOf(results, language)),
  )
}

/** What the table must hold; `language` 0 for English, 1 for Korean. */
export function rowsOf(
  results: Readonly<Record<'session' | 'balancer', readonly Figure[]>>,
  language: number,
): string[] {
  return ROWS.map(([bench, scenario, against, words, peer]) => {
    const contender = bench === 'session' ? 'ours-redis' : 'ours-'
    const found = results[bench].find(
      (figure) => figure.scenario === scenario && figure.against === against && figure.contender.startsWith(contender),
    )
    if (!found) throw new Error(`bench/results/${bench}.json has no figure for ${scenario} against ${against}`)
    const { median, low, high } = found.ratio
    return `| ${words[language]} | **${median.toFixed(2)}** [${low.toFixed(2)}–${high.toFixed(2)}] | ${peer} |`
  })
}

/** Rows that differ from those expected. */
export function rowFaults(name: string, readme: string, expected: readonly string[]): string[] {
  const rows = marked(readme, 'bench').split('\n').slice(2)
  return expected.flatMap((row, at) => (rows[at] === row ? [] : [`${name}: the benches say: ${row}`]))
}
