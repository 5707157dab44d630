import type { Cluster, Node } from '@session-cluster/cluster'
import { ask, median } from '@session-cluster/visitor'
import { type Experiment, type Lab, prove } from '../experiment.ts'
import { type Text, text } from '../language.ts'
import { inTurns, judgedRounds } from '../load/rounds.ts'
import { bars } from '../pictures/bars.ts'
import { labClusters } from '../rig/cluster.ts'
import { halfCpu } from '../rig/half-cpu.ts'
import { type Check, counted, type Judging, ratio, withSpread } from '../verdict.ts'

const workMs = 10
const requests = 30
const nodes = ['a', 'b', 'c'] as const

/** C0: the same work on one node and on three, and on one node with half a CPU and with a whole one. */
export const scaleOut: Experiment = {
  id: 'C0',
  title: text(
    'More servers share the load; a bigger server does more',
    '서버를 늘리면 부하를 나누고, 서버를 키우면 더 많이 한다',
  ),
  says: text(
    'With several servers, requests can be spread over them to lower the load of each (scale-out); the other way is a bigger server (scale-up).',
    '여러 서버가 동작한다면, 각 서버들에게 요청을 분산하여 부하를 줄일 수 있습니다(Scale-Out). 반대로 서버 자원의 크기 자체를 높이는 방식을 Scale-Up이라고 부릅니다.',
  ),
  steps: text(
    `${requests} requests of ${workMs} ms CPU each through the balancer, to 1 node and to 3, in turns; then two nodes side by side, one of which may use half as much CPU as the other.`,
    `요청마다 CPU ${workMs} ms를 쓰는 요청 ${requests}개를 로드밸런서로 노드 1대와 3대에 번갈아 보냅니다. 이어서 노드 둘을 나란히 돌리되 하나는 다른 하나의 절반만 CPU를 쓰게 합니다.`,
  ),
  expected: text(
    'each of three nodes gets a third of the requests and of the CPU time; the whole CPU does clearly more than half of it',
    '세 노드가 요청과 CPU 시간을 1/3씩 맡고, CPU 전체를 쓰는 노드는 절반만 쓰는 노드보다 뚜렷이 더 많이 처리한다',
  ),
  limits: text(
    'The nodes share this machine’s cores: the load per node falls, but how much faster three machines would answer is not to be seen here.',
    '노드들이 한 기계의 코어를 나눠 씁니다. 노드당 부하가 줄어드는 것은 보이지만, 세 대의 기계가 얼마나 더 빨리 답할지는 여기서 볼 수 없습니다.',
  ),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      one: { mode: 'local', nodes: 1 },
      three: { mode: 'local', nodes: 3 },
    })
    const { rounds, checks } = await judgedRounds(
      lab,
      async (round) => {
        lab.progress(round / lab.repeats, text('scaling out, scaling up', '서버 늘리기, 서버 키우기'))
        const out = await inTurns(['one', 'three'], round, (name) => turn(lab, clusters[name]))
        return { ...out, up: await scaleUp(lab, clusters.three, round) }
      },
      (taken, confidence) => ratios(lab, taken, confidence),
    )
    return {
      headline: {
        value: `${Math.round(100 * median(rounds.map(busiest)))} %`,
        label: text(
          'of one server’s CPU time is left for the busiest of three',
          '세 대 중 가장 바쁜 서버에 남는 CPU 시간 (한 대일 때 = 100 %)',
        ),
      },
      checks: [
        counted(
          text('requests on one node, in every round', '노드 1대의 요청, 회차마다'),
          everyRound(rounds.map(({ one }) => one.requests.a ?? 0)),
          String(requests),
        ),
        counted(
          text('requests on each of three nodes, in every round', '노드 3대 각각의 요청, 회차마다'),
          everyRound(rounds.map(({ three }) => nodes.map((node) => three.requests[node] ?? 0).join(' / '))),
          nodes.map(() => requests / 3).join(' / '),
        ),
        ...checks,
      ],
      observations: [
        {
          what: text('requests answered with half a CPU', 'CPU 절반으로 답한 요청'),
          value: withSpread(rounds.map(({ up }) => up.half)),
        },
        {
          what: text('requests answered with a whole CPU', 'CPU 전체로 답한 요청'),
          value: withSpread(rounds.map(({ up }) => up.whole)),
        },
      ],
      pictures: [picture(rounds)],
    }
  },
}

interface Turn {
  readonly requests: Record<string, number>
  readonly cpuMs: Record<string, number>
}

interface Round {
  readonly one: Turn
  readonly three: Turn
  /** Requests answered by two nodes side by side, with half of the CPU and with all of it. */
  readonly up: { readonly half: number; readonly whole: number }
}

