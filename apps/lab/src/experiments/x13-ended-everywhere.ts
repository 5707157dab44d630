import { type Cluster, type ClusterOptions, startRedis } from '@session-cluster/cluster'
import { ask } from '@session-cluster/visitor'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text } from '../language.ts'
import { allEnded } from '../load/all-ended.ts'
import { pause } from '../load/pause.ts'
import { bars } from '../pictures/bars.ts'
import { ChangesRelay } from '../rig/changes-relay.ts'
import { labCluster } from '../rig/cluster.ts'
import { fieldNodes } from '../rig/control.ts'
import { inspect } from '../rig/inspect.ts'
import { until } from '../rig/until.ts'
import { makeUser } from '../rig/users.ts'
import { counted, presence } from '../verdict.ts'

/** The lease, which is the bound: so long after the answer a server may serve the session where an end does not wait. */
const boundMs = 500
const lateMs = 300
/** So long after the answer everybody is asked, and so often. */
const watchMs = 900
const everyMs = 30

const sides = {
  strict: text('hybrid, strict', 'hybrid, strict'),
  bounded: text('hybrid, bounded', 'hybrid, bounded'),
  naive: text('naive cache', '단순 캐시'),
} as const
type Side = keyof typeof sides
const sideNames = Object.keys(sides) as Side[]

const faults = {
  late: text(`word comes ${lateMs} ms late`, `무효화가 ${lateMs} ms 늦음`),
  cut: text('the connection is cut', '연결이 끊김'),
  halfOpen: text('the connection is half open', '연결이 한쪽만 열림'),
  paused: text('a server is paused', '서버 하나가 멈춤'),
  pausedDeaf: text('paused, and half open', '멈추고, 한쪽만 열림'),
} as const
type Fault = keyof typeof faults
const faultNames = Object.keys(faults) as Fault[]

/** A logout at server a, and how long its answer took. */
interface LogoutRow {
  readonly step: 'logout'
  readonly side: Side
  readonly fault: Fault
  readonly status: number
  readonly ms: number
}

/** A read with the cookie of who logged out, at another server; when it was sent, from the answer on. */
interface ReadRow {
  readonly step: 'read'
  readonly side: Side
  readonly fault: Fault
  readonly node: string
  readonly sentMs: number
  readonly status: number
}

type X13Row = LogoutRow | ReadRow
type Recorded = Lab<X13Row>

