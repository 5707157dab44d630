import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { say, text } from '../language.ts'
import { bars } from '../pictures/bars.ts'
import { labCluster } from '../rig/cluster.ts'
import { connectRedis, memoryFigure } from '../rig/redis.ts'
import { comesTrue, withinPatience } from '../rig/until.ts'
import { makeUsers } from '../rig/users.ts'
import { counted, presence, someOrNone } from '../verdict.ts'

const sessions = 600
/** One session's value in characters: as much as a request line may carry without trouble. */
const valueLength = 6000
const policies = ['allkeys-lru', 'noeviction'] as const
type EvictionPolicy = (typeof policies)[number]

/** A save: with which status, and whether a refusal gave a cookie all the same. */
interface SavedRow {
  readonly step: 'saved'
  readonly policy: EvictionPolicy
  readonly user: string
  readonly status: number
  readonly cookie: boolean
}

/** Later, each user whose save was confirmed reads. */
interface ReadRow {
  readonly step: 'read'
  readonly policy: EvictionPolicy
  readonly user: string
  readonly status: number
  readonly same: boolean
}

type X10Row = SavedRow | ReadRow

/** X10: what a full Redis does to sessions, by its eviction policy. */
export const eviction = experiment<X10Row>({
  id: 'X10',
  title: text(
    'A full Redis logs people out silently, unless it is told not to',
    '가득 찬 Redis는 사람들을 조용히 로그아웃시킨다',
  ),
  says: text(
    'A store in memory has an end. What happens there is a setting: evict somebody’s session, or refuse new ones.',
    '메모리 저장소에는 끝이 있습니다. 그때 누군가의 세션을 버릴지, 새 세션을 거절할지는 설정이 정합니다.',
  ),
  steps: text(
    `A Redis that may hold about half of it gets ${sessions} sessions of ${valueLength / 1000} kB, once with allkeys-lru and once with noeviction. Then every user whose save was confirmed reads.`,
    `절반쯤만 담을 수 있는 Redis에 ${valueLength / 1000} kB짜리 세션 ${sessions}개를 allkeys-lru와 noeviction으로 한 번씩 저장합니다. 이어서 저장을 확인받은 사용자가 모두 읽습니다.`,
  ),
  expected: text(
    'allkeys-lru: every save succeeds, and sessions are gone without a word. noeviction: saves fail with a clear 503, and nothing that was confirmed is lost',
    'allkeys-lru: 저장은 모두 성공하지만 세션이 조용히 사라진다. noeviction: 저장은 분명한 503으로 실패하고, 확인받은 것은 하나도 사라지지 않는다',
  ),
  limits: text(
    'How many sessions go depends on the sizes; which of the two happens does not.',
    '몇 개가 사라지는지는 크기에 달려 있지만, 둘 중 어느 일이 생기는지는 그렇지 않습니다.',
  ),
  async run(lab) {
    for (const policy of policies) await fill(lab, policy)
  },
  judge(history) {
    const [lru, none] = [filledIn(history, 'allkeys-lru'), filledIn(history, 'noeviction')]
    const said = (language: 'en' | 'ko') =>
      [lru.gone, none.gone].map((count) => say(someOrNone(count), language)).join(' : ')
    const limit = withinPatience(history.settings)
    return {
      headline: {
        value: text(said('en'), said('ko')),
        label: text(
          `confirmed sessions gone without a word, allkeys-lru against noeviction; here ${lru.gone} and ${none.gone} of ${sessions}, and noeviction refused ${none.refused} saves`,
          `확인받고도 조용히 사라진 세션, allkeys-lru 대 noeviction. 이번에는 ${sessions}개 중 ${lru.gone}, ${none.gone}. noeviction은 저장 ${none.refused}번을 거절`,
        ),
      },
      checks: [
        counted(text('allkeys-lru: saves refused', 'allkeys-lru: 거절된 저장'), lru.refused, 0),
        presence(
          text('allkeys-lru: confirmed sessions gone', 'allkeys-lru: 확인받고도 사라진 세션'),
          lru.gone,
          'some',
          lru.confirmed,
        ),
        presence(text('noeviction: saves refused', 'noeviction: 거절된 저장'), none.refused, 'some', sessions),
        counted(
          text('noeviction: refusals that were not a clear 503', 'noeviction: 분명한 503이 아닌 거절'),
          none.unclear,
          0,
        ),
        counted(text('noeviction: confirmed sessions gone', 'noeviction: 확인받고도 사라진 세션'), none.gone, 0),
        counted(
          text(
            `reads without an answer, ${limit.en} of there being room again: allkeys-lru, noeviction`,
            `다시 자리가 난 뒤 ${limit.ko} 답을 얻지 못한 읽기: allkeys-lru, noeviction`,
          ),
          [lru.unanswered, none.unanswered],
          [0, 0],
        ),
      ],
      observations: [],
      pictures: [picture({ 'allkeys-lru': lru, noeviction: none })],
    }
  },
})

