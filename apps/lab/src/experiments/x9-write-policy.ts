import type { VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text } from '../language.ts'
import { bars } from '../pictures/bars.ts'
import { labCluster } from '../rig/cluster.ts'
import { fieldNodes } from '../rig/control.ts'
import { storeUse } from '../rig/inspect.ts'
import { commandCounts, connectRedis, type RedisView } from '../rig/redis.ts'
import { makeUsers, type SaveRow, saveInTurn } from '../rig/users.ts'
import { counted, presence } from '../verdict.ts'

const crowd = 5
const requestsEach = 20
const idleTimeoutMs = 600_000
const throttleMs = 60_000
/** Commands by which Redis changes something. */
const writing = ['set', 'expire', 'hset', 'hincrby', 'hdel', 'pexpire'] as const

/** A touch writes down when the session was used, and until when it is kept. */
const touchWrites = 2

interface Policy {
  readonly id: string
  readonly name: Text
  readonly touchEveryMs: number
  readonly path: (user: VirtualUser) => string
  readonly clientCommands: number
}

const policies: readonly Policy[] = [
  {
    id: 'always',
    name: text('save on every request', '요청마다 저장'),
    touchEveryMs: 0,
    path: ({ token }) => `/set?q=${token}`,
    clientCommands: 2,
  },
  {
    id: 'on-change',
    name: text('save on change, touch always', '바뀔 때 저장, 늘 갱신'),
    touchEveryMs: 0,
    path: () => '/get',
    clientCommands: 1,
  },
  {
    id: 'throttled',
    name: text('save on change, touch once a minute', '바뀔 때 저장, 1분에 한 번 갱신'),
    touchEveryMs: throttleMs,
    path: () => '/get',
    clientCommands: 1,
  },
]

/** All requests of one policy: what the node sent, what Redis wrote, and which time to live each session has left, in ms. */
interface PolicyRow {
  readonly step: 'policy'
  readonly policy: string
  readonly requests: number
  readonly commands: number
  readonly writes: number
  /** How long ago the last access of any of them is at most, ms. */
  readonly sinceMs: number
  readonly ttls: readonly number[]
  /** Writes that the same count saw when each user saved once. */
  readonly saveWrites: readonly number[]
}

/** The same reads through a library of the field. */
interface ControlRow {
  readonly step: 'control'
  readonly requests: number
  readonly writes: number
}

type X9Row = SaveRow | PolicyRow | ControlRow

/** X9: what a request that only reads costs the store, by when the session is written and its time prolonged. */
export const writePolicy = experiment<X9Row>({
  id: 'X9',
  title: text('Write what changed, touch now and then', '바뀐 것만 쓰고, 갱신은 가끔만'),
  says: text(
    'A session that is only read need not be written: a throttled touch spares the store and still lets nobody be logged out early.',
    '읽기만 한 세션은 쓸 필요가 없습니다. 갱신을 드물게 하면 저장소를 아끼면서도 누구도 일찍 로그아웃되지 않습니다.',
  ),
  steps: text(
    `${crowd} users, ${requestsEach} requests each that need the session: saving on each, touching on each, touching at most once a minute. The server’s count of commands, and Redis’ own count of commands that write. As controls everyone saves once at the end, and the same reads go through Express with express-session and connect-redis, as their READMEs set them up: the count has to see both.`,
    `사용자 ${crowd}명이 세션이 필요한 요청을 ${requestsEach}번씩: 매번 저장, 매번 갱신, 1분에 한 번만 갱신. 서버가 센 명령과 Redis가 센 쓰기 명령을 봅니다. 대조군으로 끝에 모두 한 번씩 저장하고, 같은 읽기를 README대로 설정한 Express + express-session + connect-redis로도 보냅니다. 같은 셈이 둘 다 알아채야 합니다.`,
  ),
  expected: text(
    '2 commands against 1; with the throttle no write at all; time to live never below the idle timeout, above it by at most the throttle; the control writes on reads too',
    '명령 2개와 1개. 드문 갱신은 쓰기 0. 남은 수명은 유휴 시간보다 짧지 않고, 드문 만큼만 길다. 대조군은 읽기에도 쓴다',
  ),
  async run(lab) {
    for (const [index, policy] of policies.entries()) {
      lab.progress(index / policies.length, policy.name)
      await measure(lab, policy)
    }
    await control(lab)
  },
  judge(history) {
    const costs = policies.map((policy) => costIn(history, policy))
    const [, touching, throttled] = costs as [Cost, Cost, Cost]
    const [field] = history.of('control')
    const perRequest = (cost: Cost) => cost.writes / (crowd * requestsEach)
    return {
      headline: {
        value: throttled.writes,
        label: text(
          `writes in Redis for ${crowd * requestsEach} reads, with the touch throttled; with express-session and connect-redis ${field?.writes ?? '–'}`,
          `갱신을 드물게 할 때 읽기 ${crowd * requestsEach}번에 Redis가 쓴 횟수. express-session + connect-redis는 ${field?.writes ?? '–'}`,
        ),
      },
      checks: [
        ...costs.map(({ policy, commands }) =>
          counted(
            text(`${policy.name.en}: commands per request`, `${policy.name.ko}: 요청당 명령`),
            commands / (crowd * requestsEach),
            policy.clientCommands,
          ),
        ),
        counted(text('throttled: writes in Redis', '드문 갱신: Redis의 쓰기'), throttled.writes, 0),
        counted(
          text(
            'control: saves that the same count saw, with the touch throttled',
            '대조: 갱신을 드물게 할 때 같은 셈이 알아챈 저장',
          ),
          throttled.savesSeen,
          crowd,
        ),
        counted(
          text(
            'control: writes that the same count saw when each read touches',
            '대조: 읽을 때마다 갱신할 때 같은 셈이 알아챈 쓰기',
          ),
          touching.writes,
          touchWrites * crowd * requestsEach,
        ),
        presence(
          text('control: writes in Redis for reads alone', '대조군: 읽기만 했는데 Redis가 쓴 횟수'),
          field?.writes ?? 0,
          'some',
        ),
        ...costs.map(({ policy, accurate }) =>
          counted(
            text(`${policy.name.en}: sessions whose time to live is right`, `${policy.name.ko}: 남은 수명이 맞는 세션`),
            accurate,
            crowd,
          ),
        ),
      ],
      observations: costs.map((each) => ({
        what: text(
          `${each.policy.name.en}: writes in Redis per request`,
          `${each.policy.name.ko}: 요청당 Redis의 쓰기`,
        ),
        value: perRequest(each),
      })),
      pictures: [picture(costs, field)],
      figures: {
        readWrites: perRequest(throttled),
        controlWrites: (field?.writes ?? Number.NaN) / (field?.requests ?? Number.NaN),
      },
    }
  },
})

