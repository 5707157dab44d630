import { randomUUID } from 'node:crypto'
import type { Cluster } from '@session-cluster/cluster'
import { ask, type VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text } from '../language.ts'
import { matrix } from '../pictures/matrix.ts'
import { labCluster } from '../rig/cluster.ts'
import { connectRedis } from '../rig/redis.ts'
import { comesTrue, withinPatience } from '../rig/until.ts'
import { makeUser } from '../rig/users.ts'
import { counted } from '../verdict.ts'

const attacks = {
  invented: text('invented ids', '지어낸 ID'),
  altered: text('one character changed', '한 글자를 바꿈'),
  keys: text('keys read out of Redis', 'Redis에서 읽은 키'),
  planted: text('an id planted before login', '로그인 전에 심은 ID'),
  old: text('the id from before login', '로그인 전의 ID'),
  loggedOut: text('the id after logout', '로그아웃한 ID'),
  expired: text('an id past its idle time', '유휴 시간이 지난 ID'),
  stolen: text('a stolen valid id', '훔친 유효한 ID'),
} as const satisfies Record<string, Text>
type AttackName = keyof typeof attacks
const forgeries = (Object.keys(attacks) as AttackName[]).filter((name) => name !== 'stolen')

/** One cookie shown to every node: what each of them answered. */
interface AttemptRow {
  readonly step: 'attempt'
  readonly attack: AttackName
  readonly id: string
  readonly statuses: readonly number[]
}

/** How many sessions Redis still had when its patience with an idle one was over. */
interface KeptRow {
  readonly step: 'kept'
  readonly sessions: number
}

type X6Row = AttemptRow | KeptRow

/** How a stranger tries to get at a session, how often, and how often it was served. */
interface Attack {
  readonly name: Text
  readonly tries: number
  readonly served: number
  /** Answers that were neither a session (200) nor none (404). */
  readonly strange: number
}

const looks = {
  refused: { mark: '✓', color: 'var(--found)', name: text('not served', '거절') },
  served: { mark: '✗', color: 'var(--lost)', name: text('served', '허용') },
} as const

/** X6: made-up, altered, planted, old, expired and stolen ids. */
export const forgery = experiment<X6Row>({
  id: 'X6',
  title: text('A forged or old session id opens nothing', '위조한 세션 ID나 옛 세션 ID로는 아무것도 열리지 않는다'),
  says: text(
    'The cookie alone says whose session it is: so it must not be possible to guess, plant, alter or reuse one.',
    '누구의 세션인지는 쿠키만이 말해 줍니다. 그러므로 추측하거나, 심거나, 바꾸거나, 다시 쓸 수 없어야 합니다.',
  ),
  steps: text(
    'Against two servers on one Redis: ids of the right shape that nobody was given, every character of a valid cookie changed, the key as it stands in Redis, an id planted before login, the id from before login, one after logout, one past its idle time; last, a stolen valid id.',
    'Redis 하나를 쓰는 서버 둘에: 아무에게도 준 적 없는 그럴듯한 ID, 유효한 쿠키의 글자를 하나씩 바꾼 것, Redis에 보이는 키, 로그인 전에 심어 둔 ID, 로그인 전의 ID, 로그아웃한 ID, 유휴 시간이 지난 ID. 끝으로 훔친 유효한 ID.',
  ),
  expected: text(
    'none is served, on any server; the stolen valid id is: a cookie is a key, whoever holds it',
    '어느 서버에서도 허용되지 않는다. 단, 훔친 유효한 ID는 통한다. 쿠키는 열쇠이고, 누가 쥐었는지는 모른다',
  ),
  limits: text(
    'A stolen valid id works until its session ends. Against that help HttpOnly, Secure, short lifetimes and a new id at login, not the session store.',
    '훔친 유효한 ID는 세션이 끝날 때까지 통합니다. 이를 막는 것은 HttpOnly, Secure, 짧은 수명, 로그인 때의 새 ID이지 세션 저장소가 아닙니다.',
  ),
  async run(lab) {
    await using cluster = await labCluster(lab, { mode: 'clustered', nodes: 2 })
    await expired(lab)
    await invented(lab, cluster)
    await altered(lab, cluster)
    await keysFromRedis(lab, cluster)
    await aroundLogin(lab, cluster)
    await attempts(lab, cluster, 'stolen', [cookieOf(await member(lab, cluster, 'robbed'))])
  },
  judge(history) {
    const forged = forgeries.map((name) => attackIn(history, name))
    const stolen = attackIn(history, 'stolen')
    const tries = forged.reduce((sum, attack) => sum + attack.tries, 0)
    const served = forged.reduce((sum, attack) => sum + attack.served, 0)
    return {
      headline: {
        value: `${served} / ${tries}`,
        label: text('forged, planted or outdated cookies were served', '위조하거나, 심거나, 낡은 쿠키 중 허용된 것'),
      },
      checks: [
        ...forged.map(({ name, tries, served }) =>
          counted(text(`${name.en}: served, of ${tries}`, `${name.ko}: ${tries}번 중 허용`), served, 0),
        ),
        counted(
          text(
            'a stolen valid id: served, of 2 (it must be: this is a limit)',
            '훔친 유효한 ID: 2번 중 허용 (통하는 것이 당연하며, 이것이 한계)',
          ),
          stolen.served,
          2,
        ),
        counted(
          text('answers that were neither 200 nor 404', '200도 404도 아닌 답'),
          [...forged, stolen].reduce((sum, attack) => sum + attack.strange, 0),
          0,
        ),
        counted(
          text(
            `sessions in Redis past their idle time, ${withinPatience(history.settings).en}`,
            `유휴 시간이 지난 뒤 ${withinPatience(history.settings).ko} Redis에 남은 세션`,
          ),
          history.of('kept')[0]?.sessions ?? Number.NaN,
          0,
        ),
      ],
      observations: [],
      pictures: [picture([...forged, stolen])],
    }
  },
})

