import { fileURLToPath } from 'node:url'
import type { Cluster } from '@session-cluster/cluster'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text } from '../language.ts'
import { timeline } from '../pictures/timeline.ts'
import { crash, labClusters } from '../rig/cluster.ts'
import { errorWindow, type IncidentRow, type Stretch, stretchIn, visitsDuring } from '../rig/crowd.ts'
import {
  askEveryNode,
  ended,
  homesIn,
  lostIn,
  makeUsers,
  outcomeOf,
  saveInTurn,
  type UserRow,
  visited,
  visitsIn,
} from '../rig/users.ts'
import { counted } from '../verdict.ts'

const crowd = 90
const perSecond = 120
const strictBalancer = fileURLToPath(new URL('../rig/strict-balancer.ts', import.meta.url))

/** C4: one of three sticky servers is killed while users are reading. */
export const crashLoses = experiment<UserRow | IncidentRow>({
  id: 'C4',
  title: text(
    'A crash takes its server’s sticky sessions with it',
    '서버가 죽으면 그 서버의 Sticky Session도 사라진다',
  ),
  says: text(
    'If server B goes down, all the sessions that it kept are gone, and its users suddenly lose their data.',
    '만약 B 서버가 다운되게 된다면, 해당 서버에서 관리하는 세션도 다 사라지고, 사용자는 갑자기 자기 데이터가 사라지게 될 수 있습니다.',
  ),
  steps: text(
    `Three sticky servers, ${crowd} sessions, thirty to a server. SIGKILL b while ${perSecond} reads a second arrive; then every user reads once more and every server is asked for every session. Once with users sent on to another server, once without.`,
    `sticky 서버 셋, 세션 ${crowd}개, 서버마다 30개. 초당 ${perSecond}번 읽는 동안 b를 SIGKILL로 죽입니다. 이어서 모두 한 번씩 읽고, 모든 서버에 모든 세션을 묻습니다. 사용자를 다른 서버로 보내는 경우와 보내지 않는 경우를 한 번씩.`,
  ),
  expected: text('lost: exactly b’s thirty, either way', '유실: 두 경우 모두 정확히 b의 30개'),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      redispatch: { mode: 'sticky', nodes: 3 },
      strict: { mode: 'sticky', nodes: 3, entryPoints: { balancer: strictBalancer } },
    })
    for (const policy of policies) await crashUnderLoad(lab, clusters[policy], policy)
  },
  judge(history) {
    const [redispatch, strict] = [crashedIn(history, 'redispatch'), crashedIn(history, 'strict')]
    return {
      headline: {
        value: `${redispatch.lostOfB} / ${crowd / 3}`,
        label: text(
          `of b’s sessions are lost, and ${redispatch.lostOfOthers} of the other servers’ ${(2 * crowd) / 3}`,
          `유실된 b의 세션. 다른 서버의 ${(2 * crowd) / 3}개 중에서는 ${redispatch.lostOfOthers}개`,
        ),
      },
      checks: [redispatch, strict].flatMap((each) => [
        counted(named(each, text('b’s sessions lost', 'b의 세션 유실')), each.lostOfB, crowd / 3),
        counted(named(each, text('others’ sessions lost', '다른 서버의 세션 유실')), each.lostOfOthers, 0),
        counted(
          named(each, text('afterwards, one read each: found, lost, error', '그 뒤 한 번씩 읽기: 찾음, 유실, 오류')),
          each.afterwards,
          each.policy === 'strict' ? [60, 0, 30] : [60, 30, 0],
        ),
      ]),
      observations: [redispatch, strict].flatMap(({ policy, errors, detectedMs, windowMs }) => [
        { what: text(`${policy}: failed reads while b died`, `${policy}: b가 죽는 동안 실패한 읽기`), value: errors },
        {
          what: text(`${policy}: until the balancer saw it, ms`, `${policy}: 로드 밸런서가 알기까지, ms`),
          value: Math.round(detectedMs),
        },
        {
          what: text(
            `${policy}: from the first failed read to the last, ms`,
            `${policy}: 첫 실패부터 마지막 실패까지, ms`,
          ),
          value: Math.round(windowMs),
        },
      ]),
      pictures: [picture([redispatch, strict])],
      figures: {
        failoverErrors: redispatch.errors,
        failoverMs: redispatch.windowMs,
        detectedMs: redispatch.detectedMs,
      },
    }
  },
})

const policies = ['redispatch', 'strict'] as const
type Policy = (typeof policies)[number]

interface Crashed {
  readonly policy: Policy
  readonly lost: ReadonlySet<string>
  readonly lostOfB: number
  readonly lostOfOthers: number
  readonly afterwards: readonly [found: number, lost: number, error: number]
  readonly errors: number
  readonly detectedMs: number
  readonly windowMs: number
  readonly stretch: Stretch
}

const named = ({ policy }: Crashed, { en, ko }: Text) => text(`${policy}: ${en}`, `${policy}: ${ko}`)

async function crashUnderLoad(lab: Lab<UserRow | IncidentRow>, cluster: Cluster, policy: Policy): Promise<void> {
  const users = makeUsers(lab, crowd, cluster.balancer.url, policy)
  const homes = await saveInTurn(lab, users)
  const onB = [...homes.values()].filter((home) => home === 'b').length
  prove(onB === crowd / 3, `a third of the sessions is on b, not ${onB}`)
  await visitsDuring(lab, users, perSecond, { during: policy, happen: () => crash(cluster, 'b') })
  await askEveryNode(lab, users, cluster, policy)
  for (const user of users) await visited(lab, user, `${policy}: afterwards`)
}

function crashedIn(history: History<UserRow | IncidentRow>, policy: Policy): Crashed {
  const homes = homesIn(history)
  const lost = lostIn(history, policy)
  const stretch = stretchIn(history, policy)
  const last = visitsIn(history, `${policy}: afterwards`).map((visit) => outcomeOf(visit, lost))
  const now = (outcome: (typeof last)[number]) => last.filter((each) => each === outcome).length
  return {
    policy,
    lost,
    lostOfB: [...lost].filter((name) => homes.get(name) === 'b').length,
    lostOfOthers: [...lost].filter((name) => homes.get(name) !== 'b').length,
    afterwards: [now('found'), now('lost'), now('error')],
    errors: ended(stretch.visits, 'error'),
    detectedMs: stretch.incident.effectiveMs - stretch.incident.atMs,
    windowMs: errorWindow(stretch),
    stretch,
  }
}

function picture(crashes: readonly Crashed[]) {
  const names = {
    redispatch: text('redispatch: b’s users are sent to another server', 'redispatch: b의 사용자를 다른 서버로 보냄'),
    strict: text('strict: b’s users wait for b', 'strict: b의 사용자는 b를 기다림'),
  }
  return timeline({
    id: 'timeline',
    title: text('Reads over time, as b is killed', 'b가 죽는 동안의 읽기'),
    caption: text(
      'A third of the sessions was in b’s memory only: what becomes of their users’ reads after the crash?',
      '세션의 1/3은 b의 메모리에만 있었습니다. 종료 뒤 그 사용자들의 읽기는 어떻게 될까요?',
    ),
    binMs: 100,
    lanes: crashes.map(({ policy, stretch, lost }) => ({
      name: names[policy],
      moments: stretch.visits.map((visit) => ({ atMs: visit.atMs ?? 0, outcome: outcomeOf(visit, lost) })),
      events: [{ atMs: stretch.incident.atMs, name: text('b killed', 'b 강제 종료') }],
    })),
  })
}
