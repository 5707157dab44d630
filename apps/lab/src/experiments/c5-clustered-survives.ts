import type { Cluster } from '@session-cluster/cluster'
import { startRedis } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab } from '../experiment.ts'
import type { History } from '../history.ts'
import { text } from '../language.ts'
import { shareArea } from '../pictures/share-area.ts'
import { timeline } from '../pictures/timeline.ts'
import { crash, labCluster } from '../rig/cluster.ts'
import { errorWindow, type IncidentRow, type Stretch, stretchIn, visitsDuring } from '../rig/crowd.ts'
import { type NoSpringRow, springOf } from '../rig/spring.ts'
import {
  askEveryNode,
  ended,
  lostIn,
  makeUser,
  makeUsers,
  outcomeOf,
  saveInTurn,
  type UserRow,
  visited,
  visitsIn,
} from '../rig/users.ts'
import { type Check, counted } from '../verdict.ts'

const crowd = 90
const perSecond = 120

const steps = {
  crash: text('b killed', 'b 강제 종료'),
  arrival: text('d added', 'd 추가'),
  departure: text('a removed', 'a 제거'),
} as const
type StepName = keyof typeof steps

/** One value, saved by one program and read by the other. */
interface SharedRow {
  readonly step: 'shared'
  readonly savedBy: 'Node' | 'Spring'
  readonly readBy: 'Node' | 'Spring'
  readonly found: boolean
}

type C5Row = UserRow | IncidentRow | NoSpringRow | SharedRow

