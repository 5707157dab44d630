import type { Cluster } from '@session-cluster/cluster'
import { ask, median } from '@session-cluster/visitor'
import { experiment, type Lab } from '../experiment.ts'
import type { History } from '../history.ts'
import { text } from '../language.ts'
import { openLoop, poissonSchedule } from '../load/open-loop.ts'
import { byRound, inTurns, roundsRatio, takeRounds } from '../load/rounds.ts'
import { lines } from '../pictures/lines.ts'
import { type CappedCpu, cappedCpu } from '../rig/capped-cpu.ts'
import { labCluster } from '../rig/cluster.ts'
import { type Check, counted, withSpread } from '../verdict.ts'

/** CPU time of one request, and how much of a core one server may use: so many requests a second and no more. */
const workMs = 5
const share = 0.1
const capacity = (1000 * share) / workMs
/** What comes: too much for one server, a little less than two can do. */
const perSecond = 1.8 * capacity

const contenders = {
  one: { servers: ['a'], share, name: text('1 server', '서버 1대') },
  two: { servers: ['a', 'b'], share, name: text('2 servers', '서버 2대') },
  three: { servers: ['a', 'b', 'c'], share, name: text('3 servers', '서버 3대') },
  bigger: { servers: ['a'], share: 3 * share, name: text('1 server, three times as big', '세 배 큰 서버 1대') },
} as const
type Contender = keyof typeof contenders
const names = Object.keys(contenders) as Contender[]

/** One request, seen from outside: when it was due, and when its answer was there. */
interface ServedRow {
  readonly step: 'served'
  readonly contender: Contender
  readonly round: number
  readonly dueMs: number
  readonly doneMs: number
  readonly status: number
  readonly server: string
}

/** C0: an offered rate that one capped server cannot serve; can three, or one that is three times as big? */
export const scaleOut = experiment<ServedRow>({
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
    `Every server is held to ${100 * share} % of a core, which is ${capacity} requests of ${workMs} ms CPU a second. ${perSecond} a second arrive at the balancer, whatever was answered so far: with 1, 2 and 3 such servers behind it, and with one that may use three times as much, in turns. Counted from outside: answers, waiting, and how many are still unanswered at the end.`,
    `서버마다 코어의 ${100 * share} %만 쓰게 합니다. CPU ${workMs} ms짜리 요청을 초당 ${capacity}개 처리하는 양입니다. 응답과 상관없이 로드 밸런서에 초당 ${perSecond}개가 도착합니다. 뒤에 이런 서버 1, 2, 3대가 있을 때와 세 배를 쓸 수 있는 서버 1대일 때를 번갈아 잽니다. 밖에서 응답 수, 대기 시간, 끝에 남은 요청을 셉니다.`,
  ),
  expected: text(
    `one server answers about ${capacity} a second and the queue grows; three, or one that is three times as big, answer all that come`,
    `서버 1대는 초당 ${capacity}개쯤 답하고 대기열이 늘어난다. 3대나 세 배 큰 1대는 오는 대로 모두 답한다`,
  ),
  limits: text(
    'The cap stands for a small machine: it is made by stopping the process (SIGSTOP) until its share of the time has paid for what it used. How many requests a server of yours serves, this does not say.',
    '이 제한은 작은 기계를 대신합니다. 쓴 시간만큼의 몫이 찰 때까지 프로세스를 멈춰(SIGSTOP) 만듭니다. 실제 서버가 초당 몇 개를 처리하는지는 말해 주지 않습니다.',
  ),
  async run(lab) {
    await using cluster = await labCluster(lab, { mode: 'local', nodes: 3 })
    await takeRounds(
      lab,
      async (round) => {
        lab.progress(round / lab.repeats, text('1, 2, 3 servers, a bigger one', '서버 1, 2, 3대와 더 큰 서버'))
        await inTurns(names, round, (name) => turn(lab, cluster, name, round))
      },
      ratios,
    )
  },
  judge(history) {
    const served = (name: Contender) => history.of('served').filter((row) => row.contender === name)
    const answered = (name: Contender) => median(turnsOf(history, name).map(perSecondOf(history)))
    const left = (name: Contender) => median(turnsOf(history, name).map(unansweredOf(history)))
    return {
      headline: {
        value: text(
          `${figure(answered('one'))} → ${figure(answered('three'))}`,
          `${figure(answered('one'))} → ${figure(answered('three'))}`,
        ),
        label: text(
          `requests answered a second, of ${perSecond} that come: one server → three; one that is three times as big: ${figure(answered('bigger'))}`,
          `초당 답한 요청(도착 ${perSecond}개): 서버 1대 → 3대. 세 배 큰 서버 1대는 ${figure(answered('bigger'))}`,
        ),
      },
      checks: [
        counted(
          text('requests that got no 200 in the end', '끝내 200을 받지 못한 요청'),
          history.of('served').filter(({ status }) => status !== 200).length,
          0,
        ),
        counted(
          text('servers that answered: one, two, three, bigger', '답한 서버: 1대, 2대, 3대, 큰 서버'),
          names.map((name) => new Set(served(name).map(({ server }) => server)).size),
          names.map((name) => contenders[name].servers.length),
        ),
        ...ratios(history),
      ],
      observations: names.flatMap((name) => [
        {
          what: text(`${contenders[name].name.en}: answered a second`, `${contenders[name].name.ko}: 초당 답한 요청`),
          value: withSpread(turnsOf(history, name).map(perSecondOf(history))),
        },
        {
          what: text(
            `${contenders[name].name.en}: unanswered at the end`,
            `${contenders[name].name.ko}: 끝에 남은 요청`,
          ),
          value: withSpread(turnsOf(history, name).map(unansweredOf(history))),
        },
      ]),
      pictures: [picture(history)],
      figures: {
        ...Object.fromEntries(names.map((name) => [`${name}PerSecond`, answered(name)])),
        ...Object.fromEntries(names.map((name) => [`${name}Waiting`, left(name)])),
        offeredPerSecond: perSecond,
      },
    }
  },
})