/** X13: a session that was ended at one server is asked for at the others, while they are not told of it as they should be. */
export const endedEverywhere = experiment<X13Row>({
  id: 'X13',
  title: text(
    'A logout that was answered holds on every server, whatever they have in memory',
    '응답한 로그아웃은 메모리에 무엇이 있든 모든 서버에서 지켜진다',
  ),
  says: text(
    'A server that keeps sessions in memory has to be told that one has ended. Word may come late or never, and who was paused has not heard it.',
    '세션을 메모리에 두는 서버는 세션이 끝났다는 말을 들어야 합니다. 그 말은 늦거나 오지 않을 수 있고, 멈춰 있던 서버는 듣지 못합니다.',
  ),
  steps: text(
    `Three servers have a user’s session in memory. Then ${lateMs} ms late, cut, half open: the connection over which Redis tells of changes; or server b is paused (SIGSTOP, resumed 100 ms after the answer), or both at once: then it resumes and is told nothing. The user logs out at a; b and c are asked with the old cookie every ${everyMs} ms, until ${watchMs} ms after the answer. Hybrid as it comes (strict), with SESSION_CACHE_STRICT=false (bounded), and a naive cache: express-session and connect-redis with a map in memory and pub/sub. A lease is ${boundMs} ms.`,
    `서버 셋이 한 사용자의 세션을 메모리에 갖고 있습니다. Redis가 변경을 알리는 연결이 ${lateMs} ms 늦거나, 끊기거나, 한쪽만 열리거나, b 서버가 멈추거나(SIGSTOP, 응답 100 ms 뒤 재개), 둘 다입니다. 그러면 b는 깨어나도 아무 말을 듣지 못합니다. 사용자가 a에서 로그아웃하고, 응답 뒤 ${watchMs} ms까지 ${everyMs} ms마다 옛 쿠키로 b와 c에 묻습니다. 기본 hybrid(strict), SESSION_CACHE_STRICT=false(bounded), 단순 캐시(express-session과 connect-redis에 메모리 맵과 pub/sub)를 비교합니다. 임대 기간은 ${boundMs} ms입니다.`,
  ),
  expected: text(
    `strict: nobody serves the session once the logout is answered; bounded: for at most ${boundMs} ms more; the naive cache serves it for longer`,
    `strict: 로그아웃에 응답한 뒤에는 아무도 세션을 내주지 않는다. bounded: 길어야 ${boundMs} ms 더. 단순 캐시는 그보다 오래 내준다`,
  ),
  limits: text(
    'One Redis, one machine, one clock; many random schedules with several faults are in the near cache’s model test. How late a read is, is when it was sent: a server may have decided later.',
    'Redis 하나, 기계 하나, 시계 하나입니다. 여러 장애를 무작위로 섞는 일은 로컬 캐시의 모델 테스트가 합니다. 읽기의 시각은 보낸 때이며, 서버는 더 늦게 판단했을 수 있습니다.',
  ),
  async run(lab) {
    await allEnded(sideNames.map((side) => endings(lab, side)))
  },
  judge(history) {
    const served = (side: Side, afterMs: number) =>
      faultNames.map((fault) => readsAfter(history, side, afterMs, fault).filter(isServed).length)
    const naive = readsAfter(history, 'naive', 0)
    const strict = served('strict', 0).reduce((sum, count) => sum + count, 0)
    const names = (language: 'en' | 'ko') => faultNames.map((fault) => faults[fault][language]).join(' / ')
    const late = readsAfter(history, 'naive', boundMs)
    return {
      headline: {
        value: strict,
        label: text(
          `reads of an ended session were served, of ${readsAfter(history, 'strict', 0).length} (strict); by a naive cache ${naive.filter(isServed).length} of ${naive.length}`,
          `끝난 세션의 읽기 ${readsAfter(history, 'strict', 0).length}번 중 내준 것(strict). 단순 캐시는 ${naive.length}번 중 ${naive.filter(isServed).length}번`,
        ),
      },
      checks: [
        counted(
          text(
            `strict: reads served after the logout was answered: ${names('en')}`,
            `strict: 로그아웃에 응답한 뒤 내준 읽기: ${names('ko')}`,
          ),
          served('strict', 0),
          faultNames.map(() => 0),
        ),
        counted(
          text(
            `bounded: reads served more than ${boundMs} ms after the answer: ${names('en')}`,
            `bounded: 응답 ${boundMs} ms 뒤에도 내준 읽기: ${names('ko')}`,
          ),
          served('bounded', boundMs),
          faultNames.map(() => 0),
        ),
        presence(
          text('bounded: reads served after the answer at all', 'bounded: 응답 뒤 내준 읽기'),
          readsAfter(history, 'bounded', 0).filter(isServed).length,
          'some',
          readsAfter(history, 'bounded', 0).length,
        ),
        presence(
          text(
            `naive cache: reads served more than ${boundMs} ms after the answer`,
            `단순 캐시: 응답 ${boundMs} ms 뒤에도 내준 읽기`,
          ),
          late.filter(isServed).length,
          'some',
          late.length,
        ),
        counted(
          text('logouts that were answered with success', '성공으로 응답한 로그아웃'),
          history.of('logout').filter(({ status }) => status < 400).length,
          history.of('logout').length,
        ),
        counted(
          text('reads that neither found nor missed the session', '세션을 찾지도 못 찾지도 않은 읽기'),
          history.of('read').filter(({ status }) => status !== 200 && status !== 404).length,
          0,
        ),
      ],
      observations: sideNames.map((side) => ({
        what: text(
          `${sides[side].en}: the logout’s answer took, ms: ${names('en')}`,
          `${sides[side].ko}: 로그아웃 응답까지 걸린 시간, ms: ${names('ko')}`,
        ),
        value: faultNames
          .map((fault) => history.of('logout').filter((row) => row.side === side && row.fault === fault))
          .map((rows) => Math.round(Math.max(...rows.map(({ ms }) => ms))))
          .join(' / '),
      })),
      pictures: [picture(history)],
    }
  },
})

const isPause = (fault: Fault): boolean => fault === 'paused' || fault === 'pausedDeaf'

const isServed = ({ status }: ReadRow) => status === 200

const readsAfter = (history: History<X13Row>, side: Side, afterMs: number, fault?: Fault) =>
  history
    .of('read')
    .filter((row) => row.side === side && row.sentMs > afterMs && (fault === undefined || row.fault === fault))

/** Every fault in turn, on servers of one side. */
async function endings(lab: Recorded, side: Side): Promise<void> {
  await using redis = await startRedis()
  await using relay = await ChangesRelay.to(redis.url)
  const own: Record<Side, Partial<ClusterOptions>> = {
    strict: {},
    bounded: { nodeEnv: { SESSION_CACHE_STRICT: 'false' } },
    naive: { ...fieldNodes, nodeEnv: { NAIVE_CACHE: '1' } },
  }
  await using cluster = await labCluster(lab, {
    mode: 'hybrid',
    nodes: 3,
    redis: { url: relay.url },
    env: { SESSION_CACHE_LEASE_MS: String(boundMs) },
    ...own[side],
  })
  const rounds = lab.size({ quick: 1, full: 5 })
  for (let round = 0; round < rounds; round++)
    for (const [at, fault] of faultNames.entries()) {
      lab.progress((round + at / faultNames.length) / rounds, faults[fault])
      await ending(lab, { side, fault, round }, cluster, relay)
    }
}

