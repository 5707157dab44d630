/** The tables of figures in the packages' READMEs say what the committed benches measured, row by row. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrapMedian, median, seededRandom } from '@session-cluster/visitor'
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

/** The rows, in their order. Those in which this project does worse than its peer, misses its figure, or the bench came to no verdict, are among them. */
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
    ...balancerRows('page of 2 KB', '2 KB × 8'),
    ...balancerRows('tiny answer', 'tiny × 32'),
    row('`http-proxy`, tiny answer', ['tiny × 32', 'ours-http-proxy', 'http-proxy'], 'http-proxy alone'),
  ],
}

function row(
  words: string,
  [scenario, contender, against]: readonly [scenario: string, contender: string, against: string],
  peer: string,
): Row {
  return { words, scenario, contender, against, peer }
}

function balancerRows(words: string, scenario: string): Row[] {
  const peers = [
    ['haproxy', 'HAProxy, with health checks and a cookie'],
    ['nginx', 'nginx, without either'],
    ['caddy', 'Caddy'],
    ['http-proxy', 'http-proxy alone'],
  ] as const
  return peers.map(([against, peer]) => row(`\`direct\`, ${words}`, [scenario, 'ours-direct', against], peer))
}

/** The faults of the packages' READMEs. */
export function figureFaults(root: string): string[] {
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  return (Object.keys(ROWS) as Bench[]).flatMap((bench) => {
    const name = `packages/${bench}/README.md`
    const files = readdirSync(join(root, 'bench/results')).filter((file) => FILES[bench].test(file))
    const results = ofRuns(files.map((file) => JSON.parse(read(`bench/results/${file}`)) as Results))
    return rowFaults(name, read(name), rowsOf(bench, results))
  })
}

const FILES: Readonly<Record<Bench, RegExp>> = { session: /^session\.json$/, balancer: /^balancer-\d+\.json$/ }

/** Several runs as one: of each figure the median of their medians, within the widest interval; a verdict where they agree. */
export function ofRuns(runs: readonly Results[]): Results {
  const [first] = runs
  if (!first) throw new Error('the bench has no saved run')
  const figures = first.figures.map((figure) => {
    const isSame = ({ scenario, contender, against }: typeof figure): boolean =>
      scenario === figure.scenario && contender === figure.contender && against === figure.against
    const all = runs.flatMap((run) => run.figures.filter(isSame))
    const ratio = {
      median: median(all.map((each) => each.ratio.median)),
      low: Math.min(...all.map((each) => each.ratio.low)),
      high: Math.max(...all.map((each) => each.ratio.high)),
    }
    const verdict = all.every(({ verdict }) => verdict === figure.verdict) ? figure.verdict : 'inconclusive'
    return { ...figure, ratio, verdict }
  })
  return { figures, rounds: first.rounds }
}

/** What a package's table must hold. */
export function rowsOf(bench: Bench, results: Results): string[] {
  return ROWS[bench].map(({ words, scenario, contender, against, peer }) => {
    const figure = results.figures.find(
      (each) => each.scenario === scenario && each.contender === contender && each.against === against,
    )
    const { median, low, high } = figure?.ratio ?? ratioOf(results, { scenario, contender, against })
    const open = figure && figure.verdict !== 'met' ? ` (${figure.verdict})` : ''
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
