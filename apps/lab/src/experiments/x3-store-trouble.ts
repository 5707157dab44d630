import type { Cluster } from '@session-cluster/cluster'
import { TimeoutError, type VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Language, type Text, text } from '../language.ts'
import { strip } from '../pictures/strip.ts'
import { labClusters } from '../rig/cluster.ts'
import { fieldNodes, type Side } from '../rig/control.ts'
import { comesTrue, waited, withinPatience } from '../rig/until.ts'
import { ended, makeUsers, saveInTurn, type UserRow, visited, visitsIn } from '../rig/users.ts'
import { counted, presence, ratio, withSpread } from '../verdict.ts'

const crowd = 9
const storeTimeoutMs = 250
const slowMs = 20
/** What a machine that is busy with other things may add; far below what a hang would be. */
const outerBound = 10
/** How long the control is waited for: twelve times our store timeout. */
const controlTimeoutMs = 3000

interface Trouble {
  readonly id: 'slow' | 'hung' | 'refused'
  readonly name: Text
  begin(cluster: Cluster): Promise<void>
  end(cluster: Cluster): Promise<void>
}

const troubles: readonly Trouble[] = [
  {
    id: 'slow',
    name: text('slow (+20 ms)', '느림 (+20 ms)'),
    async begin({ redisLink }) {
      if (redisLink) redisLink.latencyMs = slowMs
    },
    async end({ redisLink }) {
      if (redisLink) redisLink.latencyMs = 0
    },
  },
  {
    id: 'hung',
    name: text('hung (SIGSTOP)', '멈춤 (SIGSTOP)'),
    begin: async ({ redis }) => redis?.freeze(),
    end: async ({ redis }) => redis?.thaw(),
  },
  {
    id: 'refused',
    name: text('refused (port closed)', '거부 (포트 닫힘)'),
    begin: async ({ redisLink }) => redisLink?.refuse(),
    end: async ({ redisLink }) => redisLink?.accept(),
  },
]

const names = (language: Language) => troubles.map(({ name }) => name[language]).join(' / ')

/** What one read got while the store was in trouble. */
interface ReplyRow {
  readonly step: 'reply'
  readonly side: Side
  readonly trouble: Trouble['id']
  readonly user: string
  /** 0: there was no answer. */
  readonly status: number
  readonly retryAfter: boolean
  readonly newCookie: boolean
  readonly hung: boolean
  readonly tookMs: number
  readonly node: string
}

/** How long it took after the store's return until everyone was found; none when some never were. */
interface HealedRow {
  readonly step: 'healed'
  readonly trouble: Trouble['id']
  readonly ms?: number
}

type X3Row = UserRow | ReplyRow | HealedRow

