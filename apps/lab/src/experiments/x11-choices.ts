import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Cluster, ClusterOptions } from '@session-cluster/cluster'
import { modeOf } from '@session-cluster/contract'
import type { VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text } from '../language.ts'
import { type Latencies, latencies, percentilesFor } from '../load/histogram.ts'
import { openLoop, poissonSchedule } from '../load/open-loop.ts'
import { inTurns } from '../load/rounds.ts'
import { lines, percentileAxis } from '../pictures/lines.ts'
import { matrix } from '../pictures/matrix.ts'
import { crash, labClusters } from '../rig/cluster.ts'
import { findHaproxy, startHaproxy } from '../rig/haproxy.ts'
import { until } from '../rig/until.ts'
import {
  askEveryNode,
  homesIn,
  lostIn,
  makeUser,
  makeUsers,
  outcomeOf,
  saveInTurn,
  type UserRow,
  visited,
  visitsIn,
} from '../rig/users.ts'
import { type Check, counted, presence } from '../verdict.ts'

const crowd = 30
/** Enough, in the rounds of a quick run, for a p99. */
const perSecond = 120
const increments = 10
/** More than a browser keeps in one cookie. */
const bigValue = 5000

const cookieNode = fileURLToPath(new URL('../rig/cookie-node.ts', import.meta.url))

const names = {
  sticky: text('sticky', 'sticky'),
  haproxy: text('sticky behind HAProxy', 'sticky, HAProxy 뒤'),
  clustered: text('clustered', 'clustered'),
  hybrid: text('hybrid', 'hybrid'),
  cookie: text('session in the cookie', '쿠키에 담은 세션'),
} as const satisfies Record<string, Text>
type Choice = keyof typeof names

/** Which of them were there to be measured. */
interface ChoicesRow {
  readonly step: 'choices'
  readonly choices: readonly Choice[]
}

/** One read under load, from when it was due. */
interface ReadRow {
  readonly step: 'read'
  readonly choice: Choice
  readonly round: number
  readonly waitMs: number
  readonly found: boolean
}

/** What one choice did with a question that has one answer. */
interface AskedRow {
  readonly step: 'asked'
  readonly choice: Choice
  /** The counter after parallel increments. */
  readonly counter: number
  /** Whether a cookie that was copied before the logout is served after it. */
  readonly servedAfterLogout: boolean
  /** The answer to saving a value that no cookie holds. */
  readonly bigStatus: number
  /** The `Cookie` header of a request, in bytes. */
  readonly cookieBytes: number
}

type X11Row = UserRow | ChoicesRow | ReadRow | AskedRow

