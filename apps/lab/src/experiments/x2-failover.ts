import { redisStore, type SessionKey, type SessionStore } from '@session-cluster/session'
import type { Redis } from 'ioredis'
import type { Experiment, Lab } from '../experiment.ts'
import { text, type Words } from '../language.ts'
import { allEnded } from '../load/all-ended.ts'
import { pause } from '../load/pause.ts'
import { bars } from '../pictures/bars.ts'
import { type ReplicatedRedis, replicaCount, replicatedRedis } from '../rig/replicated-redis.ts'
import { until, waited, withinPatience } from '../rig/until.ts'
import { counted, someOrNone } from '../verdict.ts'
import { clusterChecks, clusterObservations, clusterTrouble } from './x2-cluster.ts'

/** How far the replicas are behind the primary. */
const lagMs = 150
const writers = 4
const everyMs = 10
const lifetime = { idleTimeoutMs: 3_600_000, absoluteTimeoutMs: 0, touchEveryMs: 60_000 }

/**
 * X2: the store itself fails over, and what was acknowledged by the old primary alone is gone; in a Redis Cluster only a part of
 * the users notice. `start` and `trouble` are for the test in which nothing takes the primary's place.
 */
export const failover = (start = replicatedRedis, trouble = clusterTrouble): Experiment => ({
  id: 'X2',
  title: text(
    'A failover of the store loses what no replica had yet',
    '저장소가 장애 조치되면 복제본이 아직 받지 못한 것은 사라진다',
  ),
  says: text(
    'A replicated store survives the death of its primary by itself; but what was written a moment before may be gone, unless the writer waited for the replicas.',
    '복제된 저장소는 주 서버가 죽어도 스스로 살아납니다. 하지만 바로 전에 쓴 것은, 복제본을 기다리지 않았다면 사라질 수 있습니다.',
  ),
  steps: text(
    `A primary, two replicas ${lagMs} ms behind it, three sentinels. ${writers} writers make sessions; SIGKILL the primary; they go on until the new primary takes writes. Then every session whose writing was acknowledged is looked for. Once with a WAIT after each write until every replica has it, once without. Then a Redis Cluster of three primaries with a replica each, behind two nodes: slots move from one primary to another while users go on, then a primary is killed.`,
    `주 Redis 하나, ${lagMs} ms 늦은 복제본 둘, 센티널 셋. ${writers}개의 쓰기 주체가 세션을 만드는 동안 주 Redis를 SIGKILL로 죽이고, 새 주 Redis가 쓰기를 받을 때까지 계속합니다. 이어서 확인받은 세션을 모두 찾아봅니다. 쓸 때마다 WAIT로 모든 복제본을 기다리는 경우와 기다리지 않는 경우를 한 번씩. 다음으로, 주 서버 셋과 복제본 하나씩으로 된 Redis Cluster와 노드 둘. 사용자가 요청하는 동안 슬롯을 다른 주 서버로 옮기고, 이어서 주 서버 하나를 죽입니다.`,
  ),
  expected: text(
    'writing resumes by itself both times; without WAIT acknowledged sessions are lost, with WAIT none; in a cluster moving slots fails nobody, and a dead primary only its own users, for a while',
    '두 경우 모두 쓰기가 스스로 다시 된다. WAIT 없이는 확인받은 세션이 사라지고, WAIT가 있으면 하나도 사라지지 않는다. Cluster에서는 슬롯을 옮겨도 아무도 실패하지 않고, 주 서버가 죽으면 그 서버의 사용자만 잠시 실패한다',
  ),
  limits: text(
    'The lag was made with a proxy, so that a loss is seen for certain; on a fast network few or none are lost. WAIT costs each write a round trip to the replicas, and the session library does not send it. Waiting for one of several replicas would lose little, but not surely nothing: sentinels choose by what they last heard of each.',
    '유실이 반드시 보이도록 지연을 프록시로 만들었습니다. 빠른 네트워크에서는 거의 없을 수 있습니다. WAIT는 쓸 때마다 복제본까지의 왕복을 치르며, 세션 라이브러리는 WAIT를 보내지 않습니다. 여러 복제본 중 하나만 기다리면 적게 잃지만 반드시 0은 아닙니다. 센티널은 복제본마다 마지막으로 들은 것을 보고 고릅니다.',
  ),
  async run(lab) {
    const once = async (wait: boolean) => {
      await using redis = await start(lab, lagMs)
      return await failOver(lab, redis, wait)
    }
    const [without, withWait] = await allEnded([once(false), once(true)])
    const cluster = await trouble(lab)
    return {
      headline: {
        value: [without, withWait].map((each) => (each.unanswered > 0 ? '?' : each.lost)).join(' : '),
        label: text(
          `acknowledged sessions lost in a failover: without WAIT (of ${without.acknowledged}) against with WAIT (of ${withWait.acknowledged})`,
          `개의 확인된 세션이 장애 조치에서 유실: WAIT 없이(${without.acknowledged}개 중) 대 WAIT로(${withWait.acknowledged}개 중)`,
        ),
      },
      checks: [
        counted(
          text('without WAIT: acknowledged sessions lost', 'WAIT 없이: 확인받고 유실된 세션'),
          without.unanswered > 0 ? lostOf(without) : someOrNone(without.lost),
          someOrNone(1),
        ),
        counted(text('with WAIT: acknowledged sessions lost', 'WAIT로: 확인받고 유실된 세션'), lostOf(withWait), 0),
        counted(
          text(
            `failovers after which writing went on by itself ${withinPatience(lab).en}`,
            `${withinPatience(lab).ko} 쓰기가 스스로 다시 된 장애 조치`,
          ),
          [without, withWait].filter(({ resumed }) => resumed).length,
          2,
        ),
        ...clusterChecks(lab, cluster),
      ],
      observations: [
        ...clusterObservations(lab, cluster),
        {
          what: text('window without writes, without WAIT, ms', '쓰지 못한 시간, WAIT 없이, ms'),
          value: waited(without.windowMs, lab),
        },
        {
          what: text('window without writes, with WAIT, ms', '쓰지 못한 시간, WAIT로, ms'),
          value: waited(withWait.windowMs, lab),
        },
      ],
      pictures: [picture(without, withWait)],
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

async function failOver(lab: Lab, redis: ReplicatedRedis, wait: boolean): Promise<Outcome> {
  using writing = new Writing(redis.client, wait)
  const writersDone = Promise.all(Array.from({ length: writers }, (_, writer) => writing.write(lab, writer)))
  writersDone.catch(() => {}) // Awaited below.
  lab.progress(0.5, text('writing, then killing the primary', '쓰다가 주 Redis를 죽임'))
  await until(lab, 'the primary takes writes', async () => writing.acknowledged.length >= (wait ? 10 : 100))
  writing.killedAtMs = performance.now()
  await redis.killPrimary()
  await writersDone
  const outcome = { acknowledged: writing.acknowledged.length, ...(await writing.lookFor()), ...writing.gap() }
  lab.record({ step: wait ? 'with WAIT' : 'without WAIT', ...outcome })
  return outcome
}

/** Sessions that are made one after another, until the new primary has acknowledged one. */
class Writing implements Disposable {
  readonly acknowledged: { readonly key: SessionKey; readonly atMs: number }[] = []
  killedAtMs = Number.POSITIVE_INFINITY
  readonly #client: Redis
  readonly #store: SessionStore
  readonly #wait: boolean
  #over = false

  constructor(client: Redis, wait: boolean) {
    this.#client = client
    this.#store = redisStore({ client, namespace: 'failover' })
    this.#wait = wait
  }

  async write(lab: Lab, writer: number): Promise<void> {
    const isOver = () => this.#over || this.gap().resumed || performance.now() > this.killedAtMs + lab.patienceMs
    for (let turn = 0; !isOver(); turn++) {
      const key = `writer-${writer}-${turn}`
      if (await this.#isAcknowledged(key)) this.acknowledged.push({ key, atMs: performance.now() })
      await pause(everyMs, lab.signal)
    }
  }

  [Symbol.dispose](): void {
    this.#over = true
  }

  /** An answer that was on its way when the primary died does not count for the new one. */
  gap(): Pick<Outcome, 'resumed' | 'windowMs'> {
    const first = this.acknowledged.find(({ atMs }) => atMs > this.killedAtMs + lagMs)
    const last = this.acknowledged.findLast(({ atMs }) => atMs <= this.killedAtMs + lagMs)
    return { resumed: first !== undefined, windowMs: first && last && first.atMs - last.atMs }
  }

  /** Looks for every acknowledged session. */
  async lookFor(): Promise<Pick<Outcome, 'lost' | 'unanswered'>> {
    const found = { lost: 0, unanswered: 0 }
    for (const { key } of this.acknowledged) {
      try {
        if ((await this.#store.load(key, { now: Date.now(), lifetime })) === undefined) found.lost++
      } catch {
        found.unanswered++
      }
    }
    return found
  }

  /** One of them takes the primary's place when that is dead. */
  get #replicas(): number {
    return Number.isFinite(this.killedAtMs) ? replicaCount - 1 : replicaCount
  }

  /** A failed write was told to its writer: nobody thinks that this one was kept. */
  async #isAcknowledged(key: SessionKey): Promise<boolean> {
    const now = Date.now()
    const set = new Map([['q', Buffer.from(key)]])
    try {
      const result = await this.#store.commit(key, { create: { createdAt: now }, set }, { now, lifetime })
      return result === 'ok' && (!this.#wait || (await this.#client.wait(this.#replicas, 1000)) >= this.#replicas)
    } catch {
      return false
    }
  }
}

function picture(without: Outcome, withWait: Outcome) {
  const rows = [
    { group: text('without WAIT', 'WAIT 없이'), outcome: without },
    { group: text('with WAIT', 'WAIT로'), outcome: withWait },
  ]
  const answered = rows.every(({ outcome }) => outcome.unanswered === 0)
  return bars({
    id: 'acknowledged',
    title: text('Acknowledged sessions after the failover', '장애 조치 뒤의 확인된 세션'),
    caption: text(
      'What the old primary alone had is gone. Waiting for the replicas costs speed, so fewer were written.',
      '옛 주 Redis만 가졌던 것은 사라집니다. 복제본을 기다리면 느려서 적게 씁니다.',
    ),
    bars: rows.flatMap(({ group, outcome }) => [
      { group, series: text('found', '찾음'), value: outcome.acknowledged - outcome.lost - outcome.unanswered },
      { group, series: text('lost', '유실'), value: outcome.lost },
      ...(answered ? [] : [{ group, series: text('no answer', '답 없음'), value: outcome.unanswered }]),
    ]),
    groupTitle: text('writing', '쓰기'),
    valueTitle: text('sessions', '세션'),
    colors: ['var(--found)', 'var(--lost)', 'var(--error)'],
  })
}
