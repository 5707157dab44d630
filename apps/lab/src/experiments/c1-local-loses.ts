import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text } from '../language.ts'
import { type StripCell, strip } from '../pictures/strip.ts'
import { labCluster } from '../rig/cluster.ts'
import { ended, makeUser, makeUsers, outcomeOf, saveInTurn, type UserRow, visited, visitsIn } from '../rig/users.ts'
import { counted } from '../verdict.ts'

const crowd = 30
const readsEach = 4

type Part = 'in turns' | 'cookie deleted' | 'one jar' | 'a jar for each' | 'round robin'

type C1Row =
  | UserRow
  | { readonly step: 'write'; readonly during: Part; readonly node: string; readonly replaced: boolean }

/** C1: what the tutorial's reader sees on 8080 and 8081. */
export const localLoses = experiment<C1Row>({
  id: 'C1',
  title: text(
    'A session in one server’s memory is unknown to the other',
    '한 서버의 메모리에 있는 세션을 다른 서버는 모른다',
  ),
  says: text(
    'Save on 8080 and read on 8081, and the data is not found: with several servers a session inside one server is hard to keep.',
    '회수를 다른 포트의 서버에서 하려고 할 때 데이터를 정상적으로 찾을 수 없습니다. 여러 서버를 가동하게 되면, 세션의 정보를 서버 내부에서 관리하기 어려워집니다.',
  ),
  steps: text(
    `Two servers without shared sessions. Set on a; get on a, b, a and so on. Delete the cookie. Write on a and b in turns with one cookie jar, then with a jar for each. Last, ${crowd} users through a round-robin balancer.`,
    `세션을 나누지 않는 서버 둘. a에 저장하고 a, b, a …에서 읽습니다. 쿠키를 지웁니다. 쿠키 저장소 하나로 a와 b에 번갈아 쓰고, 서버마다 따로 둔 쿠키 저장소로도 써 봅니다. 끝으로 라운드 로빈 로드 밸런서로 사용자 ${crowd}명.`,
  ),
  expected: text(
    'b misses every time; each write on the other server replaces the cookie; behind round robin half of the reads miss',
    'b는 매번 찾지 못하고, 다른 서버에 쓸 때마다 쿠키가 바뀌며, 라운드 로빈에서는 읽기의 절반이 세션을 찾지 못한다',
  ),
  async run(lab) {
    await using cluster = await labCluster(lab, { mode: 'local', nodes: 2 })
    await inTurns(lab, cluster)
    await cookieDeleted(lab, cluster)
    await writes(lab, cluster, 'one jar')
    await writes(lab, cluster, 'a jar for each')
    lab.progress(0.5, text('30 users, round robin', '사용자 30명, 라운드 로빈'))
    for (const user of makeUsers(lab, crowd, cluster.balancer.url)) {
      await saveInTurn(lab, [user])
      for (let read = 0; read < readsEach; read++) await visited(lab, user, 'round robin')
    }
  },
  judge(history) {
    const there = cells(history, 'in turns')
    const deleted = cells(history, 'cookie deleted')
    const roundRobin = visitsIn(history, 'round robin')
    const reads = { found: ended(roundRobin, 'found'), miss: ended(roundRobin, 'miss') }
    const counts = (row: readonly StripCell[], on: string, outcome: StripCell['outcome']) =>
      row.filter((cell) => cell.on === on && cell.outcome === outcome).length
    const missed = (row: readonly StripCell[], on: string) => counts(row, on, 'miss')
    const replaced = (during: Part) =>
      history.of('write').filter((write) => write.during === during && write.replaced).length
    return {
      headline: {
        value: `${missed(there, 'b')} / ${there.filter((cell) => cell.on === 'b').length}`,
        label: text(
          `reads on the other server miss; behind round robin ${reads.miss} of ${reads.found + reads.miss}`,
          `다른 서버에서 읽은 ${there.filter((cell) => cell.on === 'b').length}번 중 세션을 찾지 못한 횟수. 라운드 로빈에서는 ${reads.found + reads.miss}번 중 ${reads.miss}번`,
        ),
      },
      checks: [
        counted(
          text(
            'reads on a and b in turns after a save on a: found on a, missed on b',
            'a에 저장한 뒤 a, b 번갈아 읽기: a에서 찾음, b에서 못 찾음',
          ),
          [counts(there, 'a', 'found'), missed(there, 'b')],
          [3, 3],
        ),
        counted(
          text('found after the cookie was deleted', '쿠키를 지운 뒤 찾음'),
          deleted.filter((cell) => cell.outcome === 'found').length,
          0,
        ),
        counted(
          text(
            'one jar, six writes in turns: cookie replaced',
            '쿠키 저장소 하나, 번갈아 여섯 번 쓰기: 쿠키가 바뀐 횟수',
          ),
          replaced('one jar'),
          6,
        ),
        counted(
          text(
            'a jar for each server, six writes: cookie replaced',
            '서버마다 쿠키 저장소, 여섯 번 쓰기: 쿠키가 바뀐 횟수',
          ),
          replaced('a jar for each'),
          2,
        ),
        counted(
          text('round robin: reads found, missed', '라운드 로빈: 찾은 읽기, 찾지 못한 읽기'),
          [reads.found, reads.miss],
          [(crowd * readsEach) / 2, (crowd * readsEach) / 2],
        ),
      ],
      observations: [],
      pictures: [
        picture([
          [text('reads in turns', '번갈아 읽기'), there],
          [text('cookie deleted', '쿠키 삭제'), deleted],
          [text('one jar, reads between', '쿠키 저장소 하나, 사이에 읽기'), cells(history, 'one jar')],
          [text('a jar for each', '서버마다 쿠키 저장소'), cells(history, 'a jar for each')],
        ]),
      ],
    }
  },
})

