/** The README's table: the tutorial's statements as cells, each made by a real cluster. */
import { type Cluster, startCluster } from '@session-cluster/cluster'
import { Browser } from './browser.ts'

const modes = ['local', 'sticky', 'clustered'] as const
type Mode = (typeof modes)[number]

interface User {
  browser: Browser
  /** The value that only this user's session holds. */
  token: string
}

const columns = [
  'MODE',
  'set on 8080, get on 8081',
  'set, then 4 × get through the balancer',
  'session cookie deleted, get',
  'add d: found of 36 gets, of them by d',
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
    await addD(cluster),
    await crashB(cluster),
    await removeA(cluster),
  ]
}

async function otherServer(cluster: Cluster): Promise<string> {
  const browser = new Browser()
  await browser.open(`${cluster.node('a').url}/set?q=password`)
  const page = await browser.open(`${cluster.node('b').url}/get`)
  return page.status === 200 ? `\`${page.body}\`` : String(page.status)
}

async function fourGets(cluster: Cluster): Promise<string> {
  const browser = new Browser()
  await browser.open(`${cluster.balancer.url}/set?q=password`)
  const marks = []
  for (let turn = 0; turn < 4; turn++) {
    const page = await browser.open(`${cluster.balancer.url}/get`)
    marks.push(`${page.body === 'password' ? '✓' : '–'} ${page.servedBy}`)
  }
  return marks.join(', ')
}

async function cookieDeleted(cluster: Cluster): Promise<string> {
  const browser = new Browser()
  await browser.open(`${cluster.node('a').url}/set?q=password`)
  for (const name of browser.cookieNames) browser.forget(name)
  return String((await browser.open(`${cluster.node('a').url}/get`)).status)
}

async function addD(cluster: Cluster): Promise<string> {
  const users = await nineUsers(cluster)
  await cluster.addNode('d')
  const pages = []
  for (let turn = 0; turn < 4; turn++) {
    for (const { browser, token } of users) {
      pages.push({ token, page: await browser.open(`${cluster.balancer.url}/get`) })
    }
  }
  const found = pages.filter(({ page, token }) => page.body === token).length
  const byD = pages.filter(({ page }) => page.servedBy === 'd').length
  await cluster.removeNode('d')
  return `${found}, ${byD}`
}

async function crashB(cluster: Cluster): Promise<string> {
  const users = await nineUsers(cluster)
  await cluster.node('b').crash()
  const lost = await countLost(users, [cluster.balancer.url, cluster.node('a').url, cluster.node('c').url])
  await cluster.node('b').restart()
  return String(lost)
}

async function removeA(cluster: Cluster): Promise<string> {
  const users = await nineUsers(cluster)
  await cluster.removeNode('a')
  return String(await countLost(users, [cluster.balancer.url, cluster.node('b').url, cluster.node('c').url]))
}

/** Nine users who set their token through the balancer: three a node, round robin. */
async function nineUsers(cluster: Cluster): Promise<User[]> {
  const users = Array.from({ length: 9 }, (_, index) => ({ browser: new Browser(), token: `token-${index}` }))
  for (const { browser, token } of users) await browser.open(`${cluster.balancer.url}/set?q=${token}`)
  return users
}

/** A session is lost when nobody can serve it: neither the balancer nor any node that is left. */
async function countLost(users: User[], urls: string[]): Promise<number> {
  let lost = 0
  for (const { browser, token } of users) {
    let found = false
    for (const url of urls) found ||= (await browser.open(`${url}/get`)).body === token
    if (!found) lost++
  }
  return lost
}
