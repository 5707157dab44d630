import type { Cluster } from '@session-cluster/cluster'
import { shuffled, type VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab } from '../experiment.ts'
import type { History } from '../history.ts'
import { text } from '../language.ts'
import { inParallel } from '../load/open-loop.ts'
import { bars } from '../pictures/bars.ts'
import { crash, labCluster } from '../rig/cluster.ts'
import { storeUse } from '../rig/inspect.ts'
import { comesTrue } from '../rig/until.ts'
import { makeUsers, saveInTurn, type UserRow } from '../rig/users.ts'
import { counted } from '../verdict.ts'

const crowd = 30
const rounds = 10
const modes = ['sticky', 'clustered', 'hybrid'] as const
type Mode = (typeof modes)[number]

const parts = {
  again: text('users who come back', '다시 온 사용자'),
  moved: text('the first read after b was killed', 'b가 죽은 뒤 첫 읽기'),
  after: text('their reads after that', '그 뒤의 읽기'),
} as const
type Part = keyof typeof parts
const partNames = Object.keys(parts) as Part[]

/** Reads of one part, and how often a server waited for the store in them, as it says itself. */
interface ReadsRow {
  readonly step: 'reads'
  readonly mode: Mode
  readonly part: Part
  readonly reads: number
  readonly found: number
  readonly trips: number
}

type X14Row = UserRow | ReadsRow
type Recorded = Lab<X14Row>

/** X14: how many reads wait for the store, with a near cache, without one, and where there is no store. */
export const withoutAHop = experiment<X14Row>({
  id: 'X14',
  title: text(
    'Who comes back is answered from memory, and who is moved still has the session',
    '다시 온 사용자는 메모리에서 답을 받고, 옮겨진 사용자도 세션을 잃지 않는다',
  ),
  says: text(
    'A near cache is to make reads as cheap as sticky ones, and leave the sessions as safe as clustered ones.',
    '로컬 캐시는 읽기를 sticky만큼 싸게 하면서 세션을 clustered만큼 안전하게 둔다고 합니다.',
  ),
  steps: text(
    `Three servers for each mode, ${crowd} users who have saved and read. Each reads ${rounds} times, ten at a time, in a new order each time; then b is killed (SIGKILL), everyone reads once, and ${rounds} times more. Each server counts how often it waits for its store.`,
    `방식마다 서버 셋과 저장하고 한 번 읽은 사용자 ${crowd}명. 열 명씩 동시에, 매번 순서를 바꿔 ${rounds}번 읽습니다. 이어서 b를 SIGKILL로 죽이고, 모두 한 번 읽고, 다시 ${rounds}번 읽습니다. 서버마다 저장소를 기다린 횟수를 셉니다.`,
  ),
  expected: text(
    'sticky waits for nothing and loses a third; clustered waits once a read; hybrid waits once for each user who was moved, and loses nothing',
    'sticky는 기다리지 않지만 1/3을 잃는다. clustered는 읽을 때마다 한 번 기다린다. hybrid는 옮겨진 사용자마다 한 번만 기다리고 아무것도 잃지 않는다',
  ),
  limits: text(
    'A lease is 10 s here, so that a machine that stands still for a second does not count as a miss. What it saves in milliseconds is in X11.',
    '여기서 임대 기간은 10초입니다. 기계가 1초쯤 멈춘 것을 캐시에 없는 것으로 세지 않기 위해서입니다. 밀리초로 얼마나 줄어드는지는 X11에 있습니다.',
  ),
  async run(lab) {
    for (const mode of modes) await reading(lab, mode)
  },
  judge(history) {
    const of = (mode: Mode, part: Part) => rowOf(history, mode, part)
    const list = (mode: Mode, what: 'found' | 'trips') => partNames.map((part) => of(mode, part)?.[what] ?? -1)
    const all = crowd * rounds
    const third = crowd / 3
    const { reads = 0, trips = 0 } = of('hybrid', 'again') ?? {}
    return {
      headline: {
        value: `${reads - trips} / ${all}`,
        label: text(
          `reads of users who come back waited for no store (hybrid); with clustered ${all - (of('clustered', 'again')?.trips ?? 0)}`,
          `다시 온 사용자의 읽기 중 저장소를 기다리지 않은 것(hybrid). clustered는 ${all - (of('clustered', 'again')?.trips ?? 0)}`,
        ),
      },
      checks: modes.flatMap((mode) => [
        counted(
          text(
            `${mode}: waits for the store: who comes back / moved / after that`,
            `${mode}: 저장소를 기다린 횟수: 다시 온 / 옮겨진 / 그 뒤`,
          ),
          list(mode, 'trips'),
          { sticky: [0, 0, 0], clustered: [all, crowd, all], hybrid: [0, third, 0] }[mode],
        ),
        counted(
          text(`${mode}: reads that found the session`, `${mode}: 세션을 찾은 읽기`),
          list(mode, 'found'),
          mode === 'sticky' ? [all, crowd - third, (crowd - third) * rounds] : [all, crowd, all],
        ),
      ]),
      observations: [],
      pictures: [picture(history)],
    }
  },
})

