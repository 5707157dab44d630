import { readdirSync, readFileSync } from 'node:fs'
import { median, slope } from '@session-cluster/visitor'

/** What one request costs, and one session, as it was measured: nothing here is typed in. */
export interface Measured {
  /** CPU time of a server's process for one request beside the application's own, µs. */
  readonly serverUs: { readonly read: number; readonly write: number }
  /** … of the balancer's process. */
  readonly balancerUs: number
  /** … of Redis. */
  readonly redisUs: { readonly read: number; readonly write: number }
  /** Memory that Redis takes for a session, in bytes: so much, and so much more for each byte of its value. */
  readonly sessionBytes: { readonly base: number; readonly perByte: number }
  /** What Redis sends and receives for one request, in bytes; the value comes on top, once for each. */
  readonly redisNetBytes: { readonly read: number; readonly write: number }
  readonly commands: { readonly read: number; readonly write: number }
  readonly roundTrips: { readonly read: number; readonly write: number }
}

/** One point of `bench/results/size.json`: so many sessions of so many bytes, and what Redis took for them. */
export interface Point {
  readonly sessions: number
  readonly valueBytes: number
  /** Beyond an empty Redis. */
  readonly usedBytes: number
  readonly cpuUs: { readonly read: number; readonly write: number }
  readonly netBytes: { readonly read: number; readonly write: number }
}

export interface SizeResult {
  readonly environment: object
  readonly points: readonly Point[]
}

interface BenchResult {
  readonly rounds: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
}
interface SessionResult extends BenchResult {
  readonly counts: readonly {
    readonly contender: string
    readonly request: string
    readonly commands: readonly (readonly string[])[]
    readonly roundTrips: readonly number[]
  }[]
}

/** Where the committed results lie. */
const results = new URL('../../../../bench/results/', import.meta.url)
export const sizeFile = new URL('size.json', results)

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, results), 'utf8')) as T
export const readPoints = (): readonly Point[] => read<SizeResult>('size.json').points

/** Takes every figure from the committed results. */
export function readMeasured(points: readonly Point[] = readPoints()): Measured {
  const session = read<SessionResult>('session.json')
  const balancers = readdirSync(results).filter((name) => /^balancer-\d+\.json$/.test(name))
  const of = (rounds: BenchResult['rounds'], contender: string, scenario: string): number => {
    const values = rounds[contender]?.[scenario]
    if (values === undefined) throw new Error(`the results have no ${scenario} of ${contender}`)
    return median(values)
  }
  const counted = (request: string) => {
    const row = session.counts.find((each) => each.contender === 'ours, Redis' && each.request === request)
    if (row === undefined) throw new Error(`the results do not count ${request}`)
    return { commands: median(row.commands.map((each) => each.length)), roundTrips: median(row.roundTrips) }
  }
  const [readCount, writeCount] = [counted('read'), counted('write')]
  // Small and few sessions share what an empty Redis has at hand: the line goes through the larger ones.
  const sizes = points.filter(({ sessions }) => sessions >= 10_000)
  const perByte = slope(sizes.map(({ valueBytes, usedBytes, sessions }) => [valueBytes, usedBytes / sessions] as const))
  const base = median(sizes.map(({ valueBytes, usedBytes, sessions }) => usedBytes / sessions - perByte * valueBytes))
  const small = points.filter(({ valueBytes }) => valueBytes === Math.min(...points.map((point) => point.valueBytes)))
  const at = (pick: (point: Point) => number): number => median(small.map(pick))
  return {
    serverUs: {
      read: of(session.rounds, 'ours-redis', 'read'),
      write: of(session.rounds, 'ours-redis', 'write'),
    },
    // A browser's request and a page of 2 KB, in every run that is kept.
    balancerUs: median(balancers.map((name) => of(read<BenchResult>(name).rounds, 'ours-direct', '2 KB × 8'))),
    redisUs: { read: at(({ cpuUs }) => cpuUs.read), write: at(({ cpuUs }) => cpuUs.write) },
    sessionBytes: { base, perByte },
    redisNetBytes: {
      read: at(({ netBytes, valueBytes }) => netBytes.read - valueBytes),
      write: at(({ netBytes, valueBytes }) => netBytes.write - 2 * valueBytes),
    },
    commands: { read: readCount.commands, write: writeCount.commands },
    roundTrips: { read: readCount.roundTrips, write: writeCount.roundTrips },
  }
}