/** X3: what users get when the store is slow, hangs or is gone, and what they get when it is back. */
export const storeTrouble = experiment<X3Row>({
  id: 'X3',
  title: text(
    'When Redis is in trouble, requests fail at once, say so, and heal',
    'Redis에 문제가 생기면 바로 실패하고, 이유를 밝히고, 스스로 복구한다',
  ),
  says: text(
    'The shared store is now the one thing that everything depends on: when it fails, users get a clear answer, never a hang and never silently a fresh session.',
    '공유 저장소는 모두가 기대는 하나가 됩니다. 저장소가 고장 나면 사용자는 멈춤이나 조용한 새 세션이 아니라 분명한 답을 받습니다.',
  ),
  steps: text(
    `Two servers, ${crowd} users with sessions. Redis answers 20 ms late; is stopped with SIGSTOP; refuses connections. Each time everyone reads, then Redis comes back and everyone reads again. As a control one server of Express with express-session and connect-redis, as their READMEs set it up, while Redis is stopped: are there requests that hang?`,
    `서버 둘, 세션이 있는 사용자 ${crowd}명. Redis가 20 ms 늦게 답할 때, SIGSTOP으로 멈췄을 때, 연결을 거부할 때. 매번 모두 읽고, Redis가 돌아오면 다시 모두 읽습니다. 대조군으로 README대로 설정한 Express + express-session + connect-redis 서버 하나에서도 Redis를 멈춥니다. 응답 없이 멈추는 요청이 있을까요?`,
  ),
  expected: text(
    'slow: all found; hung and refused: 503 with Retry-After, no new cookie, bounded by the store timeout; afterwards all found again; the control hangs',
    '느림: 모두 찾음. 멈춤과 거부: Retry-After가 있는 503, 새 쿠키 없음, 저장소 시간 제한으로 막힘. 그 뒤 모두 다시 찾음. 대조군은 응답 없이 멈춤',
  ),
  async run(lab) {
    await using clusters = await labClusters(lab, {
      ours: {
        mode: 'clustered',
        nodes: 2,
        links: { redis: true },
        nodeEnv: { SESSION_STORE_TIMEOUT_MS: String(storeTimeoutMs) },
      },
      control: { mode: 'clustered', nodes: 1, ...fieldNodes },
    })
    const users = makeUsers(lab, crowd, clusters.ours.balancer.url)
    await saveInTurn(lab, users)
    for (const trouble of troubles) await episode(lab, clusters.ours, users, trouble)
    await controlHung(lab, clusters.control)
  },
  judge(history) {
    const episodes = troubles.map((trouble) => episodeIn(history, trouble))
    const control = history.of('reply').filter(({ side }) => side === 'control')
    const [slow, ...down] = episodes as [Episode, Episode, Episode]
    const answers = down.flatMap((each) => each.during)
    const withStatus = (status: number) => answers.filter((answer) => answer.status === status).length
    const hung = episodes.flatMap((each) => each.during).filter((answer) => answer.hung).length
    const limit = withinPatience(history.settings)
    const fresh = answers.filter((answer) => answer.newCookie).length
    return {
      headline: {
        value: `${withStatus(503)} / ${answers.length}`,
        label: text(
          `requests got a clear 503 while Redis hung or refused; ${hung} hung, ${fresh} got a fresh session`,
          `Redis가 멈추거나 거부하는 동안 분명한 503을 받은 요청. 응답 없이 멈춘 요청 ${hung}, 새 세션 ${fresh}`,
        ),
      },
      checks: [
        counted(text('slow: found', '느림: 찾음'), slow.during.filter((answer) => answer.status === 200).length, crowd),
        counted(
          // A timer may be a millisecond early.
          text('slow: answers that did not wait for Redis', '느림: Redis를 기다리지 않은 답'),
          slow.during.filter((answer) => answer.tookMs < slowMs - 1).length,
          0,
        ),
        ...down.map((each) =>
          counted(
            text(`${each.id}: answered 503 with Retry-After`, `${each.name.ko}: Retry-After가 있는 503`),
            each.during.filter((answer) => answer.status === 503 && answer.retryAfter).length,
            crowd,
          ),
        ),
        counted(text('requests that hung', '멈춘 요청'), hung, 0),
        counted(text('new session cookies given meanwhile', '그동안 발급된 새 세션 쿠키'), fresh, 0),
        counted(
          text(
            `found again ${limit.en} of its return, without restarting anything: after ${names('en')}`,
            `돌아온 뒤 ${limit.ko} 아무것도 다시 시작하지 않고 다시 찾음: ${names('ko')} 뒤`,
          ),
          episodes.map((each) => each.healed),
          episodes.map(() => crowd),
        ),
        presence(
          text(
            `control: requests without an answer in ${controlTimeoutMs / 1000} s while Redis hung`,
            `대조군: Redis가 멈춘 동안 ${controlTimeoutMs / 1000}초 안에 답이 없는 요청`,
          ),
          control.filter(({ hung }) => hung).length,
          'some',
          control.length,
        ),
        ...down.map((each) =>
          ratio(
            text(
              `${each.id}: time to the answer, in store timeouts`,
              `${each.name.ko}: 답까지의 시간 ÷ 저장소 시간 제한`,
            ),
            each.during.map((answer) => answer.tookMs / storeTimeoutMs),
            { atMost: outerBound },
            { random: history.random(each.id) },
          ),
        ),
      ],
      observations: episodes.flatMap(({ name, during, healMs }) => [
        {
          what: text(`${name.en}: until the answer, ms`, `${name.ko}: 답까지, ms`),
          value: withSpread(during.map((answer) => answer.tookMs)),
        },
        {
          what: text(
            `${name.en}: from its return until everyone is found, ms`,
            `${name.ko}: 돌아온 뒤 모두 찾기까지, ms`,
          ),
          value: waited(healMs, history.settings),
        },
      ]),
      pictures: [picture(episodes)],
      figures: { clearAnswerMs: Math.max(...answers.map(({ tookMs }) => tookMs)) },
    }
  },
})