interface Cost {
  readonly policy: Policy
  readonly commands: number
  readonly writes: number
  /** Users for whom the count of writes grew when they saved: were it blind, no writes would mean nothing. */
  readonly savesSeen: number
  /** Sessions that Redis keeps for at least the idle timeout after their last access, and at most the throttle longer. */
  readonly accurate: number
}

function costIn(history: History<X9Row>, policy: Policy): Cost {
  const row = history.of('policy').find((each) => each.policy === policy.id)
  const inTime = (ttl: number) =>
    ttl >= idleTimeoutMs - (row?.sinceMs ?? 0) && ttl <= idleTimeoutMs + policy.touchEveryMs
  return {
    policy,
    commands: row?.commands ?? Number.NaN,
    writes: row?.writes ?? Number.NaN,
    savesSeen: (row?.saveWrites ?? []).filter((writes) => writes > 0).length,
    accurate: (row?.ttls ?? []).filter(inTime).length,
  }
}

async function measure(lab: Lab<X9Row>, policy: Policy): Promise<void> {
  await using cluster = await labCluster(lab, {
    mode: 'clustered',
    nodes: 1,
    nodeEnv: { SESSION_IDLE_TIMEOUT_MS: String(idleTimeoutMs), SESSION_TOUCH_EVERY_MS: String(policy.touchEveryMs) },
  })
  const users = makeUsers(lab, crowd, cluster.node('a').url)
  await saveInTurn(lab, users)
  await using redis = await connectRedis(cluster)
  for (const user of users) await user.ask(policy.path(user)) // Redis learns the scripts.
  const before = await writesOf(redis)
  const startedAt = performance.now()
  const { commands } = await storeUse(cluster.nodes, () => requests(lab, users, policy.path))
  const writes = (await writesOf(redis)) - before
  const ttls = await timesToLive(redis)
  const sinceMs = performance.now() - startedAt
  const saveWrites: number[] = []
  for (const user of users) {
    const counted = await writesOf(redis)
    await user.save()
    saveWrites.push((await writesOf(redis)) - counted)
  }
  lab.record({
    step: 'policy',
    policy: policy.id,
    requests: crowd * requestsEach,
    commands,
    writes,
    sinceMs,
    ttls,
    saveWrites,
  })
}

async function control(lab: Lab<X9Row>): Promise<void> {
  await using cluster = await labCluster(lab, { mode: 'clustered', nodes: 1, ...fieldNodes })
  const users = makeUsers(lab, crowd, cluster.node('a').url, 'control')
  await saveInTurn(lab, users)
  await using redis = await connectRedis(cluster)
  const before = await writesOf(redis)
  await requests(lab, users, () => '/get')
  lab.record({ step: 'control', requests: crowd * requestsEach, writes: (await writesOf(redis)) - before })
}

async function requests(lab: Lab, users: readonly VirtualUser[], path: Policy['path']): Promise<void> {
  for (let request = 0; request < requestsEach; request++) {
    for (const user of users) {
      lab.signal.throwIfAborted()
      const { status } = await user.ask(path(user))
      prove(status === 200, `${path(user)} answers 200, not ${status}`)
    }
  }
}

async function writesOf({ client }: RedisView): Promise<number> {
  const counts = await commandCounts(client)
  return writing.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0)
}

/** The time to live of each session, ms. */
async function timesToLive({ client }: RedisView): Promise<number[]> {
  const keys = await client.keys('*:sessions:*')
  return Promise.all(keys.map((key) => client.pttl(key)))
}

function picture(costs: readonly Cost[], field: ControlRow | undefined) {
  return bars({
    id: 'commands',
    title: text('What one request costs the store', '요청 하나가 저장소에 치르는 값'),
    caption: text(
      'Commands that the server sends, and writes that Redis makes of them.',
      '서버가 보낸 명령과, 그로 인해 Redis가 한 쓰기.',
    ),
    bars: [
      ...costs.flatMap((each) => [
        {
          group: each.policy.name,
          series: text('commands sent', '보낸 명령'),
          value: each.commands / (crowd * requestsEach),
        },
        {
          group: each.policy.name,
          series: text('writes in Redis', 'Redis의 쓰기'),
          value: each.writes / (crowd * requestsEach),
        },
      ]),
      ...(field
        ? [
            {
              group: text('control: express-session, reads', '대조군: express-session, 읽기'),
              series: text('writes in Redis', 'Redis의 쓰기'),
              value: field.writes / field.requests,
            },
          ]
        : []),
    ],
    groupTitle: text('policy', '방침'),
    valueTitle: text('per request', '요청당'),
  })
}
