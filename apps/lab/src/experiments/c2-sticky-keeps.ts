import { shuffled } from '@session-cluster/visitor'
import { experiment } from '../experiment.ts'
import { text } from '../language.ts'
import { inParallel } from '../load/open-loop.ts'
import { heatmap } from '../pictures/heatmap.ts'
import { labCluster } from '../rig/cluster.ts'
import {
  askEveryNode,
  ended,
  homesIn,
  lostIn,
  makeUsers,
  saveInTurn,
  type UserRow,
  visited,
  visitsIn,
} from '../rig/users.ts'
import { counted } from '../verdict.ts'

const crowd = 30
const requestsEach = 20
const nodes = ['a', 'b', 'c'] as const

/** C2: does the balancer send everyone back to where they were? */
export const stickyKeeps = experiment<UserRow>({
  id: 'C2',
  title: text('Sticky sessions keep each user on one server', 'Sticky Session은 사용자를 한 서버에 붙여 둔다'),
  says: text(
    'One way is to pin the requests of one person to one server: the balancer remembers who was sent where and sends them there again.',
    '특정 사람이 보낸 요청을 하나의 서버로 고정하는 방법입니다. 로드밸런서가 사용자를 기록해, 다시 요청할 경우 최초로 요청이 전달된 서버로 전달합니다.',
  ),
  steps: text(
    `Three servers behind an affinity cookie; ${crowd} users save once and read ${requestsEach} times each, ten at a time, in a new order each time; then every server is asked for every session.`,
    `서버 고정 쿠키를 쓰는 로드 밸런서 뒤의 서버 셋. 사용자 ${crowd}명이 한 번 저장하고 ${requestsEach}번씩, 매번 순서를 바꿔 열 명이 동시에 읽습니다. 끝으로 모든 서버에 모든 세션을 묻습니다.`,
  ),
  expected: text(
    'every user sees one server only; nothing is missed, nothing is lost',
    '사용자마다 서버 하나만 만나며, 찾지 못함도 유실도 없다',
  ),
  async run(lab) {
    await using cluster = await labCluster(lab, { mode: 'sticky', nodes: 3 })
    const users = makeUsers(lab, crowd, cluster.balancer.url)
    await saveInTurn(lab, users)
    const order = lab.random('order')
    for (let round = 0; round < requestsEach; round++) {
      // In another order each time: thirty users in turn on three nodes would meet their node again without any affinity.
      lab.progress(round / requestsEach, text('users are reading', '사용자들이 읽는 중'))
      await inParallel(shuffled(users, order), 10, (user) => visited(lab, user, 'read'))
    }
    await askEveryNode(lab, users, cluster, 'read')
  },
  judge(history) {
    const homes = homesIn(history)
    const reads = visitsIn(history, 'read')
    const seen = new Map([...homes.keys()].map((user) => [user, new Map<string, number>()]))
    for (const { user, node = '?' } of reads) seen.get(user)?.set(node, (seen.get(user)?.get(node) ?? 0) + 1)
    const faithful = [...homes].filter(([user, home]) => [...(seen.get(user)?.keys() ?? [])].join() === home).length
    return {
      headline: {
        value: `${faithful} / ${crowd}`,
        label: text('users met one server only', '한 서버에서만 응답을 받은 사용자'),
      },
      checks: [
        counted(
          text('users who saved on a, b, c', 'a, b, c에 저장한 사용자'),
          nodes.map((name) => [...homes.values()].filter((home) => home === name).length),
          nodes.map(() => crowd / 3),
        ),
        counted(
          text('users who saw no other server than the one that saved', '저장한 서버 말고는 만나지 않은 사용자'),
          faithful,
          crowd,
        ),
        counted(
          text('reads: found, missed, failed', '읽기: 찾음, 여기 없음, 오류'),
          [ended(reads, 'found'), ended(reads, 'miss'), ended(reads, 'error')],
          [crowd * requestsEach, 0, 0],
        ),
        counted(text('sessions lost', '유실된 세션'), lostIn(history, 'read').size, 0),
      ],
      observations: [],
      pictures: [picture(crowd, nodes, seen)],
    }
  },
})

function picture(users: number, nodes: readonly string[], seen: ReadonlyMap<string, ReadonlyMap<string, number>>) {
  return heatmap({
    id: 'users-nodes',
    title: text('Which server answered which user', '어느 서버가 어느 사용자에게 답했나'),
    caption: text(
      'Requests of each user (across) on each server (down). One full cell per user: pinned.',
      '사용자(가로)별 요청을 받은 서버(세로). 사용자마다 한 칸만 차 있으면 고정된 것입니다.',
    ),
    columns: Array.from({ length: users }, (_, index) => String(index + 1)),
    columnTitle: text('user', '사용자'),
    rows: nodes,
    rowTitle: text('server', '서버'),
    count: (node, user) => seen.get(`u${user}`)?.get(node) ?? 0,
  })
}