interface Case {
  readonly side: Side
  readonly fault: Fault
  readonly round: number
}

async function ending(lab: Recorded, { side, fault, round }: Case, cluster: Cluster, relay: ChangesRelay) {
  const user = makeUser(lab, cluster.node('a').url, `${side} ${fault} ${round}`)
  await user.save()
  const cookie = user.jar.header ?? ''
  for (const { name } of cluster.nodes) await inMemory(lab, cluster, side, name, cookie)
  if (fault === 'late') relay.delayMs = lateMs
  if (fault === 'cut') relay.cut()
  if (fault === 'halfOpen' || fault === 'pausedDeaf') relay.isSilent = true
  if (isPause(fault)) await cluster.node('b').freeze()
  try {
    await watched(lab, { side, fault }, cluster, { cookie, end: () => user.ask('/logout', { method: 'POST' }) })
  } finally {
    relay.heal()
    if (cluster.node('b').state === 'frozen') await cluster.node('b').thaw()
  }
}

/** Ends the session at a, and asks b and c for it all the while. */
async function watched(
  lab: Recorded,
  about: Pick<Case, 'side' | 'fault'>,
  cluster: Cluster,
  { cookie, end }: { readonly cookie: string; end(): Promise<{ readonly status: number }> },
): Promise<void> {
  const reads: Promise<{ node: string; sentAt: number; status: number }>[] = []
  const sentAt = performance.now()
  let answeredAt = Number.POSITIVE_INFINITY
  const answer = end().then(({ status }) => {
    answeredAt = performance.now()
    return status
  })
  answer.catch(() => {}) // Thrown below.
  let resumed: Promise<void> | undefined
  while (performance.now() < answeredAt + watchMs) {
    for (const node of ['b', 'c']) reads.push(asked(cluster, node, cookie))
    if (isPause(about.fault) && performance.now() > answeredAt + 100) resumed ??= cluster.node('b').thaw()
    // An answer that never comes is no reason to go on for ever.
    prove(performance.now() < sentAt + 20_000, 'the logout was answered within 20 s')
    await pause(everyMs, lab.signal)
  }
  lab.record({ step: 'logout', ...about, status: await answer, ms: answeredAt - sentAt })
  await resumed
  for (const { node, sentAt: at, status } of await Promise.all(reads))
    lab.record({ step: 'read', ...about, node, sentMs: Math.round((at - answeredAt) * 10) / 10, status })
}

async function asked(cluster: Cluster, node: string, cookie: string) {
  const sentAt = performance.now()
  const { status } = await ask(new URL('/get', cluster.node(node).url), { headers: { cookie } }).catch(() => ({
    status: 0,
  }))
  return { node, sentAt, status }
}

/** Has a server read the session until it answers from its memory. */
async function inMemory(lab: Lab, cluster: Cluster, side: Side, node: string, cookie: string): Promise<void> {
  const commands = async () => {
    // The control says nothing of itself; it has no other way than to keep what it has read once.
    if (side === 'naive') return 0
    return (await inspect(cluster.node(node))).store.commands
  }
  prove((await asked(cluster, node, cookie)).status === 200, `${node} knows the session`)
  await until(lab, `${node} has the session in memory`, async () => {
    const before = await commands()
    return (await asked(cluster, node, cookie)).status === 200 && (await commands()) === before
  })
}

function picture(history: History<X13Row>) {
  const last = (side: Side, fault: Fault) =>
    Math.max(
      0,
      ...readsAfter(history, side, 0, fault)
        .filter(isServed)
        .map(({ sentMs }) => Math.round(sentMs)),
    )
  return bars({
    id: 'served',
    title: text(
      'The last read of an ended session that was served, ms after the logout’s answer',
      '끝난 세션을 마지막으로 내준 읽기, 로그아웃 응답 뒤 ms',
    ),
    caption: text(
      `0: none was. Strict has to have none, bounded none beyond ${boundMs} ms; nobody was asked after ${watchMs} ms.`,
      `0: 하나도 없음. strict는 없어야 하고, bounded는 ${boundMs} ms를 넘지 않아야 합니다. ${watchMs} ms 뒤로는 묻지 않았습니다.`,
    ),
    bars: faultNames.flatMap((fault) =>
      sideNames.map((side): { group: Text; series: Text; value: number } => ({
        group: faults[fault],
        series: sides[side],
        value: last(side, fault),
      })),
    ),
    groupTitle: text('fault', '장애'),
    valueTitle: text('ms', 'ms'),
    colors: ['var(--found)', 'var(--miss)', 'var(--lost)'],
  })
}
