import { redisStore, type SessionKey, type SessionStore } from '@session-cluster/session'
import type { Redis } from 'ioredis'
import { experiment, type Lab } from '../experiment.ts'
import type { History } from '../history.ts'
import { say, text, type Words } from '../language.ts'
import { allEnded } from '../load/all-ended.ts'
import { pause } from '../load/pause.ts'
import { timeline } from '../pictures/timeline.ts'
import { type ReplicatedRedis, replicaCount, replicatedRedis } from '../rig/replicated-redis.ts'
import { until, waited, withinPatience } from '../rig/until.ts'
import { counted, presence, someOrNone } from '../verdict.ts'
import { type ClusterRow, clusterChecks, clusterObservations, clusterTrouble } from './x2-cluster.ts'

/** How far the replicas are behind the primary. */
const lagMs = 150
const writers = 4
const everyMs = 10
const lifetime = { idleTimeoutMs: 3_600_000, absoluteTimeoutMs: 0, touchEveryMs: 60_000 }

const cases = ['without WAIT', 'with WAIT'] as const
type Case = (typeof cases)[number]

/** A writer made a session, or failed to. */
interface WriteRow {
  readonly step: 'write'
  readonly case: Case
  readonly key: string
  /** When it was answered, from the start of the writing, in milliseconds. */
  readonly atMs: number
  readonly acknowledged: boolean
}

interface KilledRow {
  readonly step: 'killed'
  readonly case: Case
  readonly atMs: number
}

/** Each acknowledged session was looked for when a new primary took writes. */
interface LookRow {
  readonly step: 'look'
  readonly case: Case
  readonly key: string
  readonly found: 'yes' | 'no' | 'no answer'
}

type X2Row = WriteRow | KilledRow | LookRow | ClusterRow

/**
 * X2: the store itself fails over, and what was acknowledged by the old primary alone is gone; in a Redis Cluster only a part of
 * the users notice. `start` and `trouble` are for the test in which nothing takes the primary's place.
 */