/** C5: the same crash with the sessions in Redis; then a node comes and another one goes. */
export const clusteredSurvives = experiment<C5Row>({
  id: 'C5',
  title: text(
    'With sessions in Redis, servers may die, come and go',
    '세션이 Redis에 있으면 서버가 죽고, 오고, 가도 된다',
  ),
  says: text(
    'With the session in a shared store it does not matter which server answers; servers may be added and removed freely, and no session disappears.',
    '요청이 어느 서버로 전달이 되든 세션 정보가 유지될 수 있습니다. 서버의 자유로운 추가 제거도 가능해 지고, 중간에 서버를 제거하더라도 세션이 사라지지 않습니다.',
  ),
  steps: text(
    `Three servers on one Redis, ${crowd} sessions, ${perSecond} reads a second all along. SIGKILL b; add d; remove a gracefully. After each step every user reads once and every server is asked for every session. Where Java is: a server of ours and the tutorial’s own Spring Boot program on one Redis; each reads what the other saved.`,
    `Redis 하나를 쓰는 서버 셋, 세션 ${crowd}개, 내내 초당 ${perSecond}번 읽기. b를 SIGKILL로 죽이고, d를 더하고, a를 정상 종료 절차로 뺍니다. 단계마다 모두 한 번씩 읽고, 모든 서버에 모든 세션을 묻습니다. Java가 있으면 이 프로젝트의 서버와 튜토리얼의 Spring Boot 프로그램이 Redis 하나를 함께 쓰며 서로 저장한 값을 읽습니다.`,
  ),
  expected: text(
    'nothing lost; the newcomer takes its full share at once; no read fails while servers come and go',
    '유실 0. 새 서버는 곧바로 제 몫을 맡고, 서버가 오가는 동안 실패하는 읽기가 없다',
  ),
  async run(lab) {
    await using cluster = await labCluster(lab, {
      mode: 'clustered',
      nodes: 3,
      nodeEnv: { DRAIN_MS: '600' },
    })
    const users = makeUsers(lab, crowd, cluster.balancer.url)
    await saveInTurn(lab, users)
    await stepOf(lab, cluster, users, 'crash', () => crash(cluster, 'b'))
    await stepOf(lab, cluster, users, 'arrival', () => cluster.addNode('d'))
    await stepOf(lab, cluster, users, 'departure', () => cluster.removeNode('a'))
    await sharedWithSpring(lab)
  },
  judge(history) {
    const crashed = stepIn(history, 'crash')
    const added = stepIn(history, 'arrival')
    const removed = stepIn(history, 'departure')
    const all = [crashed, added, removed]
    const lost = new Set(all.flatMap((each) => [...each.lost]))
    return {
      headline: {
        value: `${lost.size} / ${crowd}`,
        label: text(
          'sessions lost through a crash, an arrival and a departure',
          '서버가 죽고, 오고, 가는 동안 유실된 세션',
        ),
      },
      checks: [
        counted(
          text('sessions lost after the crash, the arrival, the departure', '종료, 추가, 제거 뒤에 유실된 세션'),
          all.map((each) => each.lost.size),
          [0, 0, 0],
        ),
        counted(
          text('after the crash, one read each: found on a, c', '종료 뒤 한 번씩 읽기: 찾음 a, c'),
          share(crashed, 'a', 'c'),
          [45, 45],
        ),
        counted(
          text('after the arrival: found on a, c, d', '추가 뒤: 찾음 a, c, d'),
          share(added, 'a', 'c', 'd'),
          [30, 30, 30],
        ),
        counted(text('after the departure: found on c, d', '제거 뒤: 찾음 c, d'), share(removed, 'c', 'd'), [45, 45]),
        counted(
          text('reads that missed meanwhile, in each step', '그동안 단계마다 세션을 찾지 못한 읽기'),
          all.map((each) => each.misses),
          [0, 0, 0],
        ),
        counted(
          text('reads that failed while d arrived and a departed', 'd가 오고 a가 가는 동안 실패한 읽기'),
          [added.errors, removed.errors],
          [0, 0],
        ),
        ...sharedChecks(history),
      ],
      observations: [
        ...history.of('no spring').map(({ why }) => ({
          what: text('Node and Spring on one Redis: not run', 'Node와 Spring이 함께 쓰는 Redis: 실행 못 함'),
          value: why,
        })),
        {
          what: text(
            'from the first failed read to the last while b died, ms',
            'b가 죽는 동안 첫 실패부터 마지막 실패까지, ms',
          ),
          value: Math.round(errorWindow(crashed.stretch)),
        },
        { what: text('failed reads while b died', 'b가 죽는 동안 실패한 읽기'), value: crashed.errors },
        {
          what: text('from asking for d until its first answer, ms', 'd를 더하라고 한 때부터 첫 답까지, ms'),
          value: firstAnswer(added, 'd'),
        },
      ],
      pictures: pictures(all, lost),
      figures: { failoverErrors: crashed.errors, failoverMs: errorWindow(crashed.stretch) },
    }
  },
})

interface Step {
  readonly name: StepName
  readonly stretch: Stretch
  readonly lost: ReadonlySet<string>
  /** Reads that found their session, by who answered them. */
  readonly byNode: Readonly<Record<string, number>>
  readonly errors: number
  readonly misses: number
}

/** Load with an incident in it; then, in quiet, one read of every user and a census. */
async function stepOf(
  lab: Lab<C5Row>,
  cluster: Cluster,
  users: readonly VirtualUser[],
  name: StepName,
  happen: () => Promise<unknown>,
): Promise<void> {
  lab.progress(0, steps[name])
  await visitsDuring(lab, users, perSecond, { during: name, happen })
  for (const user of users) await visited(lab, user, `after the ${name}`)
  await askEveryNode(lab, users, cluster, name)
}

function stepIn(history: History<C5Row>, name: StepName): Step {
  const stretch = stretchIn(history, name)
  const byNode: Record<string, number> = {}
  for (const { node = '?', outcome } of visitsIn(history, `after the ${name}`))
    if (outcome === 'found') byNode[node] = (byNode[node] ?? 0) + 1
  const lost = lostIn(history, name)
  return { name, stretch, lost, byNode, errors: ended(stretch.visits, 'error'), misses: ended(stretch.visits, 'miss') }
}

