import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { type Lab, type Observation, prove, type Recorder } from '../experiment.ts'
import { type History, rowsOf } from '../history.ts'
import { text } from '../language.ts'
import { pause } from '../load/pause.ts'
import { labCluster } from '../rig/cluster.ts'
import { nodeTimeoutMs, primaryCount, type RedisCluster, redisCluster } from '../rig/redis-cluster.ts'
import { comesTrue, waited, withinPatience } from '../rig/until.ts'
import { makeUsers } from '../rig/users.ts'
import { type Check, counted, presence } from '../verdict.ts'

/** So many users have their sessions on each primary. */
const usersEach = 5
const everyMs = 40
/** So many slots move beside those of the first primary's users. */
const movedSlots = 200

/** One request of a user whose session is on the primary of that number. Times in ms from the start of the load. */
interface ClusterVisitRow {
  readonly step: 'cluster visit'
  readonly user: string
  readonly home: number
  readonly atMs: number
  readonly tookMs: number
  readonly status: number
}

/** When a primary was killed, and when each of its users had been served again; never, where there is no `backMs`. */
interface ClusterKilledRow {
  readonly step: 'cluster killed'
  readonly home: number
  readonly atMs: number
  readonly backMs?: number
}

/** What a user was promised in the end, and what is there. */
interface ClusterCountRow {
  readonly step: 'cluster count'
  readonly user: string
  readonly home: number
  readonly acknowledged: number
  readonly count: number
}

export type ClusterRow = ClusterVisitRow | ClusterKilledRow | ClusterCountRow

/** What users were answered in one stretch. */
interface Availability {
  readonly answered: number
  readonly failed: number
  readonly longestMs: number
}

