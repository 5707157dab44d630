import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { type Experiment, type Lab, prove } from '../experiment.ts'
import { text } from '../language.ts'
import { bars } from '../pictures/bars.ts'
import { labCluster } from '../rig/cluster.ts'
import { commandCounts, connectRedis, type RedisView } from '../rig/redis.ts'
import { until } from '../rig/until.ts'
import { makeUsers } from '../rig/users.ts'
import { counted } from '../verdict.ts'

const increments = 50
const races = 10

/** X1: one session written by several nodes at the same time. */
export const lostUpdates: Experiment = {
  id: 'X1',
  title: text('Writes at the same time do not overwrite each other', '동시에 써도 서로 덮어쓰지 않는다'),
  says: text(
    'A shared session may be changed by several servers at once: no change is lost, and a logout stays.',
    '공유 세션은 여러 서버가 동시에 바꿀 수 있습니다. 어떤 변경도 사라지지 않고, 로그아웃은 유지됩니다.',
  ),
  steps: text(
    `Three nodes on one Redis. ${increments} parallel +1 on one session; ${races} times two different attributes at once; ${races} sessions logged out while a slow write of each is on its way.`,
    `Redis 하나를 쓰는 노드 셋. 한 세션에 동시에 +1 ${increments}번, 서로 다른 속성 둘을 동시에 쓰기 ${races}번, 세션 ${races}개를 느린 쓰기가 진행되는 동안 로그아웃.`,
  ),
  expected: text(
    `the counter reads ${increments}; both attributes are kept each time; every session stays logged out`,
    `카운터는 ${increments}, 두 속성은 매번 남고, 세션은 모두 로그아웃된 채로 있다`,
  ),
  async run(lab) {
    await using cluster = await labCluster(lab, { mode: 'clustered', nodes: 3 })
    const counter = await countUp(lab, cluster)
    const kept = await bothAttributes(lab, cluster)
    const logout = await logoutRaces(lab, cluster)
    return {
      headline: {
        value: `${counter.final} / ${increments}`,
        label: text('simultaneous increments over three nodes arrived', '개의 동시 증가가 세 노드에서 모두 반영됨'),
      },
      checks: [
        counted(text('the counter afterwards', '마지막 카운터'), counter.final, increments),
        counted(
          text('different answers given to the increments', '증가마다 받은 서로 다른 답'),
          counter.distinct,
          increments,
        ),
        counted(
          text('nodes that took increments', '증가를 처리한 노드'),
          counter.nodes,
          cluster.nodes.map(({ name }) => name).join(),
        ),
        counted(text('two attributes written at once: both kept', '두 속성을 동시에 쓰기: 둘 다 남음'), kept, races),
        counted(
          text(
            'logout during a slow write: nodes that still know the session',
            '느린 쓰기 중의 로그아웃: 세션을 아직 아는 노드',
          ),
          logout.alive,
          0,
        ),
        counted(
          text(
            'the late write was told that the session is gone (409)',
            '늦은 쓰기가 세션이 사라졌다는 답(409)을 받음',
          ),
          logout.gone,
          races,
        ),
      ],
      observations: [],
      pictures: [picture(counter.final, kept, races - logout.resurrected)],
    }
  },
}

function newUser(lab: Lab, cluster: Cluster, name: string): VirtualUser {
  const [user] = makeUsers(lab, 1, cluster.balancer.url, name)
  prove(user, 'there is a user')
  return user
}

async function countUp(lab: Lab, cluster: Cluster): Promise<{ final: number; distinct: number; nodes: string }> {
  const user = newUser(lab, cluster, 'counter')
  await user.save()
  const answers = await Promise.all(Array.from({ length: increments }, () => user.ask('/counter', { method: 'POST' })))
  for (const { status, body, node } of answers) lab.record({ step: 'increment', status, body, node })
  const { body } = await user.ask('/counter')
  const nodes = [...new Set(answers.map(({ node }) => node))].toSorted().join()
  return { final: Number(body), distinct: new Set(answers.map((answer) => answer.body)).size, nodes }
}

async function bothAttributes(lab: Lab, cluster: Cluster): Promise<number> {
  let kept = 0
  for (let race = 0; race < races; race++) {
    const user = newUser(lab, cluster, `attributes-${race}`)
    await user.save()
    // Different nodes: each has loaded the session before the other one writes.
    const writes = [
      user.ask('/slow-set?q=slow&ms=60', { method: 'POST', base: cluster.node('a').url }),
      user.ask('/cart/add?item=book', { method: 'POST', base: cluster.node('b').url }),
    ]
    const statuses = (await Promise.all(writes)).map((answer) => answer.status)
    const [q, cart] = [await user.ask('/get'), await user.ask('/cart')]
    lab.record({ step: 'attributes', race, statuses, q: q.body, cart: cart.body })
    if (q.body === 'slow' && JSON.stringify(JSON.parse(cart.body)) === '["book"]') kept++
  }
  return kept
}

/** Every slow write has loaded its session, as Redis' own count of scripts shows, when the logouts come. */
async function logoutRaces(lab: Lab, cluster: Cluster) {
  await using redis = await connectRedis(cluster)
  const users = Array.from({ length: races }, (_, race) => newUser(lab, cluster, `logout-${race}`))
  for (const user of users) await user.save()
  const thieves = users.map((user) => user.jar.clone().header ?? '')
  lab.progress(0.5, text('logout against a slow write', '느린 쓰기와 로그아웃'))
  const before = await scriptsRun(redis)
  const late = users.map((user) =>
    user.ask('/slow-set?q=late&ms=1500', { method: 'POST', base: cluster.node('a').url }),
  )
  for (const write of late) write.catch(() => {}) // Awaited below.
  const loaded = async () => (await scriptsRun(redis)) >= before + races
  await until(lab, 'every slow write has loaded its session', loaded)
  for (const user of users) {
    const { status } = await user.ask('/logout', { method: 'POST', base: cluster.node('b').url })
    prove(status === 200, `logging out answers 200, not ${status}`)
  }
  const outcome = { alive: 0, resurrected: 0, gone: 0 }
  for (const [race, cookie] of thieves.entries()) {
    const write = await late[race]
    if (write?.status === 409) outcome.gone++
    const observer = newUser(lab, cluster, 'observer')
    const answers = await Promise.all(
      cluster.nodes.map((node) => observer.ask('/get', { base: node.url, headers: { cookie } })),
    )
    const alive = answers.filter((answer) => answer.status === 200).length
    lab.record({ step: 'logout', race, late: write?.status, alive })
    outcome.alive += alive
    if (alive > 0) outcome.resurrected++
  }
  return outcome
}

async function scriptsRun({ client }: RedisView): Promise<number> {
  return (await commandCounts(client)).get('evalsha') ?? 0
}

function picture(final: number, kept: number, loggedOut: number) {
  return bars({
    id: 'races',
    title: text('What was left after the races', '경합 뒤에 남은 것'),
    caption: text('Measured against what would be there without any loss.', '아무것도 잃지 않았을 때와 비교합니다.'),
    bars: [
      [text('+1 in parallel', '동시에 +1'), final, increments] as const,
      [text('pairs of attributes kept', '함께 남은 속성 쌍'), kept, races] as const,
      [text('logouts that stayed', '유지된 로그아웃'), loggedOut, races] as const,
    ].flatMap(([group, measured, expected]) => [
      { group, series: text('measured', '측정'), value: measured },
      { group, series: text('without loss', '잃지 않을 때'), value: expected },
    ]),
    groupTitle: text('race', '경합'),
    valueTitle: text('how many', '개수'),
  })
}
