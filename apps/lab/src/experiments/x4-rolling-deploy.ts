import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cluster } from '@session-cluster/cluster'
import type { VirtualUser } from '@session-cluster/visitor'
import { experiment, type Lab, prove } from '../experiment.ts'
import type { History } from '../history.ts'
import { type Text, text } from '../language.ts'
import { timeline } from '../pictures/timeline.ts'
import { labClusters } from '../rig/cluster.ts'
import { fieldNodes, type Side } from '../rig/control.ts'
import { type IncidentRow, stretchIn, visitsDuring } from '../rig/crowd.ts'
import { askEveryNode, lostIn, makeUsers, outcomeOf, saveInTurn, type UserRow } from '../rig/users.ts'
import { counted, presence } from '../verdict.ts'

const crowd = 30
const perSecond = 60
const shopNode = fileURLToPath(new URL('../rig/shop-node.ts', import.meta.url))

const nodes = ['a', 'b', 'c'] as const
const directions = { 'roll-out': '2', 'roll-back': '1' } as const
type Direction = keyof typeof directions
const partOf = (direction: Direction, node: string) => `${direction} ${node}`

/** A user read its token, put something into its cart, and looked into it. */
interface ShopRow {
  readonly step: 'shop'
  readonly side: Side
  readonly during: string
  readonly user: string
  readonly statuses: readonly number[]
  readonly releases: readonly string[]
  readonly cart: readonly string[]
}

type X4Row = UserRow | IncidentRow | ShopRow

/** X4: a release that keeps an attribute in another shape is rolled out node by node, and rolled back. */
export const rollingDeploy = experiment<X4Row>({
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
    `Three servers of a shop on one Redis, ${crowd} users with a cart, ${perSecond} reads a second. Release 2 keeps the cart as an instance of a class instead of a list. It is rolled out server by server, then release 1 is rolled back; after each server every user reads, adds an item and reads the cart. As a control the same change of shape on one of three servers of Express with express-session and connect-redis: does release 1 fail on what release 2 wrote?`,
    `Redis 하나를 쓰는 상점 서버 셋, 장바구니가 있는 사용자 ${crowd}명, 초당 ${perSecond}번 읽기. 릴리스 2는 장바구니를 목록 대신 클래스 인스턴스로 저장합니다. 서버를 하나씩 새 릴리스로 바꾸고, 다시 릴리스 1로 되돌립니다. 서버마다 모든 사용자가 읽고, 담고, 장바구니를 봅니다. 대조군으로 Express + express-session + connect-redis 서버 셋 중 하나에 같은 변경을 배포합니다. 릴리스 2가 쓴 것 때문에 릴리스 1이 실패할까요?`,
  ),
  expected: text(
    'no 5xx, no session lost, neither on the way there nor back; what release 1 cannot read reads as absent; the control answers 5xx',
    '가는 길에도 돌아오는 길에도 5xx 0, 유실 0. 릴리스 1이 읽지 못하는 것은 없는 것으로 읽힌다. 대조군은 5xx로 답한다',
  ),
  limits: text(
    'A cart that only release 2 could read is empty for release 1, and gone once that writes: to keep it, the new shape needs a new name, or both are written for a while.',
    '릴리스 2만 읽을 수 있는 장바구니는 릴리스 1에게 비어 있고, 릴리스 1이 쓰면 사라집니다. 지키려면 새 형태에 새 이름을 주거나 한동안 둘 다 써야 합니다.',
  ),
  async run(lab) {
    await using releases = await releaseFolder()
    const nodeEnv = { SHOP_RELEASES: releases.path, DRAIN_MS: '600' }
    await using clusters = await labClusters(lab, {
      ours: { mode: 'clustered', nodes: 3, entryPoints: { node: shopNode }, nodeEnv },
      control: { mode: 'clustered', nodes: 3, ...fieldNodes, nodeEnv },
    })
    const users = makeUsers(lab, crowd, clusters.ours.balancer.url)
    await saveInTurn(lab, users)
    const before = await shop(lab, users, 'ours', 'release 1')
    prove(before, 'the shop works before anything is deployed')
    for (const direction of Object.keys(directions) as Direction[])
      await deploy(lab, clusters.ours, users, direction, releases)
    await controlDeploys(lab, clusters.control, releases)
  },
  judge(history) {
    const [there, back] = [deploymentIn(history, 'roll-out'), deploymentIn(history, 'roll-back')]
    const control = history.of('shop').filter(({ side, during }) => side === 'control' && during === 'roll-out a')
    const controlFailed = control.filter(({ statuses }) => statuses.some((status) => status >= 500)).length
    return {
      headline: {
        value: there.failed + back.failed,
        label: text(
          `failed requests in two rolling deployments, and ${there.lost + back.lost} of ${crowd} sessions lost`,
          `배포 두 번 동안 실패한 요청. 세션 ${crowd}개 중 유실 ${there.lost + back.lost}`,
        ),
      },
      checks: [
        counted(
          text('roll-out: requests that failed or missed', '배포: 실패하거나 세션을 찾지 못한 요청'),
          there.failed,
          0,
        ),
        counted(
          text('roll-back: requests that failed or missed', '되돌리기: 실패하거나 세션을 찾지 못한 요청'),
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
          text('carts that release 2 reads when all servers run it', '모든 서버가 릴리스 2일 때 읽힌 장바구니'),
          there.carts,
          crowd,
        ),
        presence(
          text(
            'control: users who got a 5xx while releases were mixed',
            '대조군: 릴리스가 섞인 동안 5xx를 받은 사용자',
          ),
          controlFailed,
          'some',
          crowd,
        ),
      ],
      observations: [
        { what: text('items in all carts after the roll-out', '배포 뒤 모든 장바구니의 물건'), value: there.items },
        { what: text('items in all carts after the roll-back', '되돌린 뒤 모든 장바구니의 물건'), value: back.items },
      ],
      pictures: [picture(history)],
    }
  },
})

