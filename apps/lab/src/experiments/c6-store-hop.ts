import type { TcpProxy } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { median, slope } from '@session-cluster/visitor'
import { experiment, type Lab, type Observation, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text, type Words } from '../language.ts'
import { type Latencies, latencies, percentilesFor } from '../load/histogram.ts'
import { byRound, inTurns, roundsRatio, takeRounds } from '../load/rounds.ts'
import { lines, percentileAxis } from '../pictures/lines.ts'
import { labClusters } from '../rig/cluster.ts'
import { storeUse } from '../rig/inspect.ts'
import { makeUser } from '../rig/users.ts'
import { type Check, counted } from '../verdict.ts'

const delaysMs = [0, 1, 5, 20] as const
/** What a request may do to its session, the path that does it, and how often it may wait for the store. */
const kinds = {
  untouched: { path: '/work?ms=0', trips: 0, name: text('untouched', '세션 안 씀') },
  read: { path: '/get', trips: 1, name: text('read', '읽기') },
  write: { path: '/set?q=again', trips: 2, name: text('write', '쓰기') },
} as const
type Kind = keyof typeof kinds
const kindNames = Object.keys(kinds) as Kind[]

/** One request: how long it took, and how often the proxy saw the node ask the store and wait. */
interface Timed<Step extends 'memory' | 'Redis'> {
  readonly step: Step
  readonly round: number
  readonly kind: Kind
  readonly delayMs: number
  readonly ms: number
  readonly trips: number
}

type TimedRow = Timed<'memory'> | Timed<'Redis'>

/** What the node itself counted, over ten requests. */
interface TripsRow {
  readonly step: 'round trips'
  readonly kind: Kind
  readonly requests: number
  readonly roundTrips: number
  readonly commands: number
}

type C6Row = TimedRow | TripsRow

/** C6: what the way to the store adds to a request, and that it adds it as often as the request has to wait for an answer. */
export const storeHop = experiment<C6Row>({
  id: 'C6',
  title: text('A store outside the server costs a hop', '서버 밖에 저장하면 통신이 한 번 더 든다'),
  says: text(
    'The session lives outside of the server, so there is one more thing to look after, and a delay of communication that cannot be avoided.',
    '서버 외부에 세션을 저장하는 것이므로, 관리 포인트가 늘어나게 되며, 통신 과정에서 어쩔 수 없는 지연이 발생합니다.',
  ),
  steps: text(
    'One server with its sessions in memory, one with them in Redis behind a proxy that adds 0, 1, 5 or 20 ms to each round trip. Requests one after another: untouched, read, write; memory and the delays in turns.',
    '세션을 메모리에 둔 서버 하나와, 왕복마다 0, 1, 5, 20 ms를 더하는 프록시 너머 Redis에 둔 서버 하나. 요청을 하나씩 보냅니다: 세션을 안 씀, 읽기, 쓰기. 메모리와 지연들을 번갈아 잽니다.',
  ),
  expected: text(
    'a request grows by the added delay times its round trips: 0 untouched, 1 read, 2 write',
    '요청은 더한 지연 × 왕복 횟수만큼 길어진다: 안 씀 0, 읽기 1, 쓰기 2',
  ),
  limits: text(
    'The delay is made by a proxy with timers of 1 ms on one machine. That Redis also has to be operated, no measurement shows.',
    '지연은 한 기계 안에서 1 ms 단위 타이머의 프록시가 만듭니다. Redis를 운영해야 한다는 부담은 어떤 측정에도 나타나지 않습니다.',
  ),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      memory: { mode: 'local', nodes: 1 },
      redis: { mode: 'clustered', nodes: 1, links: { redis: true } },
    })
    const { memory, redis } = clusters
    const link = redis.redisLink
    prove(link, 'there is a proxy before Redis')
    const inMemory = makeUser(lab, memory.node('a').url, 'memory')
    const inRedis = makeUser(lab, redis.node('a').url, 'redis')
    for (const user of [inMemory, inRedis]) await user.save()
    await roundTrips(lab, redis.nodes, inRedis)
    await takeRounds(lab, (round) => oneRound(lab, { inMemory, inRedis, link }, round), slopes)
  },
  judge(history) {
    const trips = tripsIn(history)
    const reads = delaysMs.map((delayMs) => histogramOf(timedIn(history, 'Redis', 'read', delayMs)))
    const readsInMemory = histogramOf(timedIn(history, 'memory', 'read', 0))
    return {
      headline: {
        value: kindNames.map((kind) => trips[kind]).join(' · '),
        label: text(
          'waits for the store: untouched, read, write',
          '요청당 저장소를 기다리는 횟수: 세션을 안 씀 · 읽기 · 쓰기',
        ),
      },
      checks: [...countsOf(history), ...slopes(history)],
      observations: [
        middleOf(text('read from memory', '메모리에서 읽기'), readsInMemory),
        middleOf(text('read from Redis without delay', '지연 없는 Redis에서 읽기'), reads[0] ?? latencies()),
      ],
      pictures: [slopePicture(history), curvesPicture(readsInMemory, reads)],
      figures: {
        memoryReadMs: readsInMemory.percentile(50),
        redisReadMs: reads[0]?.percentile(50) ?? Number.NaN,
        ...Object.fromEntries(
          history.of('round trips').map(({ kind, commands, requests }) => [`${kind}Commands`, commands / requests]),
        ),
      },
    }
  },
})

