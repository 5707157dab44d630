import { createBalancer } from '@session-cluster/balancer'
import { shuffled } from '@session-cluster/visitor'
import { experiment, type Lab } from '../experiment.ts'
import { text } from '../language.ts'
import { timeline } from '../pictures/timeline.ts'
import { labCluster } from '../rig/cluster.ts'
import { errorWindow, type IncidentRow, stretchIn, visitsDuring } from '../rig/crowd.ts'
import { ended, homesIn, makeUsers, outcomeOf, saveInTurn, type UserRow, visited, visitsIn } from '../rig/users.ts'
import { counted, presence } from '../verdict.ts'

const crowd = 30
const perSecond = 60
const secret = 'both balancers of the lab have this one'

/** X12: one of two balancers is killed. `secrets` is for the test in which they do not agree. */
export const secondBalancer = (secrets: readonly [string, string] = [secret, secret]) =>
  experiment<UserRow | IncidentRow>({
    id: 'X12',
    title: text(
      'A second balancer with the same secret takes over, and nobody moves',
      '비밀 값이 같은 두 번째 로드 밸런서가 이어받고, 아무도 옮겨 가지 않는다',
    ),
    says: text(
      'Everybody comes in by the balancer: when it dies, everybody is cut off. A second one that knows nothing of the first must send each client where it was.',
      '모두가 로드 밸런서를 지나 들어오므로, 죽으면 모두 끊깁니다. 첫 번째에 대해 아무것도 모르는 두 번째가 사용자를 있던 곳으로 보내야 합니다.',
    ),
    steps: text(
      `Three sticky servers behind two balancers with one secret for the affinity cookie. ${crowd} users come by the first; SIGKILL it under ${perSecond} reads a second. A read that gets no answer counts as an error; then its user goes to the second, as a client with two addresses does.`,
      `서버 고정 쿠키의 비밀 값이 같은 로드 밸런서 둘 뒤의 sticky 서버 셋. 사용자 ${crowd}명이 첫 번째로 들어옵니다. 초당 ${perSecond}번 읽는 동안 첫 번째를 SIGKILL로 죽입니다. 답이 없는 읽기는 오류로 셉니다. 그 뒤 그 사용자는 주소가 둘인 클라이언트처럼 두 번째로 갑니다.`,
    ),
    expected: text(
      'each user meets errors until it goes to the other address, then finds its session on the same server as before',
      '사용자는 다른 주소로 가기 전까지 오류를 만나고, 그 뒤에는 전과 같은 서버에서 세션을 찾는다',
    ),
    limits: text(
      'The second balancer runs in the lab’s own process. How soon clients turn to it (DNS, a floating address, anycast) is not measured: here it is at their first error.',
      '두 번째 로드 밸런서는 실험실 프로세스 안에서 돕니다. 클라이언트가 얼마나 빨리 두 번째로 가는지(DNS, 가상 IP, 애니캐스트)는 재지 않습니다. 여기서는 첫 오류에서 바로 갑니다.',
    ),
    async run(lab) {
      await using cluster = await labCluster(lab, {
        mode: 'sticky',
        nodes: 3,
        balancerEnv: { AFFINITY_SECRET: secrets[0] },
      })
      const second = createBalancer({
        upstreams: cluster.nodes.map(({ name, url }) => ({ name, url })),
        affinity: { secret: secrets[1] },
        health: { path: '/readyz', intervalMs: 250 },
      })
      const url = await second.listen({ port: 0, host: '127.0.0.1' })
      try {
        await moved(lab, cluster, url)
      } finally {
        await second.close()
      }
    },
    judge(history) {
      const homes = homesIn(history)
      const stretch = stretchIn(history, 'killed')
      const last = visitsIn(history, 'by the second')
      const errors = ended(stretch.visits, 'error')
      const known = ended(last, 'found')
      const still = last.filter(({ user, node }) => node === homes.get(user)).length
      const window = errorWindow(stretch)
      return {
        headline: {
          value: `${still} / ${crowd}`,
          label: text(
            'users were sent to the same server by the second balancer',
            '두 번째 로드 밸런서가 같은 서버로 보낸 사용자',
          ),
        },
        checks: [
          counted(
            text('users whom the second balancer sent where they were', '두 번째가 있던 곳으로 보낸 사용자'),
            still,
            crowd,
          ),
          counted(text('users who found their session there', '거기서 세션을 찾은 사용자'), known, crowd),
          presence(
            text('reads that failed when the first was killed', '첫 번째가 죽을 때 실패한 읽기'),
            errors,
            'some',
            stretch.visits.length,
          ),
          counted(text('reads that missed a session', '세션을 찾지 못한 읽기'), ended(stretch.visits, 'miss'), 0),
        ],
        observations: [
          {
            what: text('from the first failed read to the last, ms', '첫 실패부터 마지막 실패까지, ms'),
            value: Math.round(window),
          },
        ],
        pictures: [
          timeline({
            id: 'timeline',
            title: text('Reads over time, as the first balancer is killed', '첫 번째 로드 밸런서가 죽는 동안의 읽기'),
            caption: text(
              'Each user fails once (!) and goes to the second balancer. Is anybody missed there?',
              '사용자마다 한 번 실패(!)하고 두 번째로 갑니다. 거기서 세션을 찾지 못하는 사람이 있을까요?',
            ),
            binMs: 100,
            lanes: [
              {
                name: 'sticky',
                moments: stretch.visits.map((visit) => ({ atMs: visit.atMs ?? 0, outcome: outcomeOf(visit) })),
                events: [{ atMs: stretch.incident.atMs, name: text('balancer killed', '로드 밸런서 강제 종료') }],
              },
            ],
          }),
        ],
        figures: { failoverErrors: errors, failoverMs: window },
      }
    },
  })

type Recorded = Lab<UserRow | IncidentRow>

async function moved(lab: Recorded, cluster: Awaited<ReturnType<typeof labCluster>>, second: string): Promise<void> {
  const users = makeUsers(lab, crowd, cluster.balancer.url)
  await saveInTurn(lab, users)
  for (const user of users) {
    const visit = user.visit.bind(user)
    // Who gets no answer goes to the other address, and stays there.
    user.visit = async () => {
      const seen = await visit()
      if (seen.outcome === 'error') user.base = second
      return seen
    }
  }
  await visitsDuring(lab, users, perSecond, { during: 'killed', happen: () => cluster.balancer.crash() })
  // In another order: thirty users in turn on three servers would meet theirs again without any affinity.
  for (const user of shuffled(users, lab.random('order'))) {
    user.base = second
    await visited(lab, user, 'by the second')
  }
}
