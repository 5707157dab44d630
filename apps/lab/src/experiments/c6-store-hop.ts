import type { TcpProxy } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/cluster/load'
import { type Experiment, type Lab, prove } from '../experiment.ts'
import { text } from '../language.ts'
import { type Latencies, latencies, reportedPercentiles } from '../load/histogram.ts'
import { lines } from '../pictures/lines.ts'
import { labCluster } from '../rig/cluster.ts'
import { storeUse } from '../rig/inspect.ts'
import { makeUsers } from '../rig/users.ts'
import { median, quantile, slope } from '../statistics/spread.ts'
import { counted, ratio } from '../verdict.ts'

const delaysMs = [0, 1, 5, 20] as const
/** What a request may do to its session, the path that does it, and how often it may wait for the store. */
const kinds = {
  untouched: { path: '/work?ms=0', method: 'GET', trips: 0, name: text('untouched', '세션 안 씀') },
  read: { path: '/get', method: 'GET', trips: 1, name: text('read', '읽기') },
  write: { path: '/set?q=again', method: 'GET', trips: 2, name: text('write', '쓰기') },
} as const
type Kind = keyof typeof kinds
const kindNames = Object.keys(kinds) as Kind[]

/** C6: what the way to the store adds to a request, and that it adds it as often as the request has to wait for an answer. */
export const storeHop: Experiment = {
  id: 'C6',
  title: text('A store outside the server costs a hop', '서버 밖의 저장소는 통신 한 번의 값을 치른다'),
  says: text(
    'The session lives outside of the server, so there is one more thing to look after, and a delay of communication that cannot be avoided.',
    '서버 외부에 세션을 저장하는 것이므로, 관리 포인트가 늘어나게 되며, 통신 과정에서 어쩔 수 없는 지연이 발생합니다.',
  ),
  steps: text(
    'One node with its sessions in memory, one with them in Redis behind a proxy that adds 0, 1, 5 or 20 ms to each round trip. Requests one after another: untouched, read, write; the delays in turns.',
    '세션을 메모리에 둔 노드 하나와, 왕복마다 0, 1, 5, 20 ms를 더하는 프록시 너머 Redis에 둔 노드 하나. 요청을 하나씩 보냅니다: 세션을 안 씀, 읽기, 쓰기. 지연을 번갈아 바꿉니다.',
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
    await using memory = await labCluster(lab, { mode: 'local', nodes: 1 })
    await using redis = await labCluster(lab, {
      mode: 'clustered',
      nodes: 1,
      links: { redis: true },
    })
    const link = redis.redisLink
    prove(link, 'there is a proxy before Redis')
    const [inMemory] = makeUsers(lab, 1, memory.node('a').url, 'memory')
    const [inRedis] = makeUsers(lab, 1, redis.node('a').url, 'redis')
    prove(inMemory && inRedis, 'there are users')
    for (const user of [inMemory, inRedis]) await user.save()
    const trips = await roundTrips(lab, redis.nodes, inRedis)
    const measured = await measure(lab, inRedis, link)
    const histogram = latencies()
    for (let index = 0; index < perTurn(lab) * lab.repeats; index++)
      histogram.record(await timed(lab, inMemory, 'read'))
    const slopes = (kind: Kind) =>
      measured.rounds.map((round) =>
        slope(delaysMs.map((delayMs) => [delayMs, round[kind][delayMs]?.low ?? Number.NaN])),
      )
    return {
      headline: {
        value: kindNames.map((kind) => trips[kind]).join(' · '),
        label: text(
          'waits for the store: untouched, read, write',
          '번 저장소를 기다린다: 세션을 안 쓰는 요청 · 읽기 · 쓰기',
        ),
      },
      checks: [
        ...kindNames.map((kind) =>
          counted(
            text(`${kind}: round trips per request`, `${kinds[kind].name.ko}: 요청당 왕복`),
            trips[kind],
            kinds[kind].trips,
          ),
        ),
        ...kindNames.map((kind) =>
          ratio(
            text(`${kind}: ms that each ms of delay adds`, `${kinds[kind].name.ko}: 지연 1 ms당 늘어난 ms`),
            slopes(kind),
            { atLeast: kinds[kind].trips - 0.5, atMost: kinds[kind].trips + 0.5 },
            lab.random(kind),
          ),
        ),
      ],
      observations: [
        { what: text('read from memory, p50, ms', '메모리에서 읽기 p50, ms'), value: histogram.percentile(50) },
        {
          what: text('read from Redis without delay, p50, ms', '지연 없는 Redis에서 읽기 p50, ms'),
          value: measured.reads[0].percentile(50),
        },
      ],
      pictures: [slopePicture(measured.rounds), curvesPicture(histogram, measured.reads)],
    }
  },
}

