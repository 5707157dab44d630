import type { Cluster } from '@session-cluster/cluster'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { text } from '../language.ts'
import { lines } from '../pictures/lines.ts'
import { labClusters } from '../rig/cluster.ts'
import { fieldNodes, type Side, sides } from '../rig/control.ts'
import { commandCounts, connectRedis, type RedisView } from '../rig/redis.ts'
import { until } from '../rig/until.ts'
import { makeUser } from '../rig/users.ts'
import { counted, presence } from '../verdict.ts'

const increments = 50
const races = 10

/** One +1: when it was answered, with which number, by whom. */
interface IncrementRow {
  readonly step: 'increment'
  readonly side: Side
  readonly atMs: number
  readonly status: number
  readonly body: string
  readonly node: string
}

/** What the counter reads when all increments are answered. */
interface CounterRow {
  readonly step: 'counter'
  readonly side: Side
  readonly value: string
}

/** Two attributes were written at once; both are read afterwards. */
interface AttributesRow {
  readonly step: 'attributes'
  readonly side: Side
  readonly race: number
  readonly statuses: readonly number[]
  readonly q: string
  readonly cart: string
}

/** A logout while a slow write was on its way: what the write was told, and which nodes know the session afterwards. */
interface LogoutRow {
  readonly step: 'logout'
  readonly side: Side
  readonly race: number
  readonly late: number
  readonly knownBy: readonly string[]
}

type X1Row = IncrementRow | CounterRow | AttributesRow | LogoutRow

/** X1: one session written by several nodes at the same time; beside it, a library that reads, changes and writes back. */
export const lostUpdates = experiment<X1Row>({
  id: 'X1',
  title: text('Writes at the same time do not overwrite each other', '동시에 써도 서로 덮어쓰지 않는다'),
  says: text(
    'A shared session may be changed by several servers at once: no change is lost, and a logout stays.',
    '공유 세션은 여러 서버가 동시에 바꿀 수 있습니다. 어떤 변경도 사라지지 않고, 로그아웃은 유지됩니다.',
  ),
  steps: text(
    `Three servers on one Redis. ${increments} parallel +1 on one session; ${races} times two different attributes at once; ${races} sessions logged out while a slow write of each is on its way. As a control the same against Express with express-session and connect-redis, as their READMEs set them up: it must lose some, or the test races nothing.`,
    `Redis 하나를 쓰는 서버 셋. 한 세션에 동시에 +1 ${increments}번, 서로 다른 속성 둘을 동시에 쓰기 ${races}번, 세션 ${races}개를 느린 쓰기가 진행되는 동안 로그아웃. 대조군으로 README대로 설정한 Express + express-session + connect-redis에도 똑같이 합니다. 대조군이 하나도 잃지 않으면 경합이 없었던 것입니다.`,
  ),
  expected: text(
    `the counter reads ${increments}, both attributes are kept each time, every session stays logged out; the control loses some of each`,
    `카운터는 ${increments}, 두 속성은 매번 남고, 세션은 모두 로그아웃된 채로 있다. 대조군은 저마다 일부를 잃는다`,
  ),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      ours: { mode: 'clustered', nodes: 3 },
      control: { mode: 'clustered', nodes: 3, ...fieldNodes },
    })
    for (const side of sides) {
      await countUp(lab, clusters[side], side)
      await bothAttributes(lab, clusters[side], side)
      await logoutRaces(lab, clusters[side], side)
    }
  },
  judge(history) {
    const [ours, control] = [sideIn(history, 'ours'), sideIn(history, 'control')]
    return {
      headline: {
        value: `${ours.counter} / ${increments}`,
        label: text(
          `simultaneous increments over three servers arrived; with express-session and connect-redis ${control.counter}`,
          `세 서버에서 동시에 더한 것 중 반영된 수. express-session + connect-redis는 ${control.counter}`,
        ),
      },
      checks: [
        counted(text('the counter afterwards', '마지막 카운터'), ours.counter, increments),
        counted(
          text('different answers given to the increments', '증가마다 받은 서로 다른 답'),
          ours.distinct,
          increments,
        ),
        counted(text('servers that took increments', '증가를 처리한 서버'), ours.nodes, 'a,b,c'),
        counted(
          text('two attributes written at once: both kept', '두 속성을 동시에 쓰기: 둘 다 남음'),
          ours.kept,
          races,
        ),
        counted(
          text(
            'logout during a slow write: sessions that some server still knows',
            '느린 쓰기 중의 로그아웃: 어느 서버든 아직 아는 세션',
          ),
          ours.alive,
          0,
        ),
        counted(
          text(
            'the late write was told that the session is gone (409)',
            '늦은 쓰기가 세션이 사라졌다는 답(409)을 받음',
          ),
          ours.told,
          races,
        ),
        presence(
          text('control: increments lost', '대조군: 사라진 증가'),
          increments - control.counter,
          'some',
          increments,
        ),
        presence(
          text('control: pairs of attributes of which one was lost', '대조군: 하나가 사라진 속성 쌍'),
          races - control.kept,
          'some',
          races,
        ),
        presence(
          text('control: sessions back after their logout', '대조군: 로그아웃 뒤 되살아난 세션'),
          control.alive,
          'some',
          races,
        ),
      ],
      observations: [],
      pictures: [picture(history)],
    }
  },
})

