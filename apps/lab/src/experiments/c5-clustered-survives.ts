import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser, Visit } from '@session-cluster/visitor'
import type { Experiment, Lab } from '../experiment.ts'
import { type Text, text } from '../language.ts'
import { shareArea } from '../pictures/share-area.ts'
import { timeline } from '../pictures/timeline.ts'
import { crash, labCluster } from '../rig/cluster.ts'
import { type Stretch, visitsDuring } from '../rig/crowd.ts'
import { lostUsers, makeUsers, outcomeOf, saveInTurn, visited } from '../rig/users.ts'
import { counted } from '../verdict.ts'

const crowd = 90
const perSecond = 120
const arrival = text('d added', 'd 추가')

/** C5: the same crash with the sessions in Redis; then a node comes and another one goes. */
export const clusteredSurvives: Experiment = {
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
    `Three nodes on one Redis, ${crowd} sessions, ${perSecond} reads a second all along. SIGKILL b; add d; remove a gracefully. After each step every user reads once and every node is asked for every session.`,
    `Redis 하나를 쓰는 노드 셋, 세션 ${crowd}개, 내내 초당 ${perSecond}번 읽기. b를 SIGKILL로 죽이고, d를 더하고, a를 정상 종료 절차로 뺍니다. 단계마다 모두 한 번씩 읽고, 모든 노드에 모든 세션을 묻습니다.`,
  ),
  expected: text(
    'nothing lost; the newcomer takes its full share at once; no read fails while nodes come and go',
    '유실 0. 새 노드는 곧바로 제 몫을 맡고, 노드가 오가는 동안 실패하는 읽기가 없다',
  ),
  async run(lab) {
    await using cluster = await labCluster(lab, {
      mode: 'clustered',
      nodes: 3,
      nodeEnv: { DRAIN_MS: '600' },
    })
    const users = makeUsers(lab, crowd, cluster.balancer.url)
    await saveInTurn(lab, users)
    const crashed = await step(lab, cluster, users, text('b killed', 'b 강제 종료'), () => crash(cluster, 'b'))
    const added = await step(lab, cluster, users, arrival, () => cluster.addNode('d'))
    const removed = await step(lab, cluster, users, text('a removed', 'a 제거'), () => cluster.removeNode('a'))
    const steps = [crashed, added, removed]
    const lost = new Set(steps.flatMap((each) => [...each.lost]))
    return {
      headline: {
        value: `${lost.size} / ${crowd}`,
        label: text(
          'sessions lost through a crash, an arrival and a departure',
          '개 세션 유실: 서버가 죽고, 오고, 가는 동안',
        ),
      },
      checks: [
        counted(
          text('sessions lost after the crash, the arrival, the departure', '종료, 추가, 제거 뒤에 유실된 세션'),
          steps.map((each) => each.lost.size),
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
          text('reads that missed meanwhile, in each step', '그동안 단계마다 미스가 난 읽기'),
          steps.map((each) => each.misses),
          [0, 0, 0],
        ),
        counted(
          text('reads that failed while d arrived and a departed', 'd가 오고 a가 가는 동안 실패한 읽기'),
          [added.errors, removed.errors],
          [0, 0],
        ),
      ],
      observations: [
        { what: text('failed reads while b died', 'b가 죽는 동안 실패한 읽기'), value: crashed.errors },
        {
          what: text('from asking for d until its first answer, ms', 'd를 더하라고 한 때부터 첫 답까지, ms'),
          value: firstAnswer(added, 'd'),
        },
      ],
      pictures: pictures(steps, lost),
    }
  },
}

interface Step {
  readonly stretch: Stretch
  readonly lost: ReadonlySet<string>
  /** Reads that found their session, by who answered them. */
  readonly byNode: Readonly<Record<string, number>>
  readonly errors: number
  readonly misses: number
}

/** Load with an incident in it; then, in quiet, one read of every user and a census. */
async function step(
  lab: Lab,
  cluster: Cluster,
  users: readonly VirtualUser[],
  name: Text,
  happen: () => Promise<unknown>,
): Promise<Step> {
  lab.progress(0, name)
  const stretch = await visitsDuring(lab, users, perSecond, { name, happen })
  const byNode: Record<string, number> = {}
  for (const user of users) {
    const { node = '?', outcome } = await visited(lab, user, `after: ${name.en}`)
    if (outcome === 'found') byNode[node] = (byNode[node] ?? 0) + 1
  }
  const lost = await lostUsers(lab, users, cluster)
  const under = (outcome: Visit['outcome']) => stretch.visits.filter(({ visit }) => visit.outcome === outcome).length
  return { stretch, lost, byNode, errors: under('error'), misses: under('miss') }
}

const share = ({ byNode }: Step, ...nodes: readonly string[]) => nodes.map((node) => byNode[node] ?? 0)

function firstAnswer({ stretch }: Step, node: string): number {
  const first = stretch.visits.find(({ visit }) => visit.node === node)
  return first ? Math.round(first.atMs - stretch.incident.atMs) : Number.NaN
}

/** A node that comes is marked when it is there; what goes is marked when it goes. */
function markedMs({ incident }: Stretch): number {
  return incident.name.en === arrival.en ? incident.effectiveMs : incident.atMs
}

/** The stretches one after another on one axis. */
function pictures(steps: readonly Step[], lost: ReadonlySet<string>) {
  let offset = 0
  const joined = steps.map(({ stretch }) => {
    const visits = stretch.visits.map(({ atMs, visit }) => ({ atMs: atMs + offset, visit }))
    const event = { name: stretch.incident.name, atMs: markedMs(stretch) + offset }
    offset += Math.ceil(stretch.lengthMs / 100) * 100
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
      title: text('Each node’s share of the answers', '노드마다 답한 몫'),
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