interface Filled {
  readonly confirmed: number
  readonly refused: number
  readonly unclear: number
  readonly gone: number
  /** Confirmed, and whether they are gone nobody said. */
  readonly unanswered: number
}

function filledIn(history: History<X10Row>, policy: EvictionPolicy): Filled {
  const saved = history.of('saved').filter((row) => row.policy === policy)
  const reads = history.of('read').filter((row) => row.policy === policy)
  const refused = saved.filter(({ status }) => status !== 200)
  const unanswered = reads.filter(({ status }) => status !== 200 && status !== 404).length
  return {
    confirmed: saved.length - refused.length,
    refused: refused.length,
    unclear: refused.filter(({ status, cookie }) => status !== 503 || cookie).length,
    gone: reads.filter(({ same }) => !same).length - unanswered,
    unanswered,
  }
}

async function fill(lab: Lab<X10Row>, policy: EvictionPolicy): Promise<void> {
  await using cluster = await labCluster(lab, { mode: 'clustered', nodes: 1 })
  await limitMemory(cluster, policy)
  const users = makeUsers(lab, sessions, cluster.node('a').url, policy)
  const confirmed: VirtualUser[] = []
  for (const [index, user] of users.entries()) {
    lab.signal.throwIfAborted()
    lab.progress((policies.indexOf(policy) + index / sessions) / 2, text(`filling: ${policy}`, `채우는 중: ${policy}`))
    const { status, headers } = await user.ask(`/set?q=${savedValue(user)}`)
    const cookie = headers['set-cookie'] !== undefined
    lab.record({ step: 'saved', policy, user: user.name, status, cookie })
    if (status === 200) confirmed.push(user)
  }
  await relax(lab, cluster, confirmed[0])
  for (const user of confirmed) {
    const { status, body } = await user.ask('/get')
    lab.record({ step: 'read', policy, user: user.name, status, same: status === 200 && body === savedValue(user) })
  }
}

const savedValue = (user: VirtualUser) =>
  user.token.repeat(Math.ceil(valueLength / user.token.length)).slice(0, valueLength)

/** Room for about half of what is coming, on top of what Redis uses already. */
async function limitMemory(cluster: Cluster, policy: EvictionPolicy): Promise<void> {
  await using redis = await connectRedis(cluster)
  const used = await memoryFigure(redis.client, 'used_memory')
  await redis.client.config('SET', 'maxmemory-policy', policy)
  await redis.client.config('SET', 'maxmemory', String(used + (sessions * valueLength) / 2))
}

/** Lifts the limit again, and gives the node time to ask Redis again: refused writes may have opened its circuit breaker. */
async function relax(lab: Lab, cluster: Cluster, user: VirtualUser | undefined): Promise<void> {
  await using redis = await connectRedis(cluster)
  await redis.client.config('SET', 'maxmemory', '0')
  prove(user, 'somebody’s save was confirmed')
  await comesTrue(lab, async () => (await user.ask('/get')).status !== 503)
}

function picture(filled: Record<EvictionPolicy, Filled>) {
  const parts = {
    kept: text('kept', '남음'),
    gone: text('confirmed, then gone', '확인받고 없어짐'),
    refused: text('refused with 503', '503으로 거절'),
  }
  return bars({
    id: 'fates',
    title: text(
      `What became of ${sessions} sessions in a Redis with room for half of them`,
      `절반만 들어가는 Redis에서 세션 ${sessions}개의 운명`,
    ),
    caption: text(
      'Evicted sessions were confirmed before: their users never hear of it. Refused ones hear it at once.',
      '버려진 세션은 이미 저장을 확인받았고, 사용자는 그 사실을 모릅니다. 거절된 쪽은 바로 압니다.',
    ),
    bars: policies.flatMap((group) => {
      const { confirmed, gone, unanswered, refused } = filled[group]
      return [
        { group, series: parts.kept, value: confirmed - gone - unanswered },
        { group, series: parts.gone, value: gone },
        { group, series: parts.refused, value: refused },
      ]
    }),
    groupTitle: text('eviction policy', '축출 정책'),
    valueTitle: text('sessions', '세션'),
    colors: ['var(--found)', 'var(--lost)', 'var(--error)'],
  })
}