/** By kind and delay: the median, and what only a tenth falls short of, where noise has little part. */
type Round = Record<Kind, Record<number, { readonly median: number; readonly low: number }>>
const perTurn = (lab: Lab) => lab.size({ quick: 25, full: 200 })

async function timed(lab: Lab, user: VirtualUser, kind: Kind): Promise<number> {
  lab.signal.throwIfAborted()
  const began = performance.now()
  const { status } = await user.ask(kinds[kind].path, { method: kinds[kind].method })
  prove(status === 200, `${kinds[kind].path} answers 200, not ${status}`)
  return performance.now() - began
}

/** Round trips to the store per request, as the node counts them. */
async function roundTrips(
  lab: Lab,
  nodes: Parameters<typeof storeUse>[0],
  user: VirtualUser,
): Promise<Record<Kind, number>> {
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

/** The median of each kind at each delay, round by round, and every read's latency. */
async function measure(lab: Lab, user: VirtualUser, link: TcpProxy) {
  const reads: Record<number, Latencies> = { 0: latencies(), 1: latencies(), 5: latencies(), 20: latencies() }
  const rounds: Round[] = []
  for (let index = 0; index < lab.repeats; index++) {
    const round: Round = { untouched: {}, read: {}, write: {} }
    for (const delayMs of delaysMs) {
      lab.progress(
        (index + delaysMs.indexOf(delayMs) / 4) / lab.repeats,
        text(`round trip +${delayMs} ms`, `왕복 +${delayMs} ms`),
      )
      link.latencyMs = delayMs
      await timed(lab, user, 'read') // Warms up the changed link.
      for (const kind of kindNames) {
        const times: number[] = []
        for (let request = 0; request < perTurn(lab); request++) times.push(await timed(lab, user, kind))
        if (kind === 'read') for (const time of times) reads[delayMs]?.record(time)
        round[kind][delayMs] = { median: median(times), low: quantile(times, 0.1) }
        lab.record({ step: 'delay', round: index, delayMs, kind, times })
      }
    }
    rounds.push(round)
  }
  return { rounds, reads: delaysMs.map((delayMs) => reads[delayMs]) as [Latencies, Latencies, Latencies, Latencies] }
}

function slopePicture(rounds: readonly Round[]) {
  const points = kindNames.flatMap((kind) =>
    delaysMs.map((delayMs) => {
      const values = rounds.map((round) => round[kind][delayMs]?.median ?? Number.NaN)
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
      'The steepness is the number of times that a request waits for the store.',
      '기울기가 곧 요청이 저장소를 기다리는 횟수입니다.',
    ),
    points,
    x: { title: text('added to each round trip, ms', '왕복마다 더한 지연, ms') },
    y: { title: text('median of a request, ms', '요청의 중앙값, ms') },
  })
}

function curvesPicture(memory: Latencies, reads: readonly Latencies[]) {
  const curve = (series: string | ReturnType<typeof text>, histogram: Latencies) =>
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
    y: { title: text('read, ms', '읽기, ms') },
  })
}
