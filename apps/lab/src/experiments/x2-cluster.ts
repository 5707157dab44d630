import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { type Lab, type Observation, prove } from '../experiment.ts'
import { text } from '../language.ts'
import { pause } from '../load/pause.ts'
import { labCluster } from '../rig/cluster.ts'
import { nodeTimeoutMs, primaryCount, type RedisCluster, redisCluster } from '../rig/redis-cluster.ts'
import { comesTrue, waited, withinPatience } from '../rig/until.ts'
import { makeUsers } from '../rig/users.ts'
import { type Check, counted, someOrNone } from '../verdict.ts'

/** So many users have their sessions on each primary. */
const usersEach = 5
const everyMs = 40
/** So many slots move beside those of the first primary's users. */
const movedSlots = 200

/** What users were answered in one stretch. */
export interface Availability {
  readonly answered: number
  readonly failed: number
  readonly longestMs: number
}

/** What became of the users of a Redis Cluster. */
export interface ClusterOutcome {
  /** While slots moved: those whose sessions did, and all others. */
  readonly moving: Availability
  /** While one primary was dead: users of the others, and its own. */
  readonly others: Availability
  readonly own: Availability
  /** From its death until each of its users was served again, ms. */
  readonly backMs: number | undefined
  /** Acknowledged counts that were gone in the end: on the primaries that lived, and on the one that died. */
  readonly lostElsewhere: number
  readonly lostThere: number
}

/** What decides the claim: who failed, and whether it came right by itself. */
export const clusterChecks = (lab: Lab, { moving, others, own, backMs, lostElsewhere }: ClusterOutcome): Check[] => [
  counted(
    text('Cluster: requests that failed while slots moved', 'Cluster: 슬롯을 옮기는 동안 실패한 요청'),
    moving.failed,
    0,
  ),
  counted(
    text(
      'Cluster: requests that failed while a primary was dead: users of the others, its own',
      'Cluster: 주 서버 하나가 죽은 동안 실패한 요청: 다른 서버의 사용자, 그 서버의 사용자',
    ),
    text(`${others.failed} / ${someOrNone(own.failed).en}`, `${others.failed} / ${someOrNone(own.failed).ko}`),
    text('0 / some', '0 / 있음'),
  ),
  counted(
    text(
      `Cluster: its users were all served again ${withinPatience(lab).en}`,
      `Cluster: 그 서버의 사용자도 ${withinPatience(lab).ko} 모두 다시 응답받음`,
    ),
    backMs === undefined ? text('no', '아니요') : text('yes', '예'),
    text('yes', '예'),
  ),
  counted(
    text(
      'Cluster: acknowledged counts lost on the primaries that lived',
      'Cluster: 살아 있던 주 서버에서 확인받고 유실된 횟수',
    ),
    lostElsewhere,
    0,
  ),
]

/** How long it took, in words. */
export function clusterObservations(lab: Lab, { others, own, backMs, lostThere }: ClusterOutcome): Observation[] {
  const seconds = backMs === undefined ? undefined : (backMs / 1000).toFixed(1)
  const timeout = nodeTimeoutMs / 1000
  const back = waited(backMs, lab)
  return [
    {
      what: text('Cluster: what a dead primary meant', 'Cluster: 주 서버가 죽으면 벌어진 일'),
      value:
        seconds === undefined
          ? back
          : text(
              `its users had no answer for ${seconds} s: ${timeout} s until it was taken for dead, the rest to choose its replica and to tell the nodes; ${own.failed} of their ${own.answered} requests failed, the longest took ${own.longestMs} ms`,
              `그 서버의 사용자는 ${seconds}초 동안 응답받지 못함. ${timeout}초 뒤 죽은 것으로 보고, 나머지 시간에 복제본을 골라 노드에 알림. 요청 ${own.answered}건 중 ${own.failed}건 실패, 가장 오래 걸린 것은 ${own.longestMs} ms`,
            ),
    },
    {
      what: text('Cluster: requests of all other users meanwhile', 'Cluster: 그동안 다른 사용자의 요청'),
      value: text(
        `${others.answered}, of which ${others.failed} failed; the longest took ${others.longestMs} ms`,
        `${others.answered}건 중 ${others.failed}건 실패, 가장 오래 걸린 것은 ${others.longestMs} ms`,
      ),
    },
    {
      what: text('Cluster: acknowledged counts lost with the primary', 'Cluster: 주 서버와 함께 유실된 확인된 횟수'),
      value: lostThere,
    },
  ]
}

/**
 * Slots move between two primaries of a Redis Cluster, then the third dies, while two nodes serve users from it. Without replicas
 * nobody takes the dead one's place.
 */