/** X11: the choices beside one another: what a crash takes, what a logout ends, what writes at the same time lose, what fits in. */
export const choices = experiment<X11Row>({
  id: 'X11',
  title: text(
    'A session in the cookie survives every server, and cannot be taken back',
    '쿠키에 담은 세션은 어떤 서버가 죽어도 남지만, 거둬들일 수 없다',
  ),
  says: text(
    'Besides sticky and clustered, a session can live in the client’s cookie, encrypted and signed: no server keeps anything, and no server can end it.',
    'sticky와 clustered 말고도, 암호화하고 서명해 클라이언트의 쿠키에 세션을 담을 수 있습니다. 서버는 아무것도 갖지 않고, 끝낼 수도 없습니다.',
  ),
  steps: text(
    `Three servers for each choice; sticky once more behind HAProxy in the place of our balancer, where there is one. ${perSecond} reads a second, in turns; ${increments} parallel +1 on one session; a logout, and then a cookie that was copied before it; a value of ${bigValue / 1000} kB. Last, ${crowd} users save, SIGKILL b, and everyone reads.`,
    `방식마다 서버 셋. sticky는 HAProxy가 있으면 로드 밸런서 자리에 HAProxy를 두고 한 번 더 합니다. 번갈아 초당 ${perSecond}번 읽기, 한 세션에 동시에 +1 ${increments}번, 로그아웃한 뒤 그 전에 복사해 둔 쿠키, ${bigValue / 1000} kB 값. 끝으로 사용자 ${crowd}명이 저장하고, b를 SIGKILL로 죽이고, 모두 읽습니다.`,
  ),
  expected: text(
    'a crash loses a third with sticky, behind either balancer, and nothing otherwise; the cookie alone outlives its logout, loses parallel writes and refuses the large value',
    '서버가 죽으면 sticky는(로드 밸런서가 무엇이든) 1/3을 잃고 나머지는 잃지 않는다. 쿠키만 로그아웃 뒤에도 통하고, 동시에 쓴 것을 잃고, 큰 값을 거절한다',
  ),
  limits: text(
    'Milliseconds are those of this machine, and of one that its servers share; they decide nothing. Percentiles go as far as the number of reads bears: ten of them have to lie beyond.',
    '밀리초는 서버들이 함께 쓰는 이 기계의 것이며 판정에 쓰지 않습니다. 백분위는 그 너머에 읽기가 10번 이상 있을 때까지만 보입니다.',
  ),
  async run(lab) {
    const wanted: Partial<Record<Choice, ClusterOptions>> = {
      sticky: { mode: 'sticky', nodes: 3 },
      haproxy: { mode: 'sticky', nodes: 3 },
      clustered: { mode: 'clustered', nodes: 3 },
      ...(modeOf('hybrid') !== undefined && { hybrid: { mode: 'hybrid', nodes: 3 } }),
      cookie: {
        mode: 'local',
        nodes: 3,
        entryPoints: { node: cookieNode },
        nodeEnv: { COOKIE_KEY: randomBytes(32).toString('hex') },
      },
    }
    const command = await findHaproxy()
    if (!command) delete wanted.haproxy
    await using clusters = await labClusters(lab, wanted as Record<Choice, ClusterOptions>)
    await using haproxy = command ? await startHaproxy(lab, command, clusters.haproxy) : undefined
    const targets = Object.fromEntries(
      (Object.keys(wanted) as Choice[]).map((choice) => {
        const cluster = clusters[choice]
        return [choice, { cluster, url: choice === 'haproxy' && haproxy ? haproxy.url : cluster.balancer.url }]
      }),
    ) as Record<Choice, Target>
    const there = Object.keys(targets) as Choice[]
    lab.record({ step: 'choices', choices: there })
    const readers = Object.fromEntries(
      there.map((choice) => [choice, makeUsers(lab, crowd, targets[choice].url, `reader-${choice}-`)]),
    ) as Record<Choice, VirtualUser[]>
    for (const choice of there) for (const user of readers[choice]) await user.save()
    for (let round = 0; round < lab.repeats; round++) {
      lab.progress(round / lab.repeats, text('reads, in turns', '번갈아 읽기'))
      await inTurns(there, round, (choice) => readUnderLoad(lab, choice, readers[choice], round))
    }
    for (const choice of there) await ask(lab, choice, targets[choice])
    for (const choice of there) await crashed(lab, choice, targets[choice])
  },
  judge(history) {
    const there = history.of('choices')[0]?.choices ?? []
    const asked = (choice: Choice) => askedIn(history, choice)
    const lost = (choice: Choice) => lostIn(history, choice).size
    const waits = there.map((choice) => [choice, waitsIn(history, choice)] as const)
    return {
      headline: {
        value: there.map(lost).join(' · '),
        label: text(
          `of ${crowd} sessions lost in a crash: ${there.map((choice) => names[choice].en).join(', ')}`,
          `서버 하나가 죽을 때 유실된 세션(${crowd}개 중): ${there.map((choice) => names[choice].ko).join(', ')}`,
        ),
      },
      checks: there.flatMap((choice) => checksOf(history, choice, asked(choice))),
      observations: waits.flatMap(([choice, all]) => {
        const percents = percentilesFor(all.count)
        const named = percents.map((percent) => `p${percent}`).join(' · ')
        return [
          {
            what: text(
              `${names[choice].en}: ${named} of ${all.count} reads, ms`,
              `${names[choice].ko}: 읽기 ${all.count}번의 ${named}, ms`,
            ),
            value: percents.map((percent) => all.percentile(percent).toFixed(1)).join(' · '),
          },
          {
            what: text(
              `${names[choice].en}: bytes of cookies in each request`,
              `${names[choice].ko}: 요청마다 보내는 쿠키 바이트`,
            ),
            value: asked(choice)?.cookieBytes ?? Number.NaN,
          },
        ]
      }),
      pictures: [fatesPicture(history, there), waitsPicture(waits)],
      figures: Object.fromEntries(
        waits.flatMap(([choice, all]) => [
          ...percentilesFor(all.count).map((percent) => [`${choice}P${percent}`, all.percentile(percent)]),
          [`${choice}Samples`, all.count],
          [`${choice}Lost`, lost(choice)],
          [`${choice}CookieBytes`, asked(choice)?.cookieBytes ?? Number.NaN],
        ]),
      ),
    }
  },
})

