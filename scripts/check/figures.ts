/** The tables of figures in the packages' READMEs say what the committed benches measured, row by row. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrapMedian, seededRandom } from '@session-cluster/visitor'
import { marked } from '../walk/document.ts'

type Bench = 'session' | 'balancer'

/** What `bench/results/*.json` holds, as far as rows are made of it. */
export interface Results {
  readonly figures: readonly {
    readonly scenario: string
    readonly contender: string
    readonly against: string
    readonly ratio: { readonly median: number; readonly low: number; readonly high: number }
    readonly verdict: string
  }[]
  /** Of each contender: CPU of each round, by scenario. */
  readonly rounds: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
}

interface Row {
  readonly words: string
  readonly scenario: string
  readonly contender: string
  readonly against: string
  readonly peer: string
}

/** The rows, in their order. Those in which this project does worse than its peer, or the bench came to no verdict, are among them. */
const ROWS: Readonly<Record<Bench, readonly Row[]>> = {
  session: [
    row('read from Redis', ['read', 'ours-redis', 'fs-redis'], '@fastify/session + connect-redis, as they come'),
    row(
      'read from Redis',
      ['read', 'ours-redis', 'fs-redis-still'],
      'the same with `rolling: false`, which does not write on reads',
    ),
    row('write to Redis', ['write', 'ours-redis', 'fs-redis'], '@fastify/session + connect-redis'),
    row('not used', ['untouched', 'ours-redis', 'bare'], 'Fastify alone'),
    row('read from memory', ['read', 'ours-memory', 'bare'], 'Fastify alone'),
    row('read from Redis', ['read', 'ours-redis', 'bare'], 'Fastify alone'),
    row('write to Redis', ['write', 'ours-redis', 'bare'], 'Fastify alone'),
  ],
  balancer: [
    row('`direct`', ['request', 'ours-direct', 'haproxy'], 'HAProxy, with health checks and a cookie'),
    row('`direct`', ['request', 'ours-direct', 'nginx'], 'nginx, without either'),
    row('`direct`', ['request', 'ours-direct', 'caddy'], 'Caddy'),
    row('`direct`', ['request', 'ours-direct', 'http-proxy'], 'http-proxy alone'),
    row('`http-proxy`', ['request', 'ours-http-proxy', 'http-proxy'], 'http-proxy alone'),
  ],
}

function row(
  words: string,
  [scenario, contender, against]: readonly [scenario: string, contender: string, against: string],
  peer: string,
): Row {
  return { words, scenario, contender, against, peer }
}

/** The faults of the packages' READMEs. */
export function figureFaults(root: string): string[] {
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  return (Object.keys(ROWS) as Bench[]).flatMap((bench) => {
    const name = `packages/${bench}/README.md`
    const results = JSON.parse(read(`bench/results/${bench}.json`)) as Results
    return rowFaults(name, read(name), rowsOf(bench, results))
  })
}

/** What a package's table must hold. */
export function rowsOf(bench: Bench, results: Results): string[] {
  return ROWS[bench].map(({ words, scenario, contender, against, peer }) => {
    const figure = results.figures.find(
      (each) => each.scenario === scenario && each.contender === contender && each.against === against,
    )
    const { median, low, high } = figure?.ratio ?? ratioOf(results, { scenario, contender, against })
    const open = figure?.verdict === 'inconclusive' ? ' (inconclusive)' : ''
    return `| ${words} | **${median.toFixed(2)}** [${low.toFixed(2)}–${high.toFixed(2)}]${open} | ${peer} |`
  })
}

/** A ratio that the bench did not judge, out of its rounds. */
function ratioOf(
  { rounds }: Results,
  { scenario, contender, against }: Pick<Row, 'scenario' | 'contender' | 'against'>,
) {
  const [mine, theirs] = [rounds[contender]?.[scenario], rounds[against]?.[scenario]]
  if (!mine || !theirs) throw new Error(`the bench has no rounds of ${scenario} for ${contender} and ${against}`)
  const samples = mine.flatMap((value, index) => (theirs[index] === undefined ? [] : [value / theirs[index]]))
  return bootstrapMedian(samples, {
    random: seededRandom(1, `${contender}/${against}`),
    resamples: 10_000,
    confidence: 0.95,
  })
}

/** Rows that differ from those expected. */
export function rowFaults(name: string, readme: string, expected: readonly string[]): string[] {
  const cells = (line: string) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .join('|')
  const rows = marked(readme, 'bench').split('\n').slice(2).map(cells)
  return [
    ...expected.flatMap((row, at) => (rows[at] === cells(row) ? [] : [`${name}: the bench says: ${row}`])),
    ...rows.slice(expected.length).map((row) => `${name}: the bench does not say: ${row}`),
  ]
}