function sideIn(history: History<X1Row>, side: Side) {
  const mine = <Of extends X1Row>(rows: readonly Of[]) => rows.filter((row) => row.side === side)
  const answers = mine(history.of('increment'))
  const logouts = mine(history.of('logout'))
  return {
    counter: Number(mine(history.of('counter'))[0]?.value),
    distinct: new Set(answers.map(({ body }) => body)).size,
    nodes: [...new Set(answers.map(({ node }) => node))].toSorted().join(),
    kept: mine(history.of('attributes')).filter(({ q, cart }) => q === 'slow' && isBook(cart)).length,
    alive: logouts.filter(({ knownBy }) => knownBy.length > 0).length,
    told: logouts.filter(({ late }) => late === 409).length,
  }
}

const isBook = (cart: string) => cart.replaceAll(/\s/g, '') === '["book"]'

async function countUp(lab: Lab<X1Row>, cluster: Cluster, side: Side): Promise<void> {
  const user = makeUser(lab, cluster.balancer.url, `counter-${side}`)
  await user.save()
  const began = performance.now()
  await Promise.all(
    Array.from({ length: increments }, async () => {
      const { status, body, node = '?' } = await user.ask('/counter', { method: 'POST' })
      lab.record({ step: 'increment', side, atMs: performance.now() - began, status, body: body.trim(), node })
    }),
  )
  lab.record({ step: 'counter', side, value: (await user.ask('/counter')).body.trim() })
}

async function bothAttributes(lab: Lab<X1Row>, cluster: Cluster, side: Side): Promise<void> {
  for (let race = 0; race < races; race++) {
    const user = makeUser(lab, cluster.balancer.url, `attributes-${side}-${race}`)
    await user.save()
    // Different nodes: each has loaded the session before the other one writes.
    const writes = [
      user.ask('/slow-set?q=slow&ms=60', { method: 'POST', base: cluster.node('a').url }),
      user.ask('/cart/add?item=book', { method: 'POST', base: cluster.node('b').url }),
    ]
    const statuses = (await Promise.all(writes)).map((answer) => answer.status)
    const [q, cart] = [await user.ask('/get'), await user.ask('/cart')]
    lab.record({ step: 'attributes', side, race, statuses, q: q.body.trim(), cart: cart.body.trim() })
  }
}

/** Every slow write has loaded its session, as Redis' own count of commands shows, when the logouts come. */
async function logoutRaces(lab: Lab<X1Row>, cluster: Cluster, side: Side): Promise<void> {
  await using redis = await connectRedis(cluster)
  const users = Array.from({ length: races }, (_, race) =>
    makeUser(lab, cluster.balancer.url, `logout-${side}-${race}`),
  )
  for (const user of users) await user.save()
  const thieves = users.map((user) => user.jar.clone().header ?? '')
  lab.progress(0.5, text('logout against a slow write', '느린 쓰기와 로그아웃'))
  const before = await loads(redis)
  const late = users.map((user) =>
    user.ask('/slow-set?q=late&ms=1500', { method: 'POST', base: cluster.node('a').url }),
  )
  for (const write of late) write.catch(() => {}) // Awaited below.
  await until(lab, 'every slow write has loaded its session', async () => (await loads(redis)) >= before + races)
  for (const user of users) {
    const { status } = await user.ask('/logout', { method: 'POST', base: cluster.node('b').url })
    prove(status === 200, `logging out answers 200, not ${status}`)
  }
  for (const [race, cookie] of thieves.entries()) {
    const write = await late[race]
    const observer = makeUser(lab, cluster.balancer.url, 'observer')
    const answers = await Promise.all(
      cluster.nodes.map(async (node) => ({
        name: node.name,
        ...(await observer.ask('/get', { base: node.url, headers: { cookie } })),
      })),
    )
    const knownBy = answers.filter(({ status }) => status === 200).map(({ name }) => name)
    lab.record({ step: 'logout', side, race, late: write?.status ?? 0, knownBy })
  }
}

/** How often sessions were loaded: by a script (ours) or by a GET (the control's). */
async function loads({ client }: RedisView): Promise<number> {
  const counts = await commandCounts(client)
  return (counts.get('evalsha') ?? 0) + (counts.get('get') ?? 0)
}

/** The number that each increment was answered with, over time: a straight climb to 50, or the same numbers again and again. */
function picture(history: History<X1Row>) {
  const names = { ours: text('this project', '이 프로젝트'), control: 'express-session + connect-redis' } as const
  return lines({
    id: 'increments',
    title: text(`What ${increments} increments at the same time were answered`, `동시에 +1 ${increments}번이 받은 답`),
    caption: text(
      'In the order of the answers. Each increment that is kept answers with one more than the one before it.',
      '답이 온 순서대로. 반영된 증가는 저마다 앞의 것보다 하나 큰 수로 답합니다.',
    ),
    points: sides.flatMap((side) =>
      history
        .of('increment')
        .filter((row) => row.side === side)
        .toSorted((left, right) => left.atMs - right.atMs)
        .map(({ body }, index) => ({ series: names[side], x: index + 1, y: Number(body) })),
    ),
    x: { title: text('answer, in order', '답의 순서') },
    y: { title: text('counter', '카운터') },
  })
}
