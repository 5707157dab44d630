import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { ask } from '@session-cluster/visitor'
import { type Experiment, type Lab, prove } from '../experiment.ts'
import { text } from '../language.ts'
import { inParallel } from '../load/open-loop.ts'
import { bars } from '../pictures/bars.ts'
import { crash, labClusters } from '../rig/cluster.ts'
import { makeUsers, saveInTurn, visited } from '../rig/users.ts'
import { counted } from '../verdict.ts'

const crowd = 90
/** CPU that checking a password takes: as much as a modest bcrypt. */
const loginMs = 40
const modes = ['sticky', 'clustered'] as const

/** X8: after a crash, those whose session is gone log in again, all at once, on the servers that are left. */
export const thunderingHerd: Experiment = {
  id: 'X8',
  title: text('A crash of a sticky server is followed by a storm of logins', 'sticky 서버가 죽으면 로그인이 몰려온다'),
  says: text(
    'Users whose session is lost come back at once and log in again, which costs far more than reading a session: the other servers have to bear that too.',
    '세션을 잃은 사용자들은 한꺼번에 다시 로그인합니다. 로그인은 세션을 읽는 것보다 훨씬 비싸며, 남은 서버가 그것까지 감당해야 합니다.',
  ),
  steps: text(
    `Three nodes, ${crowd} users. SIGKILL b; then everyone comes back, ten at a time. Whoever is not known logs in, which costs ${loginMs} ms of CPU. Once sticky, once clustered.`,
    `노드 셋, 사용자 ${crowd}명. b를 SIGKILL로 죽이면 모두가 열 명씩 돌아옵니다. 알아보지 못하는 사용자는 CPU ${loginMs} ms가 드는 로그인을 합니다. sticky와 clustered로 한 번씩.`,
  ),
  expected: text(
    'sticky: a third of the users logs in again; clustered: nobody does, the load only shifts',
    'sticky: 사용자의 1/3이 다시 로그인한다. clustered: 아무도 하지 않고 부하만 옮겨 간다',
  ),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      sticky: { mode: 'sticky', nodes: 3 },
      clustered: { mode: 'clustered', nodes: 3 },
    })
    const sticky = await herd(lab, clusters.sticky, 'sticky')
    const clustered = await herd(lab, clusters.clustered, 'clustered')
    const cost = (mode: Herd) => Math.round(mode.loginCpuMs)
    return {
      headline: {
        value: `${sticky.logins} : ${clustered.logins}`,
        label: text(
          `users had to log in again, sticky against clustered: ${cost(sticky)} against ${cost(clustered)} ms of CPU`,
          `명이 다시 로그인함, sticky 대 clustered: CPU ${cost(sticky)} 대 ${cost(clustered)} ms`,
        ),
      },
      checks: [
        counted(text('sticky: logins after the crash', 'sticky: 종료 뒤의 로그인'), sticky.logins, crowd / 3),
        counted(text('clustered: logins after the crash', 'clustered: 종료 뒤의 로그인'), clustered.logins, 0),
        counted(
          text('clustered: reads that the two remaining nodes answered', 'clustered: 남은 두 노드가 답한 읽기'),
          clustered.reads,
          [crowd / 2, crowd / 2],
        ),
        counted(
          text('everyone is known in the end: sticky, clustered', '끝에는 모두 알아봄: sticky, clustered'),
          [sticky.knownAtLast, clustered.knownAtLast],
          [crowd, crowd],
        ),
      ],
      observations: [],
      pictures: [picture(sticky, clustered)],
    }
  },
}

interface Herd {
  readonly logins: number
  readonly loginCpuMs: number
  /** Reads by a and by c. */
  readonly reads: readonly number[]
  readonly knownAtLast: number
}

async function herd(lab: Lab, cluster: Cluster, mode: (typeof modes)[number]): Promise<Herd> {
  const users = makeUsers(lab, crowd, cluster.balancer.url, mode)
  await saveInTurn(lab, users)
  await crash(cluster, 'b')
  lab.progress(modes.indexOf(mode) / 2, text(`${mode}: everyone comes back`, `${mode}: 모두 돌아옴`))
  const visits = await inParallel(users, 10, async (user) => {
    const visit = await visited(lab, user, `${mode}: back`)
    return { node: visit.node, cpuMs: visit.outcome === 'found' ? 0 : await login(lab, user) }
  })
  const logins = visits.filter(({ cpuMs }) => cpuMs > 0)
  let knownAtLast = 0
  for (const user of users) if ((await visited(lab, user, `${mode}: at last`)).outcome === 'found') knownAtLast++
  return {
    logins: logins.length,
    loginCpuMs: logins.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    reads: ['a', 'c'].map((node) => visits.filter((visit) => visit.node === node).length),
    knownAtLast,
  }
}

/** Checks the password, which is what costs, and starts a new session. Answers the CPU time that the password took, in ms. */
async function login(lab: Lab, user: VirtualUser): Promise<number> {
  const work = await ask(new URL(`/work?ms=${loginMs}`, user.base))
  prove(work.status === 200, `the password check answers 200, not ${work.status}`)
  await user.ask(`/login?user=${user.name}`, { method: 'POST' })
  await user.save()
  const { cpuMs } = JSON.parse(work.body) as { cpuMs: number }
  lab.record({ step: 'login', user: user.name, cpuMs })
  return cpuMs
}

function picture(sticky: Herd, clustered: Herd) {
  return bars({
    id: 'logins',
    title: text('What the remaining servers had to do after the crash', '종료 뒤 남은 서버가 한 일'),
    caption: text(
      'Reads come in any case; logins come only where sessions died with the server.',
      '읽기는 어느 쪽이나 오지만, 로그인은 세션이 서버와 함께 죽은 쪽에만 옵니다.',
    ),
    bars: ([sticky, clustered] as const).flatMap((mode, index) => [
      { group: modes[index] ?? '', series: text('reads', '읽기'), value: crowd },
      { group: modes[index] ?? '', series: text('logins', '로그인'), value: mode.logins },
    ]),
    groupTitle: text('mode', '모드'),
    valueTitle: text('requests', '요청'),
    colors: ['var(--series-1)', 'var(--lost)'],
  })
}