/** The reads of one part, as the picture shows them. A cookie that is deleted nobody can know: not the other server either. */
function cells(history: History<C1Row>, during: Part): StripCell[] {
  return visitsIn(history, during).map((visit) => {
    const outcome = outcomeOf(visit)
    return {
      outcome: during === 'cookie deleted' && outcome === 'miss' ? 'lost' : outcome,
      ...(visit.node !== undefined && { on: visit.node }),
    }
  })
}

function picture(rows: readonly (readonly [Text, readonly StripCell[]])[]) {
  return strip({
    id: 'strip',
    title: text('What became of each read', '읽기마다 어떻게 되었나'),
    caption: text(
      'The letter is the server that answered: does any other know the session than the one that wrote it?',
      '글자는 답한 서버입니다. 쓴 서버 말고 그 세션을 아는 서버가 있을까요?',
    ),
    rows: rows.map(([name, cells]) => ({ name, cells })),
  })
}

async function readAt(lab: Lab<C1Row>, user: VirtualUser, cluster: Cluster, name: string, during: Part): Promise<void> {
  user.base = cluster.node(name).url
  await visited(lab, user, during)
}

async function inTurns(lab: Lab<C1Row>, cluster: Cluster): Promise<void> {
  const user = makeUser(lab, cluster.node('a').url, 'alice')
  await user.save()
  for (const name of ['a', 'b', 'a', 'b', 'a', 'b']) await readAt(lab, user, cluster, name, 'in turns')
}

/** Without her cookie nobody can know her: neither server finds anything, and no third one would. */
async function cookieDeleted(lab: Lab<C1Row>, cluster: Cluster): Promise<void> {
  const user = makeUser(lab, cluster.node('a').url, 'bob')
  await user.save()
  for (const name of user.jar.names) user.jar.delete(name)
  for (const name of ['a', 'b']) await readAt(lab, user, cluster, name, 'cookie deleted')
}

/** Six writes on a and b in turns, each followed by a read on the other one when the jar is shared, else on the same. */
async function writes(lab: Lab<C1Row>, cluster: Cluster, during: 'one jar' | 'a jar for each'): Promise<void> {
  const shared = during === 'one jar'
  const users = makeUsers(lab, shared ? 1 : 2, cluster.node('a').url, during)
  for (let turn = 0; turn < 6; turn++) {
    const user = users[turn % users.length] as VirtualUser
    const [here, other] = turn % 2 ? (['b', 'a'] as const) : (['a', 'b'] as const)
    user.base = cluster.node(here).url
    const before = user.jar.get('JSESSIONID')
    await user.save()
    lab.record({ step: 'write', during, node: here, replaced: user.jar.get('JSESSIONID') !== before })
    await readAt(lab, user, cluster, shared ? other : here, during)
  }
}