const busiest = ({ one, three }: Round) => Math.max(...Object.values(three.cpuMs)) / (one.cpuMs.a ?? Number.NaN)
/** What was the same in every round, or all that was seen. */
const everyRound = (seen: readonly (number | string)[]) => [...new Set(seen)].join('; ')

function ratios(lab: Lab, rounds: readonly Round[], confidence: Pick<Judging, 'confidence'>): Check[] {
  return [
    ratio(
      text('CPU time of the busiest of three, to that of one alone', '3대 중 가장 바쁜 노드의 CPU 시간 ÷ 1대일 때'),
      rounds.map(busiest),
      { atLeast: 0.28, atMost: 0.45 },
      { random: lab.random('cpu'), ...confidence },
    ),
    ratio(
      text('work done with a whole CPU, to that with half of it', 'CPU 전체로 한 일 ÷ 절반으로 한 일'),
      rounds.map(({ up }) => up.whole / up.half),
      { atLeast: 1.3 },
      { random: lab.random('gain'), ...confidence },
    ),
  ]
}

/** All the work once through the balancer, one request after another: what each node did and what it cost it. */
async function turn(lab: Lab, cluster: Cluster): Promise<Turn> {
  const round: Turn = { requests: {}, cpuMs: {} }
  for (let index = 0; index < requests; index++) {
    lab.signal.throwIfAborted()
    const { node, cpuMs } = await work(cluster.balancer.url)
    round.requests[node] = (round.requests[node] ?? 0) + 1
    round.cpuMs[node] = (round.cpuMs[node] ?? 0) + cpuMs
  }
  lab.record({ step: 'turn', nodes: cluster.nodes.length, ...round })
  return round
}

/**
 * What two nodes answer at the same time, one held to half of the other's CPU time. At the same time, so that whatever else
 * this machine does slows both. They change places from round to round.
 */
async function scaleUp(lab: Lab, cluster: Cluster, round: number): Promise<Round['up']> {
  const [small, big] = round % 2 ? [cluster.node('b'), cluster.node('a')] : [cluster.node('a'), cluster.node('b')]
  const end = performance.now() + lab.durationMs
  await using governor = halfCpu(small)
  const whole = answeredUntil(lab, big, end, (cpuMs) => governor.used('whole', cpuMs))
  const half = answeredUntil(lab, small, end, (cpuMs) => governor.used('half', cpuMs))
  half.catch(() => {}) // Awaited below.
  const up = { whole: await whole, half: 0 }
  await governor[Symbol.asyncDispose]() // A request that was stopped with its server ends too.
  up.half = await half
  lab.record({ step: 'scale up', round, ...up })
  return up
}

/** How many requests of `workMs` a node answers until then, one after another; each one's CPU time is told. */
async function answeredUntil(
  lab: Lab,
  node: Node,
  end: number,
  used: (cpuMs: number) => Promise<void>,
): Promise<number> {
  for (let answered = 0; ; answered++) {
    lab.signal.throwIfAborted()
    const { cpuMs } = await work(node.url)
    if (performance.now() >= end) return answered
    await used(cpuMs)
  }
}

async function work(base: string): Promise<{ node: string; cpuMs: number }> {
  const answer = await ask(new URL(`/work?ms=${workMs}`, base))
  prove(answer.status === 200, `GET /work answers 200, not ${answer.status} ${answer.body.slice(0, 100)}`)
  return JSON.parse(answer.body) as { node: string; cpuMs: number }
}

function picture(rounds: readonly Round[]) {
  const bar = (group: Text, times: readonly number[]) => ({
    group,
    series: 'CPU',
    value: Math.round(median(times)),
    label: withSpread(times.map(Math.round)),
  })
  return bars({
    id: 'cpu',
    title: text('CPU time that each node spent on the same work', '같은 일에 각 노드가 쓴 CPU 시간'),
    caption: text(
      'One node alone, then three with the same work between them. Medians, with the range over all rounds.',
      '한 대가 혼자 할 때와 세 대가 같은 일을 나눌 때. 중앙값과 모든 회차의 범위.',
    ),
    bars: [
      bar(
        text('alone: a', '혼자: a'),
        rounds.map(({ one }) => one.cpuMs.a ?? 0),
      ),
      ...nodes.map((node) =>
        bar(
          text(`of three: ${node}`, `셋 중: ${node}`),
          rounds.map(({ three }) => three.cpuMs[node] ?? 0),
        ),
      ),
    ],
    groupTitle: text('node', '노드'),
    valueTitle: text(`CPU time for ${requests} requests, ms`, `요청 ${requests}개의 CPU 시간, ms`),
  })
}