const perTurn = (lab: Lab) => lab.size({ quick: 25, full: 100 })
const fastest = (requests: readonly TimedRow[]) => Math.min(...requests.map(({ ms }) => ms))

const timedIn = (history: History<C6Row>, step: TimedRow['step'], kind: Kind, delayMs: number): readonly TimedRow[] =>
  (step === 'memory' ? history.of('memory') : history.of('Redis')).filter(
    (row) => row.kind === kind && row.delayMs === delayMs,
  )

/** Round trips to the store per request, as the node counted them. */
const tripsIn = (history: History<C6Row>): Record<Kind, number> => {
  const of = (kind: Kind) => {
    const row = history.of('round trips').find((each) => each.kind === kind)
    return row ? row.roundTrips / row.requests : Number.NaN
  }
  return { untouched: of('untouched'), read: of('read'), write: of('write') }
}

/** The rounds of one kind at one delay. */
const roundsOf = (history: History<C6Row>, kind: Kind, delayMs: number): readonly (readonly TimedRow[])[] =>
  byRound(timedIn(history, 'Redis', kind, delayMs))

/** What decides: round trips as the node counts them, as the wire shows them for each request, and that none was answered sooner. */
function countsOf(history: History<C6Row>): Check[] {
  const trips = tripsIn(history)
  return kindNames.flatMap((kind) => {
    const { name, trips: expected } = kinds[kind]
    const all = history.of('Redis').filter((row) => row.kind === kind)
    const tooSoon = all.filter(({ ms, delayMs }) => ms < expected * delayMs)
    return [
      counted(text(`${kind}: round trips per request`, `${name.ko}: 요청당 왕복`), trips[kind], expected),
      counted(
        text(`${kind}: round trips of each request on the wire`, `${name.ko}: 회선에서 본 요청마다의 왕복`),
        [...new Set(all.map((request) => request.trips))].sort(),
        [expected],
      ),
      ...(expected > 0
        ? [
            counted(
              text(
                `${kind}: requests answered sooner than ${expected} × the delay`,
                `${name.ko}: 지연 × ${expected}보다 먼저 답한 요청`,
              ),
              tooSoon.length,
              0,
            ),
          ]
        : []),
    ]
  })
}

/** The direction: what each ms of delay adds to the fastest request of a stretch. What else a machine does only ever adds to a time. */
function slopes(history: History<C6Row>): Check[] {
  return kindNames.map((kind) => {
    const atDelays = delaysMs.map((delayMs) => roundsOf(history, kind, delayMs))
    const rounds = Math.min(...atDelays.map((each) => each.length))
    return roundsRatio(
      history,
      text(
        `${kind}: ms that each ms of delay adds to the fastest request`,
        `${kinds[kind].name.ko}: 지연 1 ms가 가장 빠른 요청에 더한 ms`,
      ),
      Array.from({ length: rounds }, (_, round) =>
        slope(delaysMs.map((delayMs, index) => [delayMs, fastest(atDelays[index]?.[round] ?? [])])),
      ),
      { atLeast: kinds[kind].trips - 0.5, atMost: kinds[kind].trips + 0.5 },
    )
  })
}

async function timed(
  lab: Lab,
  user: VirtualUser,
  kind: Kind,
  link?: TcpProxy,
): Promise<Pick<TimedRow, 'ms' | 'trips'>> {
  lab.signal.throwIfAborted()
  const before = link?.roundTrips ?? 0
  const began = performance.now()
  const { status } = await user.ask(kinds[kind].path)
  const ms = performance.now() - began
  prove(status === 200, `${kinds[kind].path} answers 200, not ${status}`)
  return { ms, trips: (link?.roundTrips ?? 0) - before }
}

