import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { type Experiment, type Lab, prove } from '../experiment.ts'
import { text } from '../language.ts'
import { bars } from '../pictures/bars.ts'
import { labCluster } from '../rig/cluster.ts'
import { type Stretch, visitsDuring } from '../rig/crowd.ts'
import { lostUsers, makeUsers, saveInTurn } from '../rig/users.ts'
import { counted } from '../verdict.ts'

const crowd = 30
const perSecond = 60
const shopNode = fileURLToPath(new URL('../rig/shop-node.ts', import.meta.url))

/** X4: a release that keeps an attribute in another shape is rolled out node by node, and rolled back. */
export const rollingDeploy: Experiment = {
  id: 'X4',
  title: text(
    'A new release with another shape of data costs no session',
    '데이터 형태가 바뀐 새 릴리스를 배포해도 세션을 잃지 않는다',
  ),
  says: text(
    'Servers are replaced one at a time, so for a while old and new code read and write the same sessions.',
    '서버를 하나씩 교체하므로, 한동안 옛 코드와 새 코드가 같은 세션을 읽고 씁니다.',
  ),
  steps: text(
    `Three nodes of a shop on one Redis, ${crowd} users with a cart, ${perSecond} reads a second. Release 2 keeps the cart as an instance of a class instead of a list. It is rolled out node by node, then release 1 is rolled back; after each node every user reads, adds an item and reads the cart.`,
    `Redis 하나를 쓰는 상점 노드 셋, 장바구니가 있는 사용자 ${crowd}명, 초당 ${perSecond}번 읽기. 릴리스 2는 장바구니를 목록 대신 클래스 인스턴스로 저장합니다. 노드를 하나씩 새 릴리스로 바꾸고, 다시 릴리스 1로 되돌립니다. 노드마다 모든 사용자가 읽고, 담고, 장바구니를 봅니다.`,
  ),
  expected: text(
    'no 5xx, no session lost, neither on the way there nor back; what release 1 cannot read reads as absent',
    '가는 길에도 돌아오는 길에도 5xx 0, 유실 0. 릴리스 1이 읽지 못하는 것은 없는 것으로 읽힌다',
  ),
  limits: text(
    'A cart that only release 2 could read is empty for release 1, and gone once that writes: to keep it, the new shape needs a new name, or both are written for a while.',
    '릴리스 2만 읽을 수 있는 장바구니는 릴리스 1에게 비어 있고, 릴리스 1이 쓰면 사라집니다. 지키려면 새 형태에 새 이름을 주거나 한동안 둘 다 써야 합니다.',
  ),
  async run(lab) {
    await using releases = await releaseFolder()
    await using cluster = await labCluster(lab, {
      mode: 'clustered',
      nodes: 3,
      entryPoints: { node: shopNode },
      nodeEnv: { SHOP_RELEASES: releases.path, DRAIN_MS: '600' },
    })
    const users = makeUsers(lab, crowd, cluster.balancer.url)
    await saveInTurn(lab, users)
    const before = await shop(lab, users, 'release 1')
    prove(before.failed === 0 && before.carts === crowd, 'the shop works before anything is deployed')
    const there = await deploy(lab, cluster, users, { releases, release: '2' })
    const back = await deploy(lab, cluster, users, { releases, release: '1' })
    return {
      headline: {
        value: there.failed + back.failed,
        label: text(
          `failed requests in two rolling deployments, and ${there.lost + back.lost} of ${crowd} sessions lost`,
          `개의 요청 실패: 배포 두 번 동안. 세션 ${crowd}개 중 유실 ${there.lost + back.lost}`,
        ),
      },
      checks: [
        counted(text('roll-out: requests that failed or missed', '배포: 실패하거나 미스가 난 요청'), there.failed, 0),
        counted(
          text('roll-back: requests that failed or missed', '되돌리기: 실패하거나 미스가 난 요청'),
          back.failed,
          0,
        ),
        counted(
          text('sessions lost after the roll-out, after the roll-back', '배포 뒤, 되돌린 뒤에 유실된 세션'),
          [there.lost, back.lost],
          [0, 0],
        ),
        counted(
          text('releases seen at the end of each', '각각의 끝에 본 릴리스'),
          [there.releases, back.releases],
          ['2', '1'],
        ),
        counted(
          text('carts that release 2 reads when all nodes run it', '모든 노드가 릴리스 2일 때 읽힌 장바구니'),
          there.carts,
          crowd,
        ),
      ],
      observations: [
        { what: text('items in all carts after the roll-out', '배포 뒤 모든 장바구니의 물건'), value: there.items },
        { what: text('items in all carts after the roll-back', '되돌린 뒤 모든 장바구니의 물건'), value: back.items },
      ],
      pictures: [picture(there, back)],
    }
  },
}