export async function clusterTrouble(lab: Lab, hasReplicas = true): Promise<ClusterOutcome> {
  await using redis = await redisCluster(lab, hasReplicas)
  await using cluster = await labCluster(lab, {
    mode: 'clustered',
    nodes: ['a', 'b'],
    redis: { url: redis.url },
    nodeEnv: { SESSION_STORE_TIMEOUT_MS: '1000' },
  })
  const members = await gather(lab, cluster, redis)
  const of = (home: number): Member[] => members.filter((member) => member.home === home)
  const [first, dead] = [of(0), of(primaryCount - 1)]
  await using load = new Load(lab, members)
  lab.progress(0.4, text('moving slots under load', '부하 중에 슬롯을 옮김'))
  await pause(300, lab.signal)
  const keys = first.map(({ key }) => key)
  await redis.reshard(0, 1, keys, movedSlots)
  await pause(300, lab.signal)
  const moving = load.since(0, members)
  lab.progress(0.6, text('killing a primary', '주 서버 하나를 죽임'))
  const killedAt = performance.now()
  await redis.killPrimary(primaryCount - 1)
  const backMs = await comesTrue(lab, async () => dead.every((member) => load.isServed(member, killedAt)))
  await load[Symbol.asyncDispose]()
  const alive = members.filter((member) => !dead.includes(member))
  const outcome = {
    moving,
    others: load.since(killedAt, alive),
    own: load.since(killedAt, dead),
    backMs,
    lostElsewhere: await lost(lab, alive),
    lostThere: await lost(lab, dead),
  }
  lab.record({ step: 'Redis Cluster', ...outcome })
  return outcome
}

/** A user, where its session lies, and what it was promised. */
interface Member {
  readonly user: VirtualUser
  readonly key: string
  readonly home: number
  acknowledged: number
}

/** Users until each primary has enough of them. */
async function gather(lab: Lab, cluster: Cluster, redis: RedisCluster): Promise<Member[]> {
  const members: Member[] = []
  for (const user of makeUsers(lab, 40 * usersEach, cluster.balancer.url)) {
    const answer = await user.ask('/counter', { method: 'POST' })
    prove(answer.status === 200, `${user.name} could count: ${answer.status}`)
    const { session } = JSON.parse((await user.ask('/whoami')).body)
    const home = await redis.primaryOf(session.redisKey)
    const isWanted = members.filter((member) => member.home === home).length < usersEach
    if (isWanted) members.push({ user, key: session.redisKey, home, acknowledged: 1 })
    if (members.length === usersEach * primaryCount) return members
  }
  prove(false, 'each primary has some users')
}

interface Visit {
  readonly sentAt: number
  readonly ms: number
  readonly isServed: boolean
}

/** All users at once, counting and reading in turns, until it is disposed of. */
class Load implements AsyncDisposable {
  readonly #visits = new Map<Member, Visit[]>()
  readonly #running: Promise<unknown>
  readonly #lab: Lab
  #isOver = false

  constructor(lab: Lab, members: readonly Member[]) {
    this.#lab = lab
    this.#running = Promise.all(members.map((member) => this.#run(member)))
    this.#running.catch(() => {}) // Awaited at the end.
  }

  /** What these users were answered to what they asked since then. */
  since(at: number, members: readonly Member[]): Availability {
    const visits = members.flatMap((member) => this.#visits.get(member) ?? []).filter(({ sentAt }) => sentAt >= at)
    return {
      answered: visits.length,
      failed: visits.filter(({ isServed }) => !isServed).length,
      longestMs: Math.round(Math.max(0, ...visits.map(({ ms }) => ms))),
    }
  }

  /** Whether a user was served three times in a row with what it asked since then. */
  isServed(member: Member, at: number): boolean {
    const last = (this.#visits.get(member) ?? []).slice(-3)
    return last.length === 3 && last.every(({ sentAt, isServed }) => sentAt >= at && isServed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(member: Member): Promise<void> {
    const visits: Visit[] = []
    this.#visits.set(member, visits)
    while (!this.#isOver) {
      const isWrite = visits.length % 2 === 0
      const sentAt = performance.now()
      const status = await member.user.ask('/counter', { method: isWrite ? 'POST' : 'GET' }).then(
        (answer) => answer.status,
        () => 0,
      )
      visits.push({ sentAt, ms: performance.now() - sentAt, isServed: status === 200 })
      if (isWrite && status === 200) member.acknowledged++
      await pause(everyMs, this.#lab.signal)
    }
  }
}

/** How many counts that were acknowledged are not there; of users whom nobody answers, all. */
async function lost(lab: Lab, members: readonly Member[]): Promise<number> {
  const left = await Promise.all(
    members.map(async ({ user, acknowledged }) => {
      let count = 0
      await comesTrue(lab, async () => {
        const answer = await user.ask('/counter')
        count = answer.status === 200 ? Number(answer.body) : 0
        return answer.status === 200
      })
      return Math.max(0, acknowledged - count)
    }),
  )
  return left.reduce((sum, each) => sum + each, 0)
}
