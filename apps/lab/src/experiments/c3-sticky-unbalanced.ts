import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { jainIndex, maxOverMean, median, shares as sharesOf } from '@session-cluster/visitor'
import { type Experiment, type Lab, prove } from '../experiment.ts'
import { text } from '../language.ts'
import { latencies } from '../load/histogram.ts'
import { openLoop, poissonSchedule } from '../load/open-loop.ts'
import { inTurns, judgedRounds } from '../load/rounds.ts'
import { bars } from '../pictures/bars.ts'
import { sharesPicture } from '../pictures/shares.ts'
import { labClusters } from '../rig/cluster.ts'
import { makeUsers, saveInTurn, visited } from '../rig/users.ts'
import { counted, ratio, withSpread } from '../verdict.ts'

const reads = 90
const workMs = 10
/** How much work comes, in what one node can do: too much for one, and well within what three can. */
const overload = 1.3
const nodes = ['a', 'b', 'c'] as const

/** C3: nine users, three to a server, and then only the second server's three go on. */
export const stickyUnbalanced: Experiment = {
  id: 'C3',
  title: text('Sticky sessions can leave one server with all the work', 'Sticky Session은 일을 한 서버에 몰 수 있다'),
  says: text(
    'Nine users on three servers: when those on A and C leave and those on B stay busy, B works harder than the others, up to overload.',
    '9명의 사용자를 3대의 서버로 분산했을 때, A와 C의 사용자는 떠나고 B의 사용자만 활발하면 B 서버가 더 바쁘게 동작하게 되며, 이는 과부하로 이어질 수 있습니다.',
  ),
  steps: text(
    `Nine users save in turn, three to a node. Only b’s three go on: ${reads} reads; then requests of ${workMs} ms CPU each at ${overload} times the pace that one node can keep, sticky and clustered in turns.`,
    `사용자 9명이 차례로 저장해 노드마다 3명이 됩니다. b의 세 명만 남아 ${reads}번 읽고, 이어서 요청마다 CPU ${workMs} ms를 쓰는 요청을 한 노드가 감당하는 속도의 ${overload}배로 보냅니다. sticky와 clustered를 번갈아 잽니다.`,
  ),
  expected: text(
    'sticky 0/100/0, max/mean 3, Jain 0.33; clustered a third each, 1 and 1, and a shorter wait',
    'sticky 0/100/0, 최대/평균 3, Jain 0.33. clustered는 1/3씩, 1과 1, 그리고 더 짧은 대기',
  ),
  limits: text(
    'Three nodes on two cores: clustered has less CPU here than on three machines, so the true difference in waiting is larger.',
    '코어 둘에 노드 셋이라 clustered의 CPU가 기계 세 대보다 적습니다. 실제 대기 시간의 차이는 더 큽니다.',
  ),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      sticky: { mode: 'sticky', nodes: 3 },
      clustered: { mode: 'clustered', nodes: 3 },
    })
    const { sticky, clustered } = clusters
    const busy = { sticky: await usersOfB(lab, sticky), clustered: await usersOfB(lab, clustered) }
    const shares = { sticky: await readShares(lab, busy.sticky), clustered: await readShares(lab, busy.clustered) }
    const { rounds, checks } = await judgedRounds(
      lab,
      async (round) => {
        lab.progress(round / lab.repeats, text('CPU work, in turns', '번갈아 CPU 작업'))
        const perSecond = overload * (await paceOfOneNode(lab, busy.sticky))
        return inTurns(['sticky', 'clustered'], round, (name) =>
          waitingUnderWork(lab, busy[name], { name, round, perSecond }),
        )
      },
      (taken, confidence) => [
        ratio(
          text('p99 under CPU work, sticky over clustered', 'CPU 작업 중 p99, sticky ÷ clustered'),
          taken.map((waits) => waits.sticky / waits.clustered),
          { atLeast: 1.2 },
          { random: lab.random('p99'), ...confidence },
        ),
      ],
    )
    const p99 = { sticky: rounds.map((waits) => waits.sticky), clustered: rounds.map((waits) => waits.clustered) }
    const stickyCounts = nodes.map((node) => shares.sticky[node] ?? 0)
    const clusteredCounts = nodes.map((node) => shares.clustered[node] ?? 0)
    return {
      headline: {
        value: percents(stickyCounts),
        label: text(
          `of the reads on a, b, c with sticky; with clustered ${percents(clusteredCounts)}`,
          `sticky에서 a, b, c가 답한 읽기의 몫. clustered에서는 ${percents(clusteredCounts)}`,
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
        ...checks,
      ],
      observations: [
        {
          what: text('sticky: p99 under CPU work, ms', 'sticky: CPU 작업 중 p99, ms'),
          value: withSpread(p99.sticky.map(Math.round)),
        },
        {
          what: text('clustered: p99 under CPU work, ms', 'clustered: CPU 작업 중 p99, ms'),
          value: withSpread(p99.clustered.map(Math.round)),
        },
      ],
      pictures: [sharePicture(shares), waitPicture(p99)],
    }
  },
}