export const failover = (start = replicatedRedis, trouble = clusterTrouble) =>
  experiment<X2Row>({
    id: 'X2',
    on: 'parts',
    title: text(
      'A failover of the store loses what no replica had yet',
      '저장소에 장애 조치가 일어나면 복제본이 아직 받지 못한 것은 사라진다',
    ),
    says: text(
      'A replicated store survives the death of its primary by itself; but what was written a moment before may be gone, unless the writer waited for the replicas.',
      '복제된 저장소는 주 서버가 죽어도 스스로 살아납니다. 하지만 바로 전에 쓴 것은, 복제본을 기다리지 않았다면 사라질 수 있습니다.',
    ),
    steps: text(
      `A primary, two replicas ${lagMs} ms behind it, three sentinels. ${writers} writers make sessions; SIGKILL the primary; they go on until the new primary takes writes. Then every session whose writing was acknowledged is looked for. Once with a WAIT after each write until every replica has it, once without. Then a Redis Cluster of three primaries with a replica each, behind two nodes: slots move from one primary to another while users go on, then a primary is killed.`,
      `주 Redis 하나, ${lagMs} ms 늦은 복제본 둘, 센티널 셋. ${writers}개의 쓰기 주체가 세션을 만드는 동안 주 Redis를 SIGKILL로 죽이고, 새 주 Redis가 쓰기를 받을 때까지 계속합니다. 이어서 확인받은 세션을 모두 찾아봅니다. 쓸 때마다 WAIT로 모든 복제본을 기다리는 경우와 기다리지 않는 경우를 한 번씩. 다음으로, 주 서버 셋과 복제본 하나씩으로 된 Redis Cluster와 서버 둘. 사용자가 요청하는 동안 슬롯을 다른 주 서버로 옮기고, 이어서 주 서버 하나를 죽입니다.`,
    ),
    expected: text(
      'writing resumes by itself both times; without WAIT acknowledged sessions are lost, with WAIT none; in a cluster moving slots fails nobody, and a dead primary only its own users, for a while',
      '두 경우 모두 쓰기가 스스로 다시 된다. WAIT 없이는 확인받은 세션이 사라지고, WAIT가 있으면 하나도 사라지지 않는다. Cluster에서는 슬롯을 옮겨도 아무도 실패하지 않고, 주 서버가 죽으면 그 서버의 사용자만 잠시 실패한다',
    ),
    limits: text(
      'With Sentinel the writers use the session library’s store against real Redis processes, without servers or a balancer between; the cluster stands behind real servers. The lag was made with a proxy, so that a loss is seen for certain; on a fast network few or none are lost. WAIT costs each write a round trip to the replicas, and the session library does not send it. Waiting for one of several replicas would lose little, but not surely nothing: sentinels choose by what they last heard of each.',
      'Sentinel 실험에서는 실제 Redis 프로세스에 세션 라이브러리의 저장소로 바로 쓰며 서버와 로드 밸런서가 끼지 않습니다. Cluster는 실제 서버 뒤에 있습니다. 유실이 반드시 보이도록 지연을 프록시로 만들었습니다. 빠른 네트워크에서는 거의 없을 수 있습니다. WAIT는 쓸 때마다 복제본까지의 왕복을 치르며, 세션 라이브러리는 WAIT를 보내지 않습니다. 여러 복제본 중 하나만 기다리면 적게 잃지만 반드시 0은 아닙니다. 센티널은 복제본마다 마지막으로 들은 것을 보고 고릅니다.',
    ),
    async run(lab) {
      await allEnded(
        cases.map(async (name) => {
          await using redis = await start(lab, lagMs)
          await failOver(lab, redis, name)
        }),
      )
      await trouble(lab)
    },
    judge(history) {
      const [without, withWait] = [outcomeIn(history, 'without WAIT'), outcomeIn(history, 'with WAIT')]
      const { settings } = history
      const lostWithout = text('without WAIT: acknowledged sessions lost', 'WAIT 없이: 확인받고 유실된 세션')
      const fate = ({ lost, unanswered }: Outcome) => (unanswered > 0 ? '?' : someOrNone(lost))
      const [left, right] = [fate(without), fate(withWait)]
      const said = (language: 'en' | 'ko') => [left, right].map((each) => say(each, language)).join(' : ')
      return {
        headline: {
          value: text(said('en'), said('ko')),
          label: text(
            `of the acknowledged sessions lost in a failover, without WAIT against with WAIT; here ${without.lost} of ${without.acknowledged} and ${withWait.lost} of ${withWait.acknowledged}`,
            `장애 조치에서 유실된 확인받은 세션, WAIT 없이 대 WAIT로. 이번에는 ${without.acknowledged}개 중 ${without.lost}, ${withWait.acknowledged}개 중 ${withWait.lost}`,
          ),
        },
        checks: [
          without.unanswered > 0
            ? counted(lostWithout, lostOf(without), someOrNone(1))
            : presence(lostWithout, without.lost, 'some', without.acknowledged),
          counted(text('with WAIT: acknowledged sessions lost', 'WAIT로: 확인받고 유실된 세션'), lostOf(withWait), 0),
          counted(
            text(
              `failovers after which writing went on by itself ${withinPatience(settings).en}`,
              `${withinPatience(settings).ko} 쓰기가 스스로 다시 된 장애 조치`,
            ),
            [without, withWait].filter(({ resumed }) => resumed).length,
            2,
          ),
          ...clusterChecks(history),
        ],
        observations: [
          ...clusterObservations(history),
          {
            what: text('window without writes, without WAIT, ms', '쓰지 못한 시간, WAIT 없이, ms'),
            value: waited(without.windowMs, settings),
          },
          {
            what: text('window without writes, with WAIT, ms', '쓰지 못한 시간, WAIT로, ms'),
            value: waited(withWait.windowMs, settings),
          },
        ],
        pictures: [picture(history)],
        ...(without.windowMs !== undefined && { figures: { windowMs: without.windowMs } }),
      }
    },
  })

interface Outcome {
  readonly acknowledged: number
  readonly lost: number
  /** Acknowledged, and nobody was there to say whether they are kept. */
  readonly unanswered: number
  readonly resumed: boolean
  /** From the last write that the old primary acknowledged to the first one of the new; `undefined` when that never came. */
  readonly windowMs: number | undefined
}

/** Where no store answers, nothing is known to be lost, nor to be kept. */
const lostOf = ({ lost, unanswered }: Outcome): Words =>
  unanswered > 0 ? text(`not known of ${unanswered}`, `${unanswered}개는 알 수 없음`) : lost

function outcomeIn(history: History<X2Row>, name: Case): Outcome {
  const acknowledged = history.of('write').filter((row) => row.case === name && row.acknowledged)
  const looks = history.of('look').filter((row) => row.case === name)
  const killedAtMs = history.of('killed').find((row) => row.case === name)?.atMs ?? Number.POSITIVE_INFINITY
  return {
    acknowledged: acknowledged.length,
    lost: looks.filter(({ found }) => found === 'no').length,
    unanswered: looks.filter(({ found }) => found === 'no answer').length,
    ...gapIn(
      acknowledged.map(({ atMs }) => atMs).sort((left, right) => left - right),
      killedAtMs,
    ),
  }
}

/** An answer that was on its way when the primary died does not count for the new one. */
function gapIn(acknowledgedMs: readonly number[], killedAtMs: number): Pick<Outcome, 'resumed' | 'windowMs'> {
  const first = acknowledgedMs.find((atMs) => atMs > killedAtMs + lagMs)
  const last = acknowledgedMs.findLast((atMs) => atMs <= killedAtMs + lagMs)
  return {
    resumed: first !== undefined,
    windowMs: first !== undefined && last !== undefined ? first - last : undefined,
  }
}