const rowOf = (history: History<X14Row>, mode: Mode, part: Part) =>
  history.of('reads').find((row) => row.mode === mode && row.part === part)

async function reading(lab: Recorded, mode: Mode): Promise<void> {
  const env = { SESSION_CACHE_LEASE_MS: '10000', SESSION_CACHE_MAX_AGE_MS: '600000' }
  await using cluster = await labCluster(lab, { mode, nodes: 3, nodeEnv: env })
  const users = makeUsers(lab, crowd, cluster.balancer.url, mode)
  await saveInTurn(lab, users)
  // The first reads of a server also bring its script into Redis.
  await pass(lab, cluster, users, 1)
  // What it claims comes by itself, once; the counting begins afterwards, whether it came or not.
  if (mode === 'hybrid') await comesTrue(lab, async () => (await pass(lab, cluster, users, 1)).trips === 0)
  lab.record({ step: 'reads', mode, part: 'again', ...(await pass(lab, cluster, users, rounds)) })
  await crash(cluster, 'b')
  lab.record({ step: 'reads', mode, part: 'moved', ...(await pass(lab, cluster, users, 1)) })
  lab.record({ step: 'reads', mode, part: 'after', ...(await pass(lab, cluster, users, rounds)) })
}

/** Everybody reads so many times. */
async function pass(lab: Recorded, cluster: Cluster, users: readonly VirtualUser[], times: number) {
  const order = lab.random('order')
  const running = cluster.nodes.filter(({ state }) => state === 'running')
  let found = 0
  const { roundTrips } = await storeUse(running, async () => {
    for (let time = 0; time < times; time++)
      await inParallel(shuffled(users, order), 10, async (user) => {
        lab.signal.throwIfAborted()
        if ((await user.visit()).outcome === 'found') found++
      })
  })
  return { reads: users.length * times, found, trips: roundTrips }
}

function picture(history: History<X14Row>) {
  return bars({
    id: 'waits',
    title: text('How often a server waited for its store, per 100 reads', '읽기 100번마다 서버가 저장소를 기다린 횟수'),
    caption: text(
      'Hybrid has to wait only for those who come to another server than before.',
      'hybrid는 전과 다른 서버로 온 사용자에게만 기다려야 합니다.',
    ),
    bars: modes.flatMap((mode) =>
      partNames.map((part) => {
        const { trips = 0, reads = 1 } = rowOf(history, mode, part) ?? {}
        return { group: mode, series: parts[part], value: Math.round((100 * trips) / reads) }
      }),
    ),
    groupTitle: text('mode', '방식'),
    valueTitle: text('per 100 reads', '읽기 100번마다'),
  })
}