const figure = (value: number) => value.toFixed(1)

/** Lets the balancer know of these servers only, holds them to their share, and sends what comes in one stretch. */
async function turn(lab: Lab<ServedRow>, cluster: Cluster, name: Contender, round: number): Promise<void> {
  const { servers, share } = contenders[name]
  await only(cluster, servers)
  await using stack = new AsyncDisposableStack()
  const caps = new Map<string, CappedCpu>()
  for (const server of servers) caps.set(server, stack.use(cappedCpu(cluster.node(server), share)))
  const schedule = poissonSchedule({ perSecond, durationMs: lab.durationMs, random: lab.random(`arrivals:${round}`) })
  const samples = await openLoop(
    schedule,
    async () => {
      const answer = await ask(new URL(`/work?ms=${workMs}`, cluster.balancer.url), { timeoutMs: 120_000 })
      if (answer.status !== 200) return { status: answer.status, server: '?' }
      const { node, cpuMs } = JSON.parse(answer.body) as { node: string; cpuMs: number }
      caps.get(node)?.used(cpuMs)
      return { status: answer.status, server: node }
    },
    lab,
  )
  for (const { dueMs, doneMs, result } of samples)
    lab.record({ step: 'served', contender: name, round, dueMs, doneMs, ...result })
}

async function only(cluster: Cluster, servers: readonly string[]): Promise<void> {
  const known = new Set((await cluster.balancer.upstreams()).map(({ name }) => name))
  for (const { name, upstreamUrl } of cluster.nodes) {
    if (servers.includes(name) && !known.has(name)) await cluster.balancer.add({ name, url: upstreamUrl })
    if (!servers.includes(name) && known.has(name)) await cluster.balancer.remove(name)
  }
  await cluster.balancer.untilSeen(servers, 'up')
}

type Turn = readonly ServedRow[]

const turnsOf = (history: History<ServedRow>, name: Contender): readonly Turn[] =>
  byRound(history.of('served').filter((row) => row.contender === name))

/** Answers that were there while requests still came, in a second. */
const perSecondOf =
  ({ settings }: History) =>
  (turn: Turn) =>
    turn.filter(({ doneMs }) => doneMs <= settings.durationMs).length / (settings.durationMs / 1000)

const unansweredOf =
  ({ settings }: History) =>
  (turn: Turn) =>
    turn.filter(({ doneMs }) => doneMs > settings.durationMs).length

const waitOf = (turn: Turn) => median(turn.map(({ dueMs, doneMs }) => doneMs - dueMs))

function ratios(history: History<ServedRow>): Check[] {
  const against = (left: Contender, right: Contender, of: (turn: Turn) => number) => {
    const others = turnsOf(history, right)
    return turnsOf(history, left).flatMap((turn, index) => (others[index] ? [of(turn) / of(others[index])] : []))
  }
  const answered = perSecondOf(history)
  return [
    roundsRatio(
      history,
      text('answered a second, three servers over one', '초당 응답, 3대 ÷ 1대'),
      against('three', 'one', answered),
      { atLeast: 1.4 },
    ),
    roundsRatio(
      history,
      text('waiting (median), one server over three', '대기 시간(중앙값), 1대 ÷ 3대'),
      against('one', 'three', waitOf),
      { atLeast: 2 },
    ),
    roundsRatio(
      history,
      text('answered a second, a server three times as big over one', '초당 응답, 세 배 큰 서버 ÷ 1대'),
      against('bigger', 'one', answered),
      { atLeast: 1.4 },
    ),
  ]
}

/** How many requests were due and not answered, over the time of the first round. */
function picture(history: History<ServedRow>) {
  const { durationMs } = history.settings
  const moments = Array.from({ length: 21 }, (_, step) => (durationMs * step) / 20)
  return lines({
    id: 'queue',
    title: text('How many requests are waiting', '기다리는 요청 수'),
    caption: text(
      `The same ${perSecond} requests a second come each time; the first round. Does the queue grow or stay?`,
      `매번 똑같이 초당 ${perSecond}개가 도착합니다(첫 회차). 대기열이 늘어날까요, 그대로일까요?`,
    ),
    points: names.flatMap((name) => {
      const [first = []] = turnsOf(history, name)
      return moments.map((at) => ({
        series: contenders[name].name,
        x: at / 1000,
        y: first.filter(({ dueMs, doneMs }) => dueMs <= at && doneMs > at).length,
      }))
    }),
    x: { title: text('seconds', '초') },
    y: { title: text('requests due and not answered', '도착했으나 답하지 못한 요청') },
  })
}