interface Deployment {
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
  lab: Lab<X4Row>,
  cluster: Cluster,
  users: readonly VirtualUser[],
  direction: Direction,
  releases: { readonly path: string },
): Promise<void> {
  for (const node of cluster.nodes) {
    lab.progress(0.5, nameOf(direction, node.name))
    await writeFile(join(releases.path, node.name), directions[direction])
    const during = partOf(direction, node.name)
    await visitsDuring(lab, users, perSecond, { during, happen: () => node.restart() })
    await shop(lab, users, 'ours', during)
  }
  await askEveryNode(lab, users, cluster, direction)
}

/** The same change of shape met by a program that nobody prepared for it: one node of three runs release 2. */
async function controlDeploys(lab: Lab<X4Row>, cluster: Cluster, releases: { readonly path: string }): Promise<void> {
  const users = makeUsers(lab, crowd, cluster.balancer.url, 'control')
  for (const node of nodes) await writeFile(join(releases.path, node), '1')
  await saveInTurn(lab, users)
  await shop(lab, users, 'control', 'release 1')
  await writeFile(join(releases.path, 'a'), '2')
  await cluster.node('a').restart()
  const mixed = { add: cluster.node('a').url, look: cluster.node('b').url }
  await shop(lab, users, 'control', partOf('roll-out', 'a'), mixed)
}

const nameOf = (direction: Direction, node: string): Text =>
  text(`release ${directions[direction]} on ${node}`, `${node}에 릴리스 ${directions[direction]}`)

function deploymentIn(history: History<X4Row>, direction: Direction): Deployment {
  const parts = nodes.map((node) => partOf(direction, node))
  const visits = parts.flatMap((part) => stretchIn(history, part).visits)
  const shopped = history.of('shop').filter(({ side, during }) => side === 'ours' && parts.includes(during))
  const last = shopped.filter(({ during }) => during === parts.at(-1))
  return {
    failed:
      visits.filter(({ outcome }) => outcome !== 'found').length +
      shopped.flatMap(({ statuses }) => statuses).filter((status) => status !== 200).length,
    lost: lostIn(history, direction).size,
    releases: [...new Set(last.flatMap(({ releases }) => releases))].join(' and '),
    carts: last.filter(({ cart }) => cart.length > 0).length,
    items: last.reduce((sum, { cart }) => sum + cart.length, 0),
  }
}

/** Every user reads its token, puts something into its cart, and looks into it: at the nodes named, or by the balancer. Answers whether all was well. */
async function shop(
  lab: Lab<X4Row>,
  users: readonly VirtualUser[],
  side: Side,
  during: string,
  at: { readonly add?: string; readonly look?: string } = {},
): Promise<boolean> {
  let well = true
  for (const user of users) {
    lab.signal.throwIfAborted()
    const answers = [
      await user.ask('/get'),
      await user.ask('/cart/add?item=book', { method: 'POST', ...(at.add && { base: at.add }) }),
      await user.ask('/cart', at.look ? { base: at.look } : {}),
    ]
    const cart = answers[2]?.status === 200 ? (JSON.parse(answers[2].body) as string[]) : []
    const statuses = answers.map(({ status }) => status)
    const releases = [...new Set(answers.map(({ headers }) => String(headers['x-release'])))]
    lab.record({ step: 'shop', side, during, user: user.name, statuses, releases, cart })
    well &&= statuses.every((status) => status === 200) && cart.length > 0
  }
  return well
}

/** The reads under both deployments, one after another on one axis, with each node's restart marked. */
function picture(history: History<X4Row>) {
  return timeline({
    id: 'deployments',
    title: text('Reads during two rolling deployments', '배포 두 번 동안의 읽기'),
    caption: text(
      'Old and new servers serve side by side; at each line one of them is restarted with the other release. Does any read fail or miss?',
      '옛 서버와 새 서버가 함께 답합니다. 선마다 서버 하나가 다른 릴리스로 다시 시작합니다. 실패하거나 세션을 찾지 못한 읽기가 있을까요?',
    ),
    binMs: 250,
    lanes: (Object.keys(directions) as Direction[]).map((direction) => {
      let offset = 0
      const lost = lostIn(history, direction)
      const parts = nodes.map((node) => {
        const { visits, incident } = stretchIn(history, partOf(direction, node))
        const from = offset
        offset += incident.lengthMs
        return { node, from, visits, incident }
      })
      return {
        name:
          direction === 'roll-out'
            ? text('roll-out of release 2', '릴리스 2 배포')
            : text('roll-back to release 1', '릴리스 1로 되돌리기'),
        moments: parts.flatMap(({ from, visits }) =>
          visits.map((visit) => ({
            atMs: from + (visit.atMs ?? 0),
            outcome: outcomeOf(visit, lost),
          })),
        ),
        events: parts.map(({ node, from, incident }) => ({
          atMs: from + incident.atMs,
          name: text(`${node} restarts`, `${node} 재시작`),
        })),
      }
    }),
  })
}