interface Deployment {
  readonly requests: number
  readonly failed: number
  readonly lost: number
  /** Which releases answered when it was done: one. */
  readonly releases: string
  /** Users in whose cart something is. */
  readonly carts: number
  /** All that is in their carts. */
  readonly items: number
}

async function releaseFolder() {
  const path = await mkdtemp(join(tmpdir(), 'lab-releases-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

async function deploy(
  lab: Lab,
  cluster: Cluster,
  users: readonly VirtualUser[],
  { releases, release }: { releases: { path: string }; release: string },
): Promise<Deployment> {
  let requests = 0
  let failed = 0
  let shopped = await shop(lab, [], release)
  for (const node of cluster.nodes) {
    const name = text(`release ${release} on ${node.name}`, `${node.name}에 릴리스 ${release}`)
    lab.progress(0.5, name)
    await writeFile(join(releases.path, node.name), release)
    const stretch: Stretch = await visitsDuring(lab, users, perSecond, {
      name,
      happen: () => node.restart(),
    })
    shopped = await shop(lab, users, name.en)
    requests += stretch.visits.length + shopped.requests
    failed += stretch.visits.filter(({ visit }) => visit.outcome !== 'found').length + shopped.failed
  }
  const { size: lost } = await lostUsers(lab, users, cluster)
  return {
    requests,
    failed,
    lost,
    releases: [...shopped.releases].join(' and '),
    carts: shopped.carts,
    items: shopped.items,
  }
}

/** Every user reads its token, puts something into its cart, and looks into it. */
async function shop(lab: Lab, users: readonly VirtualUser[], step: string) {
  const seen = { requests: 0, failed: 0, carts: 0, items: 0, releases: new Set<string>() }
  for (const user of users) {
    lab.signal.throwIfAborted()
    const answers = [
      await user.ask('/get'),
      await user.ask('/cart/add?item=book', { method: 'POST' }),
      await user.ask('/cart'),
    ]
    const cart = answers[2]?.status === 200 ? (JSON.parse(answers[2].body) as string[]) : []
    seen.requests += answers.length
    seen.failed += answers.filter((answer) => answer.status !== 200).length
    if (cart.length > 0) seen.carts++
    seen.items += cart.length
    for (const { headers } of answers) seen.releases.add(String(headers['x-release']))
    lab.record({ step, user: user.name, statuses: answers.map(({ status }) => status), cart })
  }
  return seen
}

function picture(there: Deployment, back: Deployment) {
  return bars({
    id: 'deployments',
    title: text('Requests during two rolling deployments', '배포 두 번 동안의 요청'),
    caption: text(
      'Old and new nodes serve side by side. A failure is any answer but a 200 with the session, or none.',
      '옛 노드와 새 노드가 함께 답합니다. 실패는 세션이 담긴 200이 아닌 답이나 끊긴 연결입니다.',
    ),
    bars: [
      { group: text('roll-out of release 2', '릴리스 2 배포'), moves: there },
      { group: text('roll-back to release 1', '릴리스 1로 되돌리기'), moves: back },
    ].flatMap(({ group, moves }) => [
      { group, series: text('answered', '답함'), value: moves.requests - moves.failed },
      { group, series: text('failed', '실패'), value: moves.failed },
    ]),
    groupTitle: text('deployment', '배포'),
    valueTitle: text('requests', '요청'),
    colors: ['var(--found)', 'var(--error)'],
  })
}