interface Episode {
  readonly id: Trouble['id']
  readonly name: Text
  readonly during: readonly ReplyRow[]
  /** Users found afterwards. */
  readonly healed: number
  /** How long it took until all were; `undefined` when some never were. */
  readonly healMs: number | undefined
}

function episodeIn(history: History<X3Row>, { id, name }: Trouble): Episode {
  return {
    id,
    name,
    during: history.of('reply').filter(({ side, trouble }) => side === 'ours' && trouble === id),
    healed: ended(visitsIn(history, `after ${id}`), 'found'),
    healMs: history.of('healed').find(({ trouble }) => trouble === id)?.ms,
  }
}

async function episode(
  lab: Lab<X3Row>,
  cluster: Cluster,
  users: readonly VirtualUser[],
  trouble: Trouble,
): Promise<void> {
  lab.progress(troubles.indexOf(trouble) / troubles.length, trouble.name)
  await trouble.begin(cluster)
  try {
    for (const user of users) await reply(lab, user, { side: 'ours', trouble: trouble.id })
  } finally {
    await trouble.end(cluster)
  }
  const allFound = async () =>
    (await Promise.all(users.map((user) => user.visit()))).every((visit) => visit.outcome === 'found')
  const ms = await comesTrue(lab, allFound)
  lab.record({ step: 'healed', trouble: trouble.id, ...(ms !== undefined && { ms }) })
  for (const user of users) await visited(lab, user, `after ${trouble.id}`)
}

/** The same question to a library of the field while its Redis is stopped; all at once, for each may take until the limit. */
async function controlHung(lab: Lab<X3Row>, cluster: Cluster): Promise<void> {
  const users = makeUsers(lab, crowd, cluster.node('a').url, 'control')
  await saveInTurn(lab, users)
  await cluster.redis?.freeze()
  try {
    await Promise.all(
      users.map((user) => reply(lab, user, { side: 'control', trouble: 'hung', timeoutMs: controlTimeoutMs })),
    )
  } finally {
    await cluster.redis?.thaw()
  }
}

interface Asked extends Pick<ReplyRow, 'side' | 'trouble'> {
  readonly timeoutMs?: number
}

async function reply(lab: Lab<X3Row>, user: VirtualUser, { timeoutMs, ...asked }: Asked): Promise<void> {
  lab.signal.throwIfAborted()
  const began = performance.now()
  const { answer, error } = await user.ask('/get', timeoutMs === undefined ? {} : { timeoutMs }).then(
    (answer) => ({ answer, error: undefined }),
    (error: unknown) => ({ answer: undefined, error }),
  )
  const cookies = answer?.headers['set-cookie'] ?? []
  lab.record({
    step: 'reply',
    ...asked,
    user: user.name,
    status: answer?.status ?? 0,
    retryAfter: answer?.headers['retry-after'] !== undefined,
    newCookie: cookies.some((cookie) => cookie.startsWith('SESSION=')),
    hung: error instanceof TimeoutError,
    tookMs: performance.now() - began,
    node: answer?.node ?? '',
  })
}

function picture(episodes: readonly Episode[]) {
  const rows = episodes.flatMap(({ id, name, during, healed }) => [
    {
      name,
      cells: during.map(({ node, status }) => ({ outcome: status === 200 ? 'found' : 'error', on: node }) as const),
    },
    {
      name: text(`${id}, afterwards`, `${name.ko}, 그 뒤`),
      cells: during.map((_, index) => ({ outcome: index < healed ? 'found' : 'error' }) as const),
    },
  ])
  return strip({
    id: 'strip',
    title: text(
      'Each user’s read while Redis was in trouble, and afterwards',
      'Redis에 문제가 있을 때와 그 뒤, 사용자마다의 읽기',
    ),
    caption: text(
      'A slow store should only slow, one that hangs or refuses should give clear errors (!); afterwards everyone should be found again.',
      '느린 저장소는 늦어지게만 하고, 멈추거나 거부하는 저장소는 분명한 오류(!)를 내야 합니다. 그 뒤에는 모두 다시 찾아야 합니다.',
    ),
    rows,
  })
}