async function failOver(lab: Lab<X2Row>, redis: ReplicatedRedis, name: Case): Promise<void> {
  using writing = new Writing(lab, redis.client, name)
  const writersDone = Promise.all(Array.from({ length: writers }, (_, writer) => writing.write(writer)))
  writersDone.catch(() => {}) // Awaited below.
  lab.progress(0.5, text('writing, then killing the primary', '쓰다가 주 Redis를 강제 종료'))
  const enough = name === 'with WAIT' ? 10 : 100
  await until(lab, 'the primary takes writes', async () => writing.acknowledged.length >= enough)
  writing.killed()
  await redis.killPrimary()
  await writersDone
  await writing.lookForAll()
}

/** Sessions that are made one after another, until the new primary has acknowledged one. */
class Writing implements Disposable {
  readonly acknowledged: { readonly key: SessionKey; readonly atMs: number }[] = []
  readonly #lab: Lab<X2Row>
  readonly #client: Redis
  readonly #store: SessionStore
  readonly #case: Case
  readonly #began = performance.now()
  #killedAtMs = Number.POSITIVE_INFINITY
  #over = false

  constructor(lab: Lab<X2Row>, client: Redis, name: Case) {
    this.#lab = lab
    this.#client = client
    this.#store = redisStore({ client, namespace: 'failover' })
    this.#case = name
  }

  get #now(): number {
    return performance.now() - this.#began
  }

  killed(): void {
    this.#killedAtMs = this.#now
    this.#lab.record({ step: 'killed', case: this.#case, atMs: this.#killedAtMs })
  }

  async write(writer: number): Promise<void> {
    const resumed = () =>
      gapIn(
        this.acknowledged.map(({ atMs }) => atMs),
        this.#killedAtMs,
      ).resumed
    const isOver = () => this.#over || resumed() || this.#now > this.#killedAtMs + this.#lab.patienceMs
    for (let turn = 0; !isOver(); turn++) {
      const key = `writer-${writer}-${turn}`
      const acknowledged = await this.#isAcknowledged(key)
      const atMs = this.#now
      if (acknowledged) this.acknowledged.push({ key, atMs })
      this.#lab.record({ step: 'write', case: this.#case, key, atMs, acknowledged })
      await pause(everyMs, this.#lab.signal)
    }
  }

  [Symbol.dispose](): void {
    this.#over = true
  }

  /** Looks for every acknowledged session. */
  async lookForAll(): Promise<void> {
    for (const { key } of this.acknowledged) {
      let found: LookRow['found']
      try {
        found = (await this.#store.load(key, { now: Date.now(), lifetime })) === undefined ? 'no' : 'yes'
      } catch {
        found = 'no answer'
      }
      this.#lab.record({ step: 'look', case: this.#case, key, found })
    }
  }

  /** One of them takes the primary's place when that is dead. */
  get #replicas(): number {
    return Number.isFinite(this.#killedAtMs) ? replicaCount - 1 : replicaCount
  }

  /** A failed write was told to its writer: nobody thinks that this one was kept. */
  async #isAcknowledged(key: SessionKey): Promise<boolean> {
    const now = Date.now()
    const set = new Map([['q', Buffer.from(key)]])
    try {
      const result = await this.#store.commit(key, { create: { createdAt: now }, set }, { now, lifetime })
      return (
        result === 'ok' &&
        (this.#case === 'without WAIT' || (await this.#client.wait(this.#replicas, 1000)) >= this.#replicas)
      )
    } catch {
      return false
    }
  }
}

/** Every write over time: what became of it in the end. */
function picture(history: History<X2Row>) {
  const names = { 'without WAIT': text('without WAIT', 'WAIT 없이'), 'with WAIT': text('with WAIT', 'WAIT로') }
  const fates = new Map(history.of('look').map((row) => [`${row.case} ${row.key}`, row.found]))
  return timeline({
    id: 'writes',
    title: text('Sessions written over time, as the primary is killed', '주 Redis가 죽는 동안 저장한 세션'),
    caption: text(
      'Lost (✗): acknowledged to its writer, and not there afterwards. Error (!): refused, so nobody thinks that it was kept. How long does nothing come through?',
      '유실(✗): 저장을 확인받았지만 나중에 없는 세션. 오류(!): 거절되어 아무도 저장됐다고 믿지 않는 세션. 얼마 동안 저장되지 않을까요?',
    ),
    binMs: 100,
    lanes: cases.map((name) => ({
      name: names[name],
      moments: history
        .of('write')
        .filter((row) => row.case === name)
        .map(({ key, atMs, acknowledged }) => {
          const found = fates.get(`${name} ${key}`)
          return { atMs, outcome: !acknowledged || found === 'no answer' ? 'error' : found === 'no' ? 'lost' : 'found' }
        }),
      events: history
        .of('killed')
        .filter((row) => row.case === name)
        .map(({ atMs }) => ({ atMs, name: text('primary killed', '주 Redis 강제 종료') })),
    })),
  })
}