const percents = (counts: readonly number[]) =>
  `${sharesOf(counts)
    .map((share) => Math.round(100 * share))
    .join(' / ')} %`

type Counts = Record<string, number>

async function usersOfB(lab: Lab, cluster: Cluster): Promise<VirtualUser[]> {
  const users = makeUsers(lab, 9, cluster.balancer.url)
  const homes = await saveInTurn(lab, users)
  const those = users.filter((user) => homes.get(user.name) === 'b')
  prove(those.length === 3, `three of nine users are on b, not ${those.length}`)
  return those
}

/** Which node answered how many reads; one that found nothing is no part of anybody's share. */
async function readShares(lab: Lab, users: readonly VirtualUser[]): Promise<Counts> {
  const counts: Counts = {}
  for (let read = 0; read < reads; read++) {
    const { node = '?', outcome } = await visited(lab, users[read % users.length] as VirtualUser, 'share')
    if (outcome === 'found') counts[node] = (counts[node] ?? 0) + 1
  }
  return counts
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
  readonly name: string
  readonly round: number
  readonly perSecond: number
}

/** The p99 of one stretch in milliseconds, from when each request was due. The same schedule for both contenders of a round. */
async function waitingUnderWork(
  lab: Lab,
  users: readonly VirtualUser[],
  { name, round, perSecond }: Turn,
): Promise<number> {
  const random = lab.random(`arrivals:${round}`)
  const schedule = poissonSchedule({ perSecond, durationMs: lab.durationMs, random })
  const warmUp = schedule.length / 5
  const waits = latencies()
  const samples = await openLoop(
    schedule,
    (index) => (users[index % users.length] as VirtualUser).ask(`/work?ms=${workMs}`, { timeoutMs: 60_000 }),
    lab,
  )
  for (const { index, latencyMs, result } of samples) {
    prove(result.status === 200, `GET /work answers 200, not ${result.status}`)
    lab.record({ step: 'work', name, round, index, latencyMs, node: result.node })
    if (index >= warmUp) waits.record(latencyMs)
  }
  return waits.percentile(99)
}

function sharePicture(shares: { sticky: Counts; clustered: Counts }) {
  return sharesPicture({
    id: 'shares',
    title: text('Who answered, when only b’s three users go on', 'b의 세 사용자만 남았을 때 누가 답했나'),
    caption: text(
      'How much falls to b: with sticky, where its users are bound to it, and with clustered, where they are not.',
      'b에 얼마나 몰리나: 사용자가 b에 묶인 sticky와, 묶이지 않은 clustered.',
    ),
    splits: (['sticky', 'clustered'] as const).map((group) => ({
      group,
      counts: Object.fromEntries(nodes.map((node) => [node, shares[group][node] ?? 0])),
    })),
  })
}

function waitPicture(p99: { sticky: number[]; clustered: number[] }) {
  return bars({
    id: 'p99',
    title: text('The longest waits (p99) under the same CPU work', '같은 CPU 작업에서 가장 긴 대기 (p99)'),
    caption: text(
      'Median and range of the repeats; measured from when each request was due. Only the order counts, not the milliseconds.',
      '반복의 중앙값과 범위. 요청이 나가야 할 때부터 쟀습니다. 밀리초가 아니라 순서를 봅니다.',
    ),
    bars: (['sticky', 'clustered'] as const).map((group) => ({
      group,
      series: 'p99',
      value: Math.round(median(p99[group])),
      label: withSpread(p99[group].map(Math.round)),
    })),
    groupTitle: text('mode', '모드'),
    valueTitle: text('p99, ms', 'p99, ms'),
  })
}

const even = (index: number | undefined): string => index?.toFixed(2) ?? '–'