const askedIn = (history: History<X11Row>, choice: Choice): AskedRow | undefined =>
  history.of('asked').find((row) => row.choice === choice)

/** How long the reads of a choice took under load. */
function waitsIn(history: History<X11Row>, choice: Choice): Latencies {
  const reads = history.of('read').filter((row) => row.choice === choice)
  return latencies(reads.map(({ waitMs }) => waitMs))
}

/** Whether the sessions of a choice are in its servers' memory, and in nothing else. */
const inMemory = (choice: Choice) => choice === 'sticky' || choice === 'haproxy'

interface Target {
  readonly cluster: Cluster
  /** Where users send their requests. */
  readonly url: string
}

async function readUnderLoad(
  lab: Lab<X11Row>,
  choice: Choice,
  users: readonly VirtualUser[],
  round: number,
): Promise<void> {
  const schedule = poissonSchedule({ perSecond, durationMs: lab.durationMs, random: lab.random(`arrivals:${round}`) })
  const samples = await openLoop(schedule, (index) => (users[index % users.length] as VirtualUser).visit(), lab)
  for (const { latencyMs, result } of samples)
    lab.record({ step: 'read', choice, round, waitMs: latencyMs, found: result.outcome === 'found' })
}

async function ask(lab: Lab<X11Row>, choice: Choice, { url }: Target): Promise<void> {
  const user = makeUser(lab, url, `asked-${choice}`)
  await user.save()
  const cookieBytes = user.jar.header?.length ?? 0
  await Promise.all(Array.from({ length: increments }, () => user.ask('/counter', { method: 'POST' })))
  const counter = Number((await user.ask('/counter')).body)
  const copied = { cookie: user.jar.clone().header ?? '' }
  await user.ask('/logout', { method: 'POST' })
  const observer = makeUser(lab, url, 'observer')
  const servedAfterLogout = (await observer.ask('/get', { headers: copied })).status === 200
  const { status: bigStatus } = await makeUser(lab, url, 'big').ask(`/set?q=${'x'.repeat(bigValue)}`)
  lab.record({ step: 'asked', choice, counter, servedAfterLogout, bigStatus, cookieBytes })
}

async function crashed(lab: Lab<X11Row>, choice: Choice, { cluster, url }: Target): Promise<void> {
  lab.progress(0.8, names[choice])
  const users = makeUsers(lab, crowd, url, `${choice}-`)
  await saveInTurn(lab, users)
  await crash(cluster, 'b')
  if (choice === 'haproxy') await untilNoErrors(lab, url)
  for (const user of users) await visited(lab, user, choice)
  await askEveryNode(lab, users, cluster, choice)
}

/** HAProxy tells nobody here whom it takes for dead: new clients are sent round until all of them are answered. */
async function untilNoErrors(lab: Lab<X11Row>, url: string): Promise<void> {
  const all = async () =>
    (await Promise.all(Array.from({ length: 6 }, () => makeUser(lab, url, 'new').visit()))).every(
      ({ outcome }) => outcome !== 'error',
    )
  await until(lab, 'HAProxy has seen that b is gone', all)
}

