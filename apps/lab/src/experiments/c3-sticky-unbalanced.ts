import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { jainIndex, maxOverMean, median, shares as sharesOf } from '@session-cluster/visitor'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { text } from '../language.ts'
import { latencies } from '../load/histogram.ts'
import { openLoop, poissonSchedule } from '../load/open-loop.ts'
import { byRound, inTurns, roundsRatio, takeRounds } from '../load/rounds.ts'
import { lines } from '../pictures/lines.ts'
import { sharesPicture } from '../pictures/shares.ts'
import { labClusters } from '../rig/cluster.ts'
import { makeUsers, saveInTurn, type UserRow, visited, visitsIn } from '../rig/users.ts'
import { type Check, counted, withSpread } from '../verdict.ts'

const reads = 90
const workMs = 10
/** How much work comes, in what one node can do: too much for one, and well within what three can. */
const overload = 1.3
const nodes = ['a', 'b', 'c'] as const

const modes = ['sticky', 'clustered'] as const
type Mode = (typeof modes)[number]

type C3Row =
  | UserRow
  | {
      readonly step: 'work'
      readonly mode: Mode
      readonly round: number
      readonly warmUp: boolean
      readonly dueMs: number
      readonly latencyMs: number
      readonly status: number
    }

/** C3: nine users, three to a server, and then only the second server's three go on. */
export const stickyUnbalanced = experiment<C3Row>({
  id: 'C3',
  title: text('Sticky sessions can leave one server with all the work', 'Sticky Session은 일을 한 서버에 몰 수 있다'),
  says: text(
    'Nine users on three servers: when those on A and C leave and those on B stay busy, B works harder than the others, up to overload.',
    '9명의 사용자를 3대의 서버로 분산했을 때, A와 C의 사용자는 떠나고 B의 사용자만 활발하면 B 서버가 더 바쁘게 동작하게 되며, 이는 과부하로 이어질 수 있습니다.',
  ),
  steps: text(
    `Nine users save in turn, three to a server. Only b’s three go on: ${reads} reads; then requests of ${workMs} ms CPU each at ${overload} times the pace that one server can keep, sticky and clustered in turns.`,
    `사용자 9명이 차례로 저장해 서버마다 3명이 됩니다. b의 세 명만 남아 ${reads}번 읽고, 이어서 요청마다 CPU ${workMs} ms를 쓰는 요청을 한 서버가 감당하는 속도의 ${overload}배로 보냅니다. sticky와 clustered를 번갈아 잽니다.`,
  ),
  expected: text(
    'sticky 0/100/0, max/mean 3, Jain 0.33; clustered a third each, 1 and 1, and a shorter wait',
    'sticky 0/100/0, 최대/평균 3, Jain 0.33. clustered는 1/3씩, 1과 1, 그리고 더 짧은 대기',
  ),
  limits: text(
    'Three servers on two cores: clustered has less CPU here than on three machines, so the true difference in waiting is larger.',
    '코어 둘에 서버 셋이라 clustered의 CPU가 기계 세 대보다 적습니다. 실제 대기 시간의 차이는 더 큽니다.',
  ),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      sticky: { mode: 'sticky', nodes: 3 },
      clustered: { mode: 'clustered', nodes: 3 },
    })
    const busy = {
      sticky: await usersOfB(lab, clusters.sticky, 'sticky'),
      clustered: await usersOfB(lab, clusters.clustered, 'clustered'),
    }
    for (const mode of modes)
      for (let read = 0; read < reads; read++)
        await visited(lab, busy[mode][read % busy[mode].length] as VirtualUser, mode)
    await takeRounds(
      lab,
      async (round) => {
        lab.progress(round / lab.repeats, text('CPU work, in turns', '번갈아 CPU 작업'))
        const perSecond = overload * (await paceOfOneNode(lab, busy.sticky))
        await inTurns(modes, round, (mode) => underWork(lab, busy[mode], { mode, round, perSecond }))
      },
      waiting,
    )
  },
  judge(history) {
    const [stickyCounts, clusteredCounts] = [sharesIn(history, 'sticky'), sharesIn(history, 'clustered')]
    return {
      headline: {
        value: percents(stickyCounts),
        label: text(
          `of the reads on a, b, c with sticky; with clustered ${percents(clusteredCounts)}`,
          `sticky에서 a, b, c가 답한 읽기의 비율. clustered에서는 ${percents(clusteredCounts)}`,
        ),
      },
      checks: [
        counted(text('sticky: reads found on a, b, c', 'sticky: a, b, c가 찾은 읽기'), stickyCounts, [0, reads, 0]),
        counted(text('sticky: max/mean', 'sticky: 최대/평균'), even(maxOverMean(stickyCounts)), '3.00'),
        counted(text('sticky: Jain’s index', 'sticky: Jain 지수'), even(jainIndex(stickyCounts)), '0.33'),
        counted(
          text('clustered: reads found on a, b, c', 'clustered: a, b, c가 찾은 읽기'),
          clusteredCounts,
          nodes.map(() => reads / 3),
        ),
        counted(text('clustered: max/mean', 'clustered: 최대/평균'), even(maxOverMean(clusteredCounts)), '1.00'),
        counted(text('clustered: Jain’s index', 'clustered: Jain 지수'), even(jainIndex(clusteredCounts)), '1.00'),
        ...waiting(history),
      ],
      observations: [
        {
          what: text('sticky: p99 under CPU work, ms', 'sticky: CPU 작업 중 p99, ms'),
          value: withSpread(p99sIn(history, 'sticky').map(Math.round)),
        },
        {
          what: text('clustered: p99 under CPU work, ms', 'clustered: CPU 작업 중 p99, ms'),
          value: withSpread(p99sIn(history, 'clustered').map(Math.round)),
        },
      ],
      pictures: [sharePicture({ sticky: stickyCounts, clustered: clusteredCounts }), waitPicture(history)],
    }
  },
})

