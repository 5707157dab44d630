/** The README's table: the tutorial's statements as cells, each made by a real cluster. */
import { type Cluster, startCluster } from '@session-cluster/cluster'
import { type Mode, modes } from '@session-cluster/contract'
import { seededRandom, VirtualUser } from '@session-cluster/visitor'

const random = seededRandom(1)

const columns = [
  'MODE',
  'set on 8080, get on 8081',
  'set, then 4 × get through the balancer',
  'session cookie deleted, get',
  'add d: of 36 gets found',
  'of 36 answered by d',
  'crash b: lost of 9',
  'remove a: lost of 9',
]

/** Starts a cluster per mode and answers the table as Markdown, a row a mode. Needs about 10 s a mode. */
export async function walkTable(): Promise<string> {
  const rows = [columns, columns.map(() => '---')]
  for (const mode of modes) rows.push(await row(mode))
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

async function row(mode: Mode): Promise<string[]> {
  await using cluster = await startCluster({ mode, nodes: 3 })
  return [
    `\`${mode}\``,
    await otherServer(cluster),
    await fourGets(cluster),
    await cookieDeleted(cluster),
    ...(await addD(cluster)),
    await crashB(cluster),
    await removeA(cluster),
  ]
}

async function otherServer(cluster: Cluster): Promise<string> {
  const alice = user(cluster.node('a').url)
  await alice.save()
  return mark((await alice.look(cluster.node('b').url)).outcome === 'found')
}

async function fourGets(cluster: Cluster): Promise<string> {
  const alice = user(cluster.balancer.url)
  await alice.save()
  const marks = []
  for (let turn = 0; turn < 4; turn++) {
    const { outcome, node } = await alice.visit()
    marks.push(`${mark(outcome === 'found')} ${node}`)
  }
  return marks.join(', ')
}

async function cookieDeleted(cluster: Cluster): Promise<string> {
  const alice = user(cluster.node('a').url)
  await alice.save()
  for (const name of alice.jar.names) alice.jar.delete(name)
  return mark((await alice.visit()).outcome === 'found')
}

async function addD(cluster: Cluster): Promise<[found: string, byD: string]> {
  const users = await nineUsers(cluster)
  await cluster.addNode('d')
  const visits = []
  for (let turn = 0; turn < 4; turn++) for (const each of users) visits.push(await each.visit())
  await cluster.removeNode('d')
  const found = visits.filter(({ outcome }) => outcome === 'found').length
  return [found, visits.filter(({ node }) => node === 'd').length].map(String) as [string, string]
}

async function crashB(cluster: Cluster): Promise<string> {
  const users = await nineUsers(cluster)
  await cluster.node('b').crash()
  const lost = await countLost(users, [cluster.balancer.url, cluster.node('a').url, cluster.node('c').url])
  await cluster.node('b').restart()
  await cluster.balancer.untilSeen(['b'], 'up')
  return String(lost)
}

async function removeA(cluster: Cluster): Promise<string> {
  const users = await nineUsers(cluster)
  await cluster.removeNode('a')
  return String(await countLost(users, [cluster.balancer.url, cluster.node('b').url, cluster.node('c').url]))
}

/** Nine users who save their token through the balancer: three a node, round robin. */
async function nineUsers(cluster: Cluster): Promise<VirtualUser[]> {
  const users = Array.from({ length: 9 }, () => user(cluster.balancer.url))
  for (const each of users) await each.save()
  return users
}

function user(base: string): VirtualUser {
  return new VirtualUser({ name: 'a reader', base, random })
}

/** A session is lost when nobody can serve it: neither the balancer nor any node that is left. */
async function countLost(users: VirtualUser[], bases: string[]): Promise<number> {
  let lost = 0
  for (const each of users) {
    const looks = []
    for (const base of bases) looks.push(await each.look(base))
    if (looks.every(({ outcome }) => outcome !== 'found')) lost++
  }
  return lost
}

function mark(found: boolean): string {
  return found ? '✓' : '–'
}
