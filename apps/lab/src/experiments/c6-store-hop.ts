import type { TcpProxy } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { median, slope } from '@session-cluster/visitor'
import { type Experiment, type Lab, type Observation, prove } from '../experiment.ts'
import { type Text, text, type Words } from '../language.ts'
import { type Latencies, latencies, reportedPercentiles } from '../load/histogram.ts'
import { inTurns, judgedRounds } from '../load/rounds.ts'
import { lines } from '../pictures/lines.ts'
import { labClusters } from '../rig/cluster.ts'
import { storeUse } from '../rig/inspect.ts'
import { makeUsers } from '../rig/users.ts'
import { type Check, counted, type Judging, ratio } from '../verdict.ts'

const delaysMs = [0, 1, 5, 20] as const
/** What a request may do to its session, the path that does it, and how often it may wait for the store. */
const kinds = {
  untouched: { path: '/work?ms=0', trips: 0, name: text('untouched', '세션 안 씀') },
  read: { path: '/get', trips: 1, name: text('read', '읽기') },
  write: { path: '/set?q=again', trips: 2, name: text('write', '쓰기') },
} as const
type Kind = keyof typeof kinds
const kindNames = Object.keys(kinds) as Kind[]

/** C6: what the way to the store adds to a request, and that it adds it as often as the request has to wait for an answer. */
export const storeHop: Experiment = {
  id: 'C6',
  title: text('A store outside the server costs a hop', '서버 밖에 저장하면 통신이 한 번 더 든다'),
  says: text(
    'The session lives outside of the server, so there is one more thing to look after, and a delay of communication that cannot be avoided.',
    '서버 외부에 세션을 저장하는 것이므로, 관리 포인트가 늘어나게 되며, 통신 과정에서 어쩔 수 없는 지연이 발생합니다.',
  ),
  steps: text(
    'One node with its sessions in memory, one with them in Redis behind a proxy that adds 0, 1, 5 or 20 ms to each round trip. Requests one after another: untouched, read, write; memory and the delays in turns.',
    '세션을 메모리에 둔 노드 하나와, 왕복마다 0, 1, 5, 20 ms를 더하는 프록시 너머 Redis에 둔 노드 하나. 요청을 하나씩 보냅니다: 세션을 안 씀, 읽기, 쓰기. 메모리와 지연들을 번갈아 잽니다.',
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
    const [inMemory] = makeUsers(lab, 1, memory.node('a').url, 'memory')
    const [inRedis] = makeUsers(lab, 1, redis.node('a').url, 'redis')
    prove(inMemory && inRedis, 'there are users')
    for (const user of [inMemory, inRedis]) await user.save()
    const trips = await roundTrips(lab, redis.nodes, inRedis)
    const { rounds, checks } = await judgedRounds(
      lab,
      (round) => oneRound(lab, { inMemory, inRedis, link }, round),
      (taken, confidence) => slopes(lab, taken, confidence),
    )
    const reads = delaysMs.map((delayMs) => readsAt(rounds, delayMs))
    const readsInMemory = histogramOf(rounds.map(({ memory }) => memory))
    return {
      headline: {
        value: kindNames.map((kind) => trips[kind]).join(' · '),
        label: text(
          'waits for the store: untouched, read, write',
          '번 저장소를 기다린다: 세션을 안 쓰는 요청 · 읽기 · 쓰기',
        ),
      },
      checks: [...countsOf(trips, rounds), ...checks],
      observations: [
        middleOf(text('read from memory', '메모리에서 읽기'), readsInMemory),
        middleOf(text('read from Redis without delay', '지연 없는 Redis에서 읽기'), readsAt(rounds, 0)),
      ],
      pictures: [slopePicture(rounds), curvesPicture(readsInMemory, reads)],
    }
  },
}

/** One request: how long it took, and how often the proxy saw the node ask the store and wait. */
interface Timed {
  readonly ms: number
  readonly trips: number
}

/** The requests of one round: those to Redis by kind and delay, and the reads from memory. */
type Round = Record<Kind, Record<number, readonly Timed[]>> & { memory: readonly Timed[] }
const perTurn = (lab: Lab) => lab.size({ quick: 25, full: 100 })
const fastest = (requests: readonly Timed[] = []) => Math.min(...requests.map(({ ms }) => ms))