/** A server of ours and the tutorial's program on one Redis: each saves three values that the other reads. */
async function sharedWithSpring(lab: Lab<C5Row>): Promise<void> {
  await using redis = await startRedis()
  await using spring = await springOf(lab, { redisUrl: redis.url })
  if (!spring) return
  await using cluster = await labCluster(lab, {
    mode: 'clustered',
    nodes: 1,
    redis: { url: redis.url },
    nodeEnv: { SESSION_IDS: 'spring' },
  })
  const bases = { Node: cluster.node('a').url, Spring: spring.url }
  for (const [savedBy, readBy] of [
    ['Node', 'Spring'],
    ['Spring', 'Node'],
  ] as const) {
    const user = makeUser(lab, bases[savedBy], savedBy)
    for (let turn = 0; turn < sharedValues; turn++) {
      await user.ask(`/set?q=${user.token}-${turn}`)
      const { status, body } = await user.ask('/get', { base: bases[readBy] })
      lab.record({ step: 'shared', savedBy, readBy, found: status === 200 && body.trim() === `${user.token}-${turn}` })
    }
  }
}

const sharedValues = 3

/** What Node and Spring read of one another; nothing where Spring could not be run. */
function sharedChecks(history: History<C5Row>): Check[] {
  const rows = history.of('shared')
  if (rows.length === 0) return []
  const found = (reader: 'Node' | 'Spring') => rows.filter(({ readBy, found }) => readBy === reader && found).length
  return [
    counted(
      text(
        'values saved by Node that Spring Boot read, saved by Spring Boot that Node read',
        'Node가 저장해 Spring Boot가 읽은 값, Spring Boot가 저장해 Node가 읽은 값',
      ),
      [found('Spring'), found('Node')],
      [sharedValues, sharedValues],
    ),
  ]
}

const share = ({ byNode }: Step, ...nodes: readonly string[]) => nodes.map((node) => byNode[node] ?? 0)

function firstAnswer({ stretch }: Step, node: string): number {
  const first = stretch.visits.find((visit) => visit.node === node)
  return first ? Math.round((first.atMs ?? 0) - stretch.incident.atMs) : Number.NaN
}

/** A node that comes is marked when it is there; what goes is marked when it goes. */
function markedMs({ name, stretch: { incident } }: Step): number {
  return name === 'arrival' ? incident.effectiveMs : incident.atMs
}

/** The stretches one after another on one axis. */
function pictures(all: readonly Step[], lost: ReadonlySet<string>) {
  let offset = 0
  const joined = all.map((step) => {
    const visits = step.stretch.visits.map((visit) => ({ atMs: (visit.atMs ?? 0) + offset, visit }))
    const event = { name: steps[step.name], atMs: markedMs(step) + offset }
    offset += Math.ceil(step.stretch.incident.lengthMs / 100) * 100
    return { visits, event }
  })
  const visits = joined.flatMap((part) => part.visits)
  const events = joined.map((part) => part.event)
  return [
    timeline({
      id: 'timeline',
      title: text('Reads over time', '시간에 따른 읽기'),
      caption: text(
        'Is everybody found, whatever happens to the servers? A lost session would show as ✗, a read without an answer as !.',
        '서버에 무슨 일이 있어도 모두 찾을까요? 유실된 세션은 ✗, 답이 없는 읽기는 !로 나타납니다.',
      ),
      binMs: 200,
      lanes: [
        {
          name: 'clustered',
          moments: visits.map(({ atMs, visit }) => ({ atMs, outcome: outcomeOf(visit, lost) })),
          events,
        },
      ],
    }),
    shareArea({
      id: 'shares',
      title: text('Each server’s share of the answers', '서버마다 답한 몫'),
      caption: text(
        'Who takes over b’s part, how soon d gets one, and whether a leaves a gap.',
        'b의 몫을 누가 넘겨받고, d가 얼마나 빨리 제 몫을 맡고, a가 빈틈을 남기는지 봅니다.',
      ),
      binMs: 200,
      answers: visits.flatMap(({ atMs, visit }) => (visit.node === undefined ? [] : [{ atMs, node: visit.node }])),
      events,
    }),
  ]
}