/** What became of the users of a Redis Cluster. */
interface ClusterOutcome {
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

function outcomeIn(history: Pick<History, 'rows'>): ClusterOutcome {
  const [killed] = rowsOf<ClusterKilledRow>(history, 'cluster killed')
  const { home: dead = Number.NaN, atMs: killedAt = Number.NaN, backMs } = killed ?? {}
  const visits = rowsOf<ClusterVisitRow>(history, 'cluster visit')
  const availability = (those: readonly ClusterVisitRow[]): Availability => ({
    answered: those.length,
    failed: those.filter(({ status }) => status !== 200).length,
    longestMs: Math.round(Math.max(0, ...those.map(({ tookMs }) => tookMs))),
  })
  const lost = (isThere: boolean) =>
    rowsOf<ClusterCountRow>(history, 'cluster count')
      .filter(({ home }) => (home === dead) === isThere)
      .reduce((sum, { acknowledged, count }) => sum + Math.max(0, acknowledged - count), 0)
  const since = visits.filter(({ atMs }) => atMs >= killedAt)
  return {
    moving: availability(visits.filter(({ atMs, tookMs }) => atMs + tookMs < killedAt)),
    others: availability(since.filter(({ home }) => home !== dead)),
    own: availability(since.filter(({ home }) => home === dead)),
    backMs,
    lostElsewhere: lost(false),
    lostThere: lost(true),
  }
}

/** What decides the claim: who failed, and whether it came right by itself. */
export function clusterChecks(history: Pick<History, 'rows' | 'settings'>): Check[] {
  const { moving, others, own, backMs, lostElsewhere } = outcomeIn(history)
  const limit = withinPatience(history.settings)
  return [
    counted(
      text('Cluster: requests that failed while slots moved', 'Cluster: 슬롯을 옮기는 동안 실패한 요청'),
      moving.failed,
      0,
    ),
    counted(
      text(
        'Cluster: requests of the other primaries’ users that failed while one was dead',
        'Cluster: 주 서버 하나가 죽은 동안 다른 서버의 사용자가 실패한 요청',
      ),
      others.failed,
      0,
    ),
    presence(
      text(
        'Cluster: requests of its own users that failed meanwhile',
        'Cluster: 그동안 그 서버의 사용자가 실패한 요청',
      ),
      own.failed,
      'some',
      own.answered,
    ),
    counted(
      text(
        `Cluster: its users were all served again ${limit.en}`,
        `Cluster: 그 서버의 사용자도 ${limit.ko} 모두 다시 응답받음`,
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
}

/** How long it took, in words. */
export function clusterObservations(history: Pick<History, 'rows' | 'settings'>): Observation[] {
  const { others, own, backMs, lostThere } = outcomeIn(history)
  const seconds = backMs === undefined ? undefined : (backMs / 1000).toFixed(1)
  const timeout = nodeTimeoutMs / 1000
  const back = waited(backMs, history.settings)
  return [
    {
      what: text('Cluster: what a dead primary meant', 'Cluster: 주 서버가 죽으면 벌어진 일'),
      value:
        seconds === undefined
          ? back
          : text(
              `its users had no answer for ${seconds} s: ${timeout} s until it was taken for dead, the rest to choose its replica and to tell the servers; ${own.failed} of their ${own.answered} requests failed, the longest took ${own.longestMs} ms`,
              `그 서버의 사용자는 ${seconds}초 동안 응답받지 못함. ${timeout}초 뒤 죽은 것으로 보고, 나머지 시간에 복제본을 골라 서버에 알림. 요청 ${own.answered}건 중 ${own.failed}건 실패, 가장 오래 걸린 것은 ${own.longestMs} ms`,
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
export async function clusterTrouble(
  lab: Recorder<ClusterRow> & Pick<Lab, 'history'>,
  hasReplicas = true,
): Promise<void> {
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
  lab.progress(0.6, text('killing a primary', '주 서버 하나를 강제 종료'))
  const atMs = load.now
  await redis.killPrimary(primaryCount - 1)
  const backMs = await comesTrue(lab, async () => dead.every((member) => load.isServed(member, atMs)))
  const home = primaryCount - 1
  lab.record({ step: 'cluster killed', home, atMs, ...(backMs !== undefined && { backMs }) })
  await load[Symbol.asyncDispose]()
  for (const member of members) {
    const { user, home, acknowledged } = member
    lab.record({ step: 'cluster count', user: user.name, home, acknowledged, count: await countOf(lab, user) })
  }
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
  readonly atMs: number
  readonly isServed: boolean
}

/** All users at once, counting and reading in turns, until it is disposed of. */
class Load implements AsyncDisposable {
  readonly #visits = new Map<Member, Visit[]>()
  readonly #running: Promise<unknown>
  readonly #lab: Recorder<ClusterRow>
  readonly #began = performance.now()
  #isOver = false

  constructor(lab: Recorder<ClusterRow>, members: readonly Member[]) {
    this.#lab = lab
    this.#running = Promise.all(members.map((member) => this.#run(member)))
    this.#running.catch(() => {}) // Awaited at the end.
  }

  /** Milliseconds since it began. */
  get now(): number {
    return performance.now() - this.#began
  }

  /** Whether a user was served three times in a row with what it asked since then. */
  isServed(member: Member, at: number): boolean {
    const last = (this.#visits.get(member) ?? []).slice(-3)
    return last.length === 3 && last.every(({ atMs, isServed }) => atMs >= at && isServed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(member: Member): Promise<void> {
    const { user, home } = member
    const visits: Visit[] = []
    this.#visits.set(member, visits)
    while (!this.#isOver) {
      const isWrite = visits.length % 2 === 0
      const atMs = this.now
      const status = await user.ask('/counter', { method: isWrite ? 'POST' : 'GET' }).then(
        (answer) => answer.status,
        () => 0,
      )
      this.#lab.record({ step: 'cluster visit', user: user.name, home, atMs, tookMs: this.now - atMs, status })
      visits.push({ atMs, isServed: status === 200 })
      if (isWrite && status === 200) member.acknowledged++
      await pause(everyMs, this.#lab.signal)
    }
  }
}

/** What a user's counter says once somebody answers; 0 where nobody does. */
async function countOf(lab: Lab, user: VirtualUser): Promise<number> {
  let count = 0
  await comesTrue(lab, async () => {
    const answer = await user.ask('/counter')
    count = answer.status === 200 ? Number(answer.body) : 0
    return answer.status === 200
  })
  return count
}
