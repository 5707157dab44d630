import { fileURLToPath } from 'node:url'
import type { Cluster } from '@session-cluster/cluster'
import { median, quantile, type VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { text } from '../language.ts'
import { openLoop, steadySchedule } from '../load/open-loop.ts'
import { byRound, inTurns, roundsRatio, takeRounds } from '../load/rounds.ts'
import { lines } from '../pictures/lines.ts'
import { crash, labClusters } from '../rig/cluster.ts'
import { makeUsers, type SaveRow, saveInTurn } from '../rig/users.ts'
import { type Check, counted, withSpread } from '../verdict.ts'

const crowd = 30
/** How many requests a second the users of a and c make meanwhile. */
const perSecond = 40
const modes = ['sticky', 'clustered'] as const
type Mode = (typeof modes)[number]
const shopNode = fileURLToPath(new URL('../rig/shop-node.ts', import.meta.url))

/** A user of b comes back after the crash; who is not known logs in. */
interface BackRow {
  readonly step: 'back'
  readonly mode: Mode
  readonly round: number
  readonly user: string
  readonly node: string
  readonly login: boolean
  /** From coming back until it was known, the login included, ms. */
  readonly tookMs: number
  readonly knownAtLast: boolean
}

/** A read of somebody whose server did not die. Times in ms from when b's users came back. */
interface OtherRow {
  readonly step: 'other'
  readonly mode: Mode
  readonly round: number
  readonly dueMs: number
  readonly waitMs: number
  readonly found: boolean
}

type X8Row = SaveRow | BackRow | OtherRow

/** X8: after a crash, those whose session is gone log in again, all at once, on the servers that are left: what do the others feel of it? */
export const thunderingHerd = experiment<X8Row>({
  id: 'X8',
  title: text(
    'A crash of a sticky server is followed by a storm of logins',
    'sticky 서버가 죽으면 로그인이 한꺼번에 몰린다',
  ),
  says: text(
    'Users whose session is lost come back at once and log in again, which costs far more than reading a session: the other servers have to bear that too.',
    '세션을 잃은 사용자들은 한꺼번에 다시 로그인합니다. 로그인은 세션을 읽는 것보다 훨씬 비싸며, 남은 서버가 그것까지 감당해야 합니다.',
  ),
  steps: text(
    `Three servers, ${crowd} users each time. SIGKILL b; then all of its users come back at once. Whoever is not known logs in: a password hash (scrypt, N = 2¹⁵, r = 8, p = 1) on the server’s own thread. Meanwhile ${perSecond} reads a second of the users of a and c, whose servers live: how long do they wait? Sticky and clustered in turns.`,
    `서버 셋, 매번 사용자 ${crowd}명. b를 SIGKILL로 죽이면 b의 사용자가 한꺼번에 돌아옵니다. 알아보지 못하는 사용자는 로그인합니다: 서버 스레드에서 비밀번호 해시(scrypt, N = 2¹⁵, r = 8, p = 1). 그동안 서버가 살아 있는 a와 c의 사용자가 초당 ${perSecond}번 읽습니다. 이들은 얼마나 기다릴까요? sticky와 clustered를 번갈아 잽니다.`,
  ),
  expected: text(
    'sticky: all of b’s users log in again, and everybody else waits longer; clustered: nobody does, and nobody notices',
    'sticky: b의 사용자가 모두 다시 로그인하고 다른 사용자도 더 오래 기다린다. clustered: 아무도 다시 로그인하지 않고 아무도 느끼지 못한다',
  ),
  limits: text(
    'Two cores and ten logins at a time; how long a storm lasts elsewhere is its logins times the cost of one, over the cores. A hash in a pool of threads holds the others up less, as long as there are cores for it.',
    '코어 둘에 로그인 열 번입니다. 다른 곳에서 얼마나 오래가는지는 로그인 수 × 한 번의 비용 ÷ 코어 수입니다. 스레드 풀에서 해시를 계산하면 코어가 남는 동안은 다른 사용자가 덜 기다립니다.',
  ),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      sticky: { mode: 'sticky', nodes: 3, entryPoints: { node: shopNode } },
      clustered: { mode: 'clustered', nodes: 3, entryPoints: { node: shopNode } },
    })
    await takeRounds(
      lab,
      async (round) => {
        await inTurns(modes, round, (mode) => herd(lab, clusters[mode], mode, round))
      },
      checksOf,
    )
  },
  judge(history) {
    const { back, logins } = backIn(history)
    const waits = { sticky: waitsIn(history, 'sticky'), clustered: waitsIn(history, 'clustered') }
    const middle = (mode: Mode) => Math.round(median(waits[mode]))
    return {
      headline: {
        value: `${middle('sticky')} : ${middle('clustered')} ms`,
        label: text(
          `until 95 % of the others’ reads were answered while b’s users came back, sticky against clustered; ${logins('sticky')} of ${back('sticky').length} and ${logins('clustered')} of ${back('clustered').length} had to log in again`,
          `b의 사용자가 돌아오는 동안 다른 사용자의 읽기 95 %가 답을 받기까지, sticky 대 clustered. 다시 로그인한 사용자는 ${back('sticky').length}명 중 ${logins('sticky')}, ${back('clustered').length}명 중 ${logins('clustered')}`,
        ),
      },
      checks: checksOf(history),
      observations: modes.flatMap((mode) => [
        {
          what: text(
            `${mode}: p95 of the others’ waits in each round, ms`,
            `${mode}: 다른 사용자 대기의 회차별 p95, ms`,
          ),
          value: withSpread(waits[mode].map(Math.round)),
        },
        {
          what: text(
            `${mode}: until each of b’s users was known again, ms`,
            `${mode}: b의 사용자를 다시 알아보기까지, ms`,
          ),
          value: withSpread(back(mode).map(({ tookMs }) => Math.round(tookMs))),
        },
      ]),
      pictures: [picture(history)],
      figures: { stickyWaitMs: middle('sticky'), clusteredWaitMs: middle('clustered') },
    }
  },
})