/** Round trips to the store per request, as the node counts them. */
async function roundTrips(lab: Lab<C6Row>, nodes: Parameters<typeof storeUse>[0], user: VirtualUser): Promise<void> {
  for (const kind of kindNames) await timed(lab, user, kind) // Redis learns the scripts.
  for (const kind of kindNames) {
    const use = await storeUse(nodes, async () => {
      for (let index = 0; index < 10; index++) await timed(lab, user, kind)
    })
    lab.record({ step: 'round trips', kind, requests: 10, ...use })
  }
}

interface Contenders {
  readonly inMemory: VirtualUser
  readonly inRedis: VirtualUser
  readonly link: TcpProxy
}

/** Reads from memory, and every kind of request at every delay, in turns. */
export async function oneRound(lab: Lab<C6Row>, { inMemory, inRedis, link }: Contenders, round: number): Promise<void> {
  await inTurns(['memory', ...delaysMs.map(String)], round, async (name) => {
    if (name === 'memory') {
      lab.progress(round / lab.repeats, text('sessions in memory', '메모리의 세션'))
      for (let request = 0; request < perTurn(lab); request++)
        lab.record({ step: 'memory', round, kind: 'read', delayMs: 0, ...(await timed(lab, inMemory, 'read')) })
      return
    }
    const delayMs = Number(name)
    lab.progress(round / lab.repeats, text(`round trip +${name} ms`, `왕복 +${name} ms`))
    link.latencyMs = delayMs
    await timed(lab, inRedis, 'read') // Warms up the changed link.
    for (const kind of kindNames)
      for (let request = 0; request < perTurn(lab); request++)
        lab.record({ step: 'Redis', round, kind, delayMs, ...(await timed(lab, inRedis, kind, link)) })
  })
}

const histogramOf = (requests: readonly TimedRow[]): Latencies => latencies(requests.map(({ ms }) => ms))

const middleOf = (what: Text, reads: Latencies): Observation => ({
  what: text(`${what.en}, p50 of ${reads.count}, ms`, `${what.ko} ${reads.count}번의 p50, ms`),
  value: reads.percentile(50),
})

function slopePicture(history: History<C6Row>) {
  const points = kindNames.flatMap((kind) =>
    delaysMs.map((delayMs) => {
      const values = roundsOf(history, kind, delayMs).map((round) => median(round.map(({ ms }) => ms)))
      return {
        series: kinds[kind].name,
        x: delayMs,
        y: median(values),
        low: Math.min(...values),
        high: Math.max(...values),
      }
    }),
  )
  return lines({
    id: 'slope',
    title: text('The median request against the delay of a round trip', '왕복 지연에 따른 요청 시간의 중앙값'),
    caption: text(
      'The steepness is the number of times that a request waits for the store. Vertical lines: the range of the rounds’ medians.',
      '기울기가 곧 요청이 저장소를 기다리는 횟수입니다. 세로선은 회차별 중앙값의 범위입니다.',
    ),
    points,
    x: { title: text('added to each round trip, ms', '왕복마다 더한 지연, ms') },
    y: { title: text('median of a request, ms', '요청의 중앙값, ms') },
  })
}

function curvesPicture(memory: Latencies, reads: readonly Latencies[]) {
  // Up to the percentile that the smallest of the samples bears.
  const percentiles = percentilesFor(Math.min(memory.count, ...reads.map(({ count }) => count)))
  const curve = (series: Words, histogram: Latencies) =>
    percentiles.map((percent, index) => ({ series, x: index, y: histogram.percentile(percent) }))
  return lines({
    id: 'percentiles',
    title: text('How long reads take, from the middle to the tail', '읽기에 걸린 시간, 중앙에서 꼬리까지'),
    caption: text(
      `Each curve one place of the sessions, ${memory.count} reads each; the tail belongs to this machine, the distance between the curves to the hop.`,
      `곡선마다 세션을 둔 곳이 다릅니다(읽기 ${memory.count}번씩). 꼬리는 이 기계의 몫, 곡선 사이의 거리는 통신의 몫입니다.`,
    ),
    points: [
      ...curve(text('memory', '메모리'), memory),
      ...reads.flatMap((histogram, index) => curve(`Redis +${delaysMs[index]} ms`, histogram)),
    ],
    x: percentileAxis(percentiles),
    y: { title: text('read, ms', '읽기, ms'), logarithmic: true },
  })
}