function attackIn(history: History<X6Row>, name: AttackName): Attack {
  const statuses = history
    .of('attempt')
    .filter(({ attack }) => attack === name)
    .flatMap((row) => row.statuses)
  return {
    name: attacks[name],
    tries: statuses.length,
    served: statuses.filter((status) => status === 200).length,
    strange: statuses.filter((status) => status !== 200 && status !== 404).length,
  }
}

/** What each node answers to someone who shows this cookie. */
async function shown(lab: Lab, cluster: Cluster, id: string): Promise<number[]> {
  lab.signal.throwIfAborted()
  const answers = await Promise.all(
    cluster.nodes.map((node) => ask(new URL('/get', node.url), { headers: { cookie: `SESSION=${id}` } })),
  )
  return answers.map((answer) => answer.status)
}

async function member(lab: Lab, cluster: Cluster, name: string): Promise<VirtualUser> {
  const user = makeUser(lab, cluster.balancer.url, name)
  await user.save()
  return user
}

const cookieOf = (user: VirtualUser): string => user.jar.get('SESSION') ?? ''

async function attempts(lab: Lab<X6Row>, cluster: Cluster, attack: AttackName, ids: readonly string[]): Promise<void> {
  lab.progress(0.5, attacks[attack])
  for (const id of ids) lab.record({ step: 'attempt', attack, id, statuses: await shown(lab, cluster, id) })
}

/** Drawn from the seed, so of the right shape and not secret; the chance that one exists is 2^-144. */
async function invented(lab: Lab<X6Row>, cluster: Cluster): Promise<void> {
  const valid = cookieOf(await member(lab, cluster, 'shape'))
  const random = lab.random('invented')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const made = Array.from({ length: 20 }, () => Array.from(valid, () => alphabet[Math.floor(random() * 64)]).join(''))
  await attempts(lab, cluster, 'invented', [...made, '', 'null', randomUUID(), '../../etc', `${valid}${valid}`])
}

async function altered(lab: Lab<X6Row>, cluster: Cluster): Promise<void> {
  const valid = cookieOf(await member(lab, cluster, 'altered'))
  const flipped = Array.from(valid, (character, at) => {
    const other = character === 'A' ? 'B' : 'A'
    return valid.slice(0, at) + other + valid.slice(at + 1)
  })
  await attempts(lab, cluster, 'altered', flipped)
}

/** What someone learns who can read Redis but was never given a cookie. */
async function keysFromRedis(lab: Lab<X6Row>, cluster: Cluster): Promise<void> {
  await member(lab, cluster, 'reader')
  await using redis = await connectRedis(cluster)
  const keys = await redis.client.keys('*:sessions:*')
  const ends = keys.map((key) => key.slice(key.lastIndexOf(':') + 1))
  prove(ends.length > 0, 'there are sessions to be found in Redis')
  await attempts(lab, cluster, 'keys', ends.slice(0, 5))
}

/** An attacker plants an id, or knows the one from before; the victim logs in, then logs out. */
async function aroundLogin(lab: Lab<X6Row>, cluster: Cluster): Promise<void> {
  const victim = makeUser(lab, cluster.balancer.url, 'victim')
  const plantedId = 'Planted0Planted0Planted0'
  victim.jar.set('SESSION', plantedId)
  await victim.save()
  await attempts(lab, cluster, 'planted', [plantedId])
  const beforeLogin = cookieOf(victim)
  await victim.ask('/login?user=victim', { method: 'POST' })
  prove((await victim.visit()).outcome === 'found', 'the victim still has the session after logging in')
  await attempts(lab, cluster, 'old', [beforeLogin])
  const loggedIn = cookieOf(victim)
  await victim.ask('/logout', { method: 'POST' })
  await attempts(lab, cluster, 'loggedOut', [loggedIn])
}

/** A session whose idle time is a second: once Redis has let it go, or should have, its cookie is shown again. */
async function expired(lab: Lab<X6Row>): Promise<void> {
  await using cluster = await labCluster(lab, {
    mode: 'clustered',
    nodes: 1,
    nodeEnv: { SESSION_IDLE_TIMEOUT_MS: '1000', SESSION_TOUCH_EVERY_MS: '1000' },
  })
  const id = cookieOf(await member(lab, cluster, 'idle'))
  prove((await shown(lab, cluster, id))[0] === 200, 'the session lives before its idle time is over')
  await using redis = await connectRedis(cluster)
  await comesTrue(lab, async () => (await redis.client.dbsize()) === 0)
  lab.record({ step: 'kept', sessions: await redis.client.dbsize() })
  await attempts(lab, cluster, 'expired', [id])
}

function picture(attacks: readonly Attack[]) {
  return matrix({
    id: 'attacks',
    title: text('What each attempt got', '시도마다의 결과'),
    caption: text(
      'How often it was tried stands in brackets. A tick: the stranger was never served. The last one is not forged but stolen, and no store can tell.',
      '괄호는 시도한 횟수, 체크는 한 번도 허용하지 않음. 마지막은 위조가 아니라 훔친 것이며, 어떤 저장소도 구별할 수 없습니다.',
    ),
    looks,
    rowTitle: text('attempt', '시도'),
    columns: [text('outcome', '결과')],
    rows: attacks.map((attack) => ({
      name: text(`${attack.name.en} (${attack.tries})`, `${attack.name.ko} (${attack.tries})`),
      cells: [attack.served === 0 ? 'refused' : 'served'],
    })),
  })
}