/** One crash: b's users come back at once while the others read on; then b is started again. */
async function herd(lab: Lab<X8Row>, cluster: Cluster, mode: Mode, round: number): Promise<void> {
  const users = makeUsers(lab, crowd, cluster.balancer.url, `${mode}${round}-`)
  const homes = await saveInTurn(lab, users)
  const ofB = users.filter(({ name }) => homes.get(name) === 'b')
  const others = users.filter(({ name }) => homes.get(name) !== 'b')
  prove(ofB.length === crowd / 3, `a third of the users is on b, not ${ofB.length}`)
  lab.progress(round / lab.repeats, text(`${mode}: b dies, its users come back`, `${mode}: b가 죽고 사용자가 돌아옴`))
  await crash(cluster, 'b')
  const schedule = steadySchedule({ perSecond, count: (perSecond * lab.durationMs) / 1000 })
  const reading = openLoop(schedule, (index) => (others[index % others.length] as VirtualUser).visit(), lab)
  reading.catch(() => {}) // Awaited below.
  const back = await Promise.all(ofB.map((user) => comesBack(user)))
  for (const { dueMs, latencyMs, result } of await reading)
    lab.record({ step: 'other', mode, round, dueMs, waitMs: latencyMs, found: result.outcome === 'found' })
  for (const [index, user] of ofB.entries()) {
    const seen = back[index]
    const { outcome } = await user.visit()
    if (seen) lab.record({ step: 'back', mode, round, user: user.name, ...seen, knownAtLast: outcome === 'found' })
  }
  await cluster.node('b').start()
}

/** Reads; who is not known proves who it is, which is what costs, and begins a new session. */
async function comesBack(user: VirtualUser): Promise<Pick<BackRow, 'node' | 'login' | 'tookMs'>> {
  const began = performance.now()
  const { outcome, node = '?' } = await user.visit()
  const login = outcome !== 'found'
  if (login) {
    await user.ask(`/login?user=${user.name}`, { method: 'POST', timeoutMs: 60_000 })
    await user.save()
  }
  return { node, login, tookMs: performance.now() - began }
}

/** Those who came back after the crashes of a mode, and how many of them had to log in again. */
function backIn(history: History<X8Row>) {
  const back = (mode: Mode) => history.of('back').filter((row) => row.mode === mode)
  return { back, logins: (mode: Mode) => back(mode).filter(({ login }) => login).length }
}

/** The p95 of each round, ms. */
function waitsIn(history: History<X8Row>, mode: Mode): number[] {
  const rows = history.of('other').filter((row) => row.mode === mode)
  return byRound(rows).map((own) =>
    quantile(
      own.map(({ waitMs }) => waitMs),
      0.95,
    ),
  )
}

function checksOf(history: History<X8Row>): Check[] {
  const { back, logins } = backIn(history)
  return [
    counted(
      text('sticky: b’s users who had to log in again', 'sticky: 다시 로그인한 b의 사용자'),
      logins('sticky'),
      back('sticky').length,
    ),
    counted(
      text('clustered: b’s users who had to log in again', 'clustered: 다시 로그인한 b의 사용자'),
      logins('clustered'),
      0,
    ),
    counted(
      text(
        'b’s users who are not known in the end: sticky, clustered',
        '끝내 알아보지 못한 b의 사용자: sticky, clustered',
      ),
      modes.map((mode) => back(mode).filter(({ knownAtLast }) => !knownAtLast).length),
      [0, 0],
    ),
    counted(
      text('others’ reads that did not find their session', '세션을 찾지 못한 다른 사용자의 읽기'),
      history.of('other').filter(({ found }) => !found).length,
      0,
    ),
    ...ratios(history),
  ]
}

function ratios(history: History<X8Row>): Check[] {
  const clustered = waitsIn(history, 'clustered')
  return [
    roundsRatio(
      history,
      text('p95 of the others’ waits, sticky over clustered', '다른 사용자 대기의 p95, sticky ÷ clustered'),
      waitsIn(history, 'sticky').flatMap((wait, round) => (clustered[round] ? [wait / clustered[round]] : [])),
      { atLeast: 1.5 },
    ),
  ]
}

/** How long the others' reads waited, over the time since b's users came back. */
function picture(history: History<X8Row>) {
  const bins = 20
  const binMs = history.settings.durationMs / bins
  return lines({
    id: 'waits',
    title: text('How long everybody else waits after the crash', '종료 뒤 다른 사용자가 기다리는 시간'),
    caption: text(
      'The slowest read of each slice of time, median over the rounds; at 0 all of b’s users come back. How high is the hill, and when is it over?',
      '구간마다 가장 느린 읽기(회차의 중앙값). 0초에 b의 사용자가 모두 돌아옵니다. 얼마나 높고, 언제 끝날까요?',
    ),
    points: modes.flatMap((mode) => {
      const rounds = byRound(history.of('other').filter((row) => row.mode === mode))
      return Array.from({ length: bins }, (_, bin) => {
        const slowest = rounds.flatMap((own) => {
          const waits = own.filter(({ dueMs }) => Math.floor(dueMs / binMs) === bin)
          return waits.length > 0 ? [Math.max(...waits.map(({ waitMs }) => waitMs))] : []
        })
        return { series: mode, x: ((bin + 0.5) * binMs) / 1000, y: median(slowest) }
      }).filter(({ y }) => Number.isFinite(y))
    }),
    x: { title: text('seconds', '초') },
    y: { title: text('wait, ms', '대기, ms') },
  })
}