function checksOf(history: History<X11Row>, choice: Choice, asked: AskedRow | undefined): Check[] {
  const name = names[choice]
  const about = (en: string, ko: string) => text(`${name.en}: ${en}`, `${name.ko}: ${ko}`)
  const lost = lostIn(history, choice)
  const visits = visitsIn(history, choice)
  const reads = history.of('read').filter((row) => row.choice === choice)
  const homes = homesIn(history)
  const onB = visits.filter(({ user }) => homes.get(user) === 'b').length
  const cookie = choice === 'cookie'
  const counter = about('increments lost, of 10 at the same time', '동시에 더한 10번 중 사라진 것')
  const missing = increments - (asked?.counter ?? Number.NaN)
  return [
    counted(
      about('reads under load that found nothing', '부하 중 세션을 찾지 못한 읽기'),
      reads.filter(({ found }) => !found).length,
      0,
    ),
    counted(about(`sessions on b, of ${crowd}`, `b의 세션, ${crowd}개 중`), onB, crowd / 3),
    counted(
      about('sessions lost in the crash of b', 'b가 죽어 유실된 세션'),
      lost.size,
      inMemory(choice) ? crowd / 3 : 0,
    ),
    counted(
      about('reads after it: found, lost, error', '그 뒤의 읽기: 찾음, 유실, 오류'),
      (['found', 'lost', 'error'] as const).map(
        (kind) => visits.filter((visit) => outcomeOf(visit, lost) === kind).length,
      ),
      inMemory(choice) ? [(2 * crowd) / 3, crowd / 3, 0] : [crowd, 0, 0],
    ),
    cookie ? presence(counter, missing, 'some', increments) : counted(counter, missing, 0),
    counted(
      about('a cookie copied before the logout is served after it', '로그아웃 전에 복사한 쿠키가 뒤에도 통함'),
      yes(asked?.servedAfterLogout),
      yes(cookie),
    ),
    counted(
      about(`saving ${bigValue / 1000} kB is answered`, `${bigValue / 1000} kB를 저장하라는 요청의 답`),
      asked?.bigStatus ?? Number.NaN,
      cookie ? 413 : 200,
    ),
  ]
}

const yes = (is: boolean | undefined): Text => (is ? text('yes', '예') : text('no', '아니요'))

const looks = {
  well: { mark: '✓', color: 'var(--found)', name: text('as one wants it', '바라는 대로') },
  not: { mark: '✗', color: 'var(--lost)', name: text('not', '아님') },
} as const

function fatesPicture(history: History<X11Row>, there: readonly Choice[]) {
  const cell = (well: boolean | undefined) => (well ? ('well' as const) : ('not' as const))
  return matrix({
    id: 'choices',
    title: text('What each choice keeps', '방식마다 지키는 것'),
    caption: text(
      'No session lost in a crash; no write lost among ten at the same time; a logout ends it everywhere; 5 kB fit in.',
      '서버가 죽어도 유실 없음, 동시에 열 번 써도 잃지 않음, 로그아웃하면 어디서나 끝남, 5 kB가 들어감.',
    ),
    looks,
    rowTitle: text('choice', '방식'),
    columns: [
      text('crash', '서버 종료'),
      text('parallel writes', '동시 쓰기'),
      text('logout', '로그아웃'),
      text('5 kB', '5 kB'),
    ],
    rows: there.map((choice) => {
      const asked = askedIn(history, choice)
      return {
        name: names[choice],
        cells: [
          cell(lostIn(history, choice).size === 0),
          cell(asked?.counter === increments),
          cell(asked?.servedAfterLogout === false),
          cell(asked?.bigStatus === 200),
        ],
      }
    }),
  })
}

function waitsPicture(all: readonly (readonly [Choice, Latencies])[]) {
  const percentiles = percentilesFor(Math.min(...all.map(([, { count }]) => count)))
  return lines({
    id: 'waits',
    title: text(`How long reads take at ${perSecond} a second`, `초당 ${perSecond}번 읽을 때 걸리는 시간`),
    caption: text(
      'From when each read was due. The tail belongs to this machine; what to compare is the distance between the choices.',
      '읽기가 나가야 할 때부터 쟀습니다. 꼬리는 이 기계의 몫이니 방식 사이의 거리를 봅니다.',
    ),
    points: all.flatMap(([choice, waits]) =>
      percentiles.map((percent, index) => ({ series: names[choice], x: index, y: waits.percentile(percent) })),
    ),
    x: percentileAxis(percentiles),
    y: { title: text('read, ms', '읽기, ms'), logarithmic: true },
  })
}