/** What decides: round trips as the node counts them, as the wire shows them for each request, and that none was answered sooner. */
function countsOf(trips: Record<Kind, number>, rounds: readonly Round[]): Check[] {
  const all = (kind: Kind) =>
    rounds.flatMap((round) =>
      delaysMs.flatMap((delayMs) => (round[kind][delayMs] ?? []).map((request) => ({ ...request, delayMs }))),
    )
  return kindNames.flatMap((kind) => {
    const { name, trips: expected } = kinds[kind]
    const tooSoon = all(kind).filter(({ ms, delayMs }) => ms < expected * delayMs)
    return [
      counted(text(`${kind}: round trips per request`, `${name.ko}: 요청당 왕복`), trips[kind], expected),
      counted(
        text(`${kind}: round trips of each request on the wire`, `${name.ko}: 회선에서 본 요청마다의 왕복`),
        [...new Set(all(kind).map((request) => request.trips))].sort(),
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
function slopes(lab: Lab, rounds: readonly Round[], confidence: Pick<Judging, 'confidence'>): Check[] {
  return kindNames.map((kind) =>
    ratio(
      text(
        `${kind}: ms that each ms of delay adds to the fastest request`,
        `${kinds[kind].name.ko}: 지연 1 ms가 가장 빠른 요청에 더한 ms`,
      ),
      rounds.map((round) => slope(delaysMs.map((delayMs) => [delayMs, fastest(round[kind][delayMs])]))),
      { atLeast: kinds[kind].trips - 0.5, atMost: kinds[kind].trips + 0.5 },
      { random: lab.random(kind), ...confidence },
    ),
  )
}

async function timed(lab: Lab, user: VirtualUser, kind: Kind, link?: TcpProxy): Promise<Timed> {
  lab.signal.throwIfAborted()
  const before = link?.roundTrips ?? 0
  const began = performance.now()
  const { status } = await user.ask(kinds[kind].path)
  const ms = performance.now() - began
  prove(status === 200, `${kinds[kind].path} answers 200, not ${status}`)
  return { ms, trips: (link?.roundTrips ?? 0) - before }
}

/** Round trips to the store per request, as the node counts them. */
async function roundTrips(lab: Lab, nodes: Parameters<typeof storeUse>[0], user: VirtualUser) {
  const trips: Record<Kind, number> = { untouched: 0, read: 0, write: 0 }
  for (const kind of kindNames) await timed(lab, user, kind) // Redis learns the scripts.
  for (const kind of kindNames) {
    const use = await storeUse(nodes, async () => {
      for (let index = 0; index < 10; index++) await timed(lab, user, kind)
    })
    trips[kind] = use.roundTrips / 10
    lab.record({ step: 'round trips', kind, ...use, requests: 10 })
  }
  return trips
}

interface Contenders {
  readonly inMemory: VirtualUser
  readonly inRedis: VirtualUser
  readonly link: TcpProxy
}

/** Reads from memory, and every kind of request at every delay, in turns. */
export async function oneRound(lab: Lab, { inMemory, inRedis, link }: Contenders, index: number): Promise<Round> {
  const round: Round = { memory: [], untouched: {}, read: {}, write: {} }
  await inTurns(['memory', ...delaysMs.map(String)], index, async (name) => {
    if (name === 'memory') {
      lab.progress(index / lab.repeats, text('sessions in memory', '메모리의 세션'))
      round.memory = await stretch(lab, inMemory, 'read')
      return lab.record({ step: 'memory', round: index, kind: 'read', requests: round.memory })
    }
    const delayMs = Number(name)
    lab.progress(index / lab.repeats, text(`round trip +${name} ms`, `왕복 +${name} ms`))
    link.latencyMs = delayMs
    await timed(lab, inRedis, 'read') // Warms up the changed link.
    for (const kind of kindNames) {
      const requests = await stretch(lab, inRedis, kind, link)
      round[kind][delayMs] = requests
      lab.record({ step: 'delay', round: index, delayMs, kind, requests })
    }
  })
  return round
}

/** One turn: requests of one kind, one after another. */
async function stretch(lab: Lab, user: VirtualUser, kind: Kind, link?: TcpProxy): Promise<readonly Timed[]> {
  const requests: Timed[] = []
  for (let request = 0; request < perTurn(lab); request++) requests.push(await timed(lab, user, kind, link))
  return requests
}

const readsAt = (rounds: readonly Round[], delayMs: number) =>
  histogramOf(rounds.map(({ read }) => read[delayMs] ?? []))

function histogramOf(stretches: readonly (readonly Timed[])[]): Latencies {
  const histogram = latencies()
  for (const requests of stretches) for (const { ms } of requests) histogram.record(ms)
  return histogram
}

const middleOf = (what: Text, reads: Latencies): Observation => ({
  what: text(`${what.en}, p50 of ${reads.count}, ms`, `${what.ko} ${reads.count}번의 p50, ms`),
  value: reads.percentile(50),
})

function slopePicture(rounds: readonly Round[]) {
  const points = kindNames.flatMap((kind) =>
    delaysMs.map((delayMs) => {
      const values = rounds.map((round) => median((round[kind][delayMs] ?? []).map(({ ms }) => ms)))
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
  const curve = (series: Words, histogram: Latencies) =>
    reportedPercentiles.map((percent, index) => ({ series, x: index, y: histogram.percentile(percent) }))
  return lines({
    id: 'percentiles',
    title: text('How long reads take, from the middle to the tail', '읽기에 걸린 시간, 중앙에서 꼬리까지'),
    caption: text(
      'Each curve one place of the sessions; the tail belongs to this machine, the distance between the curves to the hop.',
      '곡선마다 세션을 둔 곳이 다릅니다. 꼬리는 이 기계의 몫, 곡선 사이의 거리는 통신의 몫입니다.',
    ),
    points: [
      ...curve(text('memory', '메모리'), memory),
      ...reads.flatMap((histogram, index) => curve(`Redis +${delaysMs[index]} ms`, histogram)),
    ],
    x: {
      title: text('percentile', '백분위'),
      ticks: reportedPercentiles.map((percent, at) => ({ at, label: `p${percent}` })),
    },
    y: { title: text('read, ms', '읽기, ms'), logarithmic: true },
  })
}