const percents = (counts: readonly number[]) =>
  `${sharesOf(counts)
    .map((share) => Math.round(100 * share))
    .join(' / ')} %`

async function usersOfB(lab: Lab<C3Row>, cluster: Cluster, mode: Mode): Promise<VirtualUser[]> {
  const users = makeUsers(lab, 9, cluster.balancer.url, mode)
  const homes = await saveInTurn(lab, users)
  const those = users.filter((user) => homes.get(user.name) === 'b')
  prove(those.length === 3, `three of nine users are on b, not ${those.length}`)
  return those
}

/** How many reads a, b and c answered; one that found nothing is no part of anybody's share. */
function sharesIn(history: History<C3Row>, mode: Mode): number[] {
  const found = visitsIn(history, mode).filter(({ outcome }) => outcome === 'found')
  return nodes.map((name) => found.filter(({ node }) => node === name).length)
}

/** How many requests of `workMs` b can answer in a second, on this machine as busy as it is now: a burst, all to b. */
async function paceOfOneNode(lab: Lab, users: readonly VirtualUser[]): Promise<number> {
  lab.signal.throwIfAborted()
  const began = performance.now()
  const burst = Array.from({ length: 30 }, (_, index) => users[index % users.length] as VirtualUser)
  await Promise.all(burst.map((user) => user.ask(`/work?ms=${workMs}`, { timeoutMs: 60_000 })))
  return (burst.length * 1000) / (performance.now() - began)
}

interface Turn {
  readonly mode: Mode
  readonly round: number
  readonly perSecond: number
}

/** One stretch of work, each request measured from when it was due. The same schedule for both contenders of a round. */
async function underWork(
  lab: Lab<C3Row>,
  users: readonly VirtualUser[],
  { mode, round, perSecond }: Turn,
): Promise<void> {
  const random = lab.random(`arrivals:${round}`)
  const schedule = poissonSchedule({ perSecond, durationMs: lab.durationMs, random })
  const samples = await openLoop(
    schedule,
    (index) => (users[index % users.length] as VirtualUser).ask(`/work?ms=${workMs}`, { timeoutMs: 60_000 }),
    lab,
  )
  for (const { index, dueMs, latencyMs, result } of samples)
    lab.record({
      step: 'work',
      mode,
      round,
      warmUp: index < schedule.length / 5,
      dueMs,
      latencyMs,
      status: result.status,
    })
}

/** The p99 of each round in milliseconds; an answer that was no answer makes it infinite. */
function p99sIn(history: History<C3Row>, mode: Mode): number[] {
  const rows = history.of('work').filter((row) => row.mode === mode && !row.warmUp)
  return byRound(rows).map((own) =>
    latencies(own.map(({ status, latencyMs }) => (status === 200 ? latencyMs : 600_000))).percentile(99),
  )
}

function waiting(history: History<C3Row>): Check[] {
  const clustered = p99sIn(history, 'clustered')
  return [
    roundsRatio(
      history,
      text('p99 under CPU work, sticky over clustered', 'CPU 작업 중 p99, sticky ÷ clustered'),
      p99sIn(history, 'sticky').flatMap((p99, round) => (clustered[round] ? [p99 / clustered[round]] : [])),
      { atLeast: 1.2 },
    ),
  ]
}

function sharePicture(shares: Record<Mode, readonly number[]>) {
  return sharesPicture({
    id: 'shares',
    title: text('Who answered, when only b’s three users go on', 'b의 세 사용자만 남았을 때 누가 답했나'),
    caption: text(
      'How much falls to b: with sticky, where its users are bound to it, and with clustered, where they are not.',
      'b에 얼마나 몰리나: 사용자가 b에 묶인 sticky와, 묶이지 않은 clustered.',
    ),
    splits: modes.map((group) => ({
      group,
      counts: Object.fromEntries(nodes.map((node, index) => [node, shares[group][index] ?? 0])),
    })),
  })
}

/** The wait of each request over the time of the first round: a queue that grows, or none. */
function waitPicture(history: History<C3Row>) {
  const first = history.of('work').filter(({ round }) => round === 0)
  const bins = 10
  const binMs = Math.max(...first.map(({ dueMs }) => dueMs)) / bins
  return lines({
    id: 'waits',
    title: text('How long requests waited under the same CPU work', '같은 CPU 작업에서 요청이 기다린 시간'),
    caption: text(
      'Median of each tenth of the first round, from when a request was due. Does the wait grow?',
      '첫 회차를 열로 나눈 구간의 중앙값. 요청이 나가야 할 때부터 쟀습니다. 대기가 늘어날까요?',
    ),
    points: modes.flatMap((mode) =>
      Array.from({ length: bins }, (_, bin) => {
        const within = first.filter(
          (row) => row.mode === mode && Math.min(bins - 1, Math.floor(row.dueMs / binMs)) === bin,
        )
        return { series: mode, x: ((bin + 0.5) * binMs) / 1000, y: median(within.map(({ latencyMs }) => latencyMs)) }
      }).filter(({ y }) => Number.isFinite(y)),
    ),
    x: { title: text('seconds', '초') },
    y: { title: text('wait, ms', '대기, ms') },
  })
}

const even = (index: number | undefined): string => index?.toFixed(2) ?? '–'
