import { jainIndex, maxOverMean } from '@session-cluster/visitor'
import { Redis } from 'ioredis'
import type { Page } from 'playwright-core'
import type { Console } from '../server/console.ts'
import { callAdmin } from '../server/lane-host.ts'
import type { LaneId } from '../wire/record.ts'

/** Everything countable that the page says of a lane, and the same as asked of nodes, balancer and Redis. */
export interface LaneFigures {
  /** By node: how it stands, whose session it holds (of a dead one: held), how many it holds, its share in per cent. */
  readonly nodes: Readonly<Record<string, NodeFigures>>
  /** Users whose session is there and cannot be read. */
  readonly unreadable: number
  /** Sessions in Redis; absent without one, or while it does not answer. */
  readonly redis?: number | undefined
  /** The busiest over the mean, and Jain's index, of the servers that the balancer may pick. */
  readonly max?: string | undefined
  readonly jain?: string | undefined
}

interface NodeFigures {
  readonly stand: string
  readonly holds?: string | undefined
  readonly held?: number | undefined
  readonly share?: number | undefined
}

export type Figures = Readonly<Record<string, LaneFigures>>

/** What the page shows, read from the page alone. */
export function shown(page: Page): Promise<Figures> {
  return page.evaluate(() => {
    const number = (element: Element | null, name: string) => {
      const value = element?.getAttribute(name)
      return value === null || value === undefined ? undefined : Number(value)
    }
    const nodeOf = (node: Element) => [
      node.getAttribute('data-server') ?? '',
      {
        stand: node.getAttribute('data-stand') ?? '',
        holds: node.getAttribute('data-holds') ?? undefined,
        held: number(node.querySelector('[data-held]'), 'data-held'),
        share: number(node, 'data-share'),
      },
    ]
    const lanes = [...document.querySelectorAll('.lane')].map((lane) => [
      lane.getAttribute('data-lane') ?? '',
      {
        nodes: Object.fromEntries([...lane.querySelectorAll('[data-server]')].map(nodeOf)),
        unreadable: number(lane.querySelector('[data-unreadable]'), 'data-unreadable') ?? 0,
        redis: number(lane.querySelector('[data-redis]'), 'data-redis'),
        max: lane.querySelector('[data-max]')?.getAttribute('data-max') ?? undefined,
        jain: lane.querySelector('[data-jain]')?.getAttribute('data-jain') ?? undefined,
      },
    ])
    return Object.fromEntries(lanes)
  })
}

/** The numbers on the page that are about one thing, each pair of which must agree with the other. */
export function contradictions(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    const count = (lane: Element, selector: string, name: string) =>
      Number(lane.querySelector(selector)?.getAttribute(name) ?? 0)
    for (const lane of document.querySelectorAll('.lane')) {
      const id = lane.getAttribute('data-lane')
      const last = ['found', 'miss', 'lost', 'unreadable', 'error'].map((outcome) =>
        count(lane, `[data-last=${outcome}]`, 'data-count'),
      )
      const all = last.reduce((sum, n) => sum + n, 0)
      const unit = Number(/\d+/.exec(lane.querySelector('.unit')?.textContent ?? '')?.[0])
      if (unit !== all) found.push(`${id}: "last ${unit}" above figures of ${all}`)
      const percent = Number.parseInt(lane.querySelector('.kpi strong')?.textContent ?? '', 10)
      if (all > 0 && percent !== Math.floor(((last[0] ?? 0) / all) * 100)) found.push(`${id}: ${percent} % of ${last}`)
      const [gone, noticed] = [count(lane, '[data-gone]', 'data-gone'), count(lane, '[data-gone]', 'data-noticed')]
      if (noticed > gone) found.push(`${id}: ${noticed} noticed of ${gone} gone`)
      const shares = [...lane.querySelectorAll('[data-share]')].map((node) => Number(node.getAttribute('data-share')))
      const sum = shares.reduce((total, n) => total + n, 0)
      if (sum !== 0 && Math.abs(sum - 100) > 2) found.push(`${id}: shares of ${sum} %`)
      for (const node of lane.querySelectorAll('[data-server]')) {
        const went = node.querySelector('[data-went]')
        if (
          went &&
          went.getAttribute('data-went') !== String(node.getAttribute('data-holds')?.split(' ').filter(Boolean).length)
        )
          found.push(
            `${id} ${node.getAttribute('data-server')}: ${went.getAttribute('data-went')} went, other faces drawn`,
          )
      }
    }
    return found
  })
}

/** The balancers' own lines, one for each request that they gave to a node: told by nobody of the console. `at` is epoch ms. */
export type AccessLog = Readonly<Record<string, readonly { readonly upstream: string; readonly at: number }[]>>

/** The same, asked of the processes: of each node on its own port with each user's cookies, of the balancer, and of Redis. */
export async function asked(console: Console, log: AccessLog): Promise<Figures> {
  const entries = [...console.stage.lanes.keys()].map(async (id) => [id, await laneOf(console, id, log[id] ?? [])])
  return Object.fromEntries(await Promise.all(entries))
}

async function laneOf({ stage }: Console, id: LaneId, log: AccessLog[string]): Promise<LaneFigures> {
  const { host } = stage.lane(id)
  const upstreams = (await callAdmin(new URL('/upstreams', host.balancerAdminUrl).href, host.adminToken)) as readonly {
    name: string
    state: string
  }[]
  const users = [...stage.traffic.states(id)]
  const stands = new Map(
    host.nodes().map(({ name }) => {
      const process = host.stateOf(name) ?? 'running'
      return [name, process === 'running' ? (upstreams.find((one) => one.name === name)?.state ?? 'gone') : process]
    }),
  )
  const living = host.nodes().filter(({ name }) => host.stateOf(name) === 'running')
  const takes = living.filter(({ name }) => !['gone', 'down'].includes(stands.get(name) ?? ''))
  // The page counts from the last time on that its numbers began.
  const last = log.filter(({ at }) => at >= stage.startedAt).slice(-60)
  const loads = new Map(takes.map(({ name }) => [name, last.filter(({ upstream }) => upstream === name).length]))
  const total = [...loads.values()].reduce((sum, n) => sum + n, 0)
  const picked = takes.filter(({ name }) => stands.get(name) === 'up').map(({ name }) => loads.get(name) ?? 0)
  const redisUp = host.redisUrl !== undefined && host.stateOf('redis') === 'running'
  const answers =
    host.mode === 'clustered' && !redisUp
      ? undefined
      : await Promise.all(
          living.map(async ({ name, url }) => ({
            name,
            says: await Promise.all(users.map(([user, { jar, token }]) => whatOf(user, url, jar.header, token))),
          })),
        )
  const nodes = host.nodes().map(async ({ name, adminUrl }): Promise<[string, NodeFigures]> => {
    const lives = living.some((one) => one.name === name)
    const share = loads.has(name) ? (total === 0 ? 0 : Math.round(((loads.get(name) ?? 0) / total) * 100)) : undefined
    const stand = stands.get(name) ?? ''
    if (host.mode === 'clustered') return [name, { stand, share }]
    if (!lives) return [name, { stand, share }]
    const said = (await callAdmin(new URL('/inspect', adminUrl).href, host.adminToken)) as { sessionsHeld: number }
    const holds = answers?.find((one) => one.name === name)?.says.filter(({ has }) => has) ?? []
    return [name, { stand, holds: holds.map(({ user }) => user).join(' '), held: said.sessionsHeld, share }]
  })
  const unreadable = users.filter(([user]) => {
    const says = answers?.flatMap((one) => one.says.filter((said) => said.user === user)) ?? []
    return says.some(({ knows }) => knows) && !says.some(({ has }) => has)
  })
  return {
    nodes: Object.fromEntries(await Promise.all(nodes)),
    unreadable: answers ? unreadable.length : 0,
    redis: redisUp ? await sessionsIn(host.redisUrl ?? '') : undefined,
    max: maxOverMean(picked)?.toFixed(2),
    jain: jainIndex(picked)?.toFixed(2),
  }
}

/** Whether a node gives a user's token back, and whether it knows the session at all. */
async function whatOf(user: string, url: string, cookie: string | undefined, token: string | undefined) {
  if (cookie === undefined || token === undefined) return { user, has: false, knows: false }
  const headers = { cookie, accept: 'text/plain' }
  const [body, who] = await Promise.all([
    fetch(`${url}/get`, { headers }).then((answer) => answer.text()),
    fetch(`${url}/whoami`, { headers }).then((answer) => answer.json() as Promise<{ session: unknown }>),
  ])
  return { user, has: body.trim() === token, knows: Boolean(who.session) }
}

async function sessionsIn(url: string): Promise<number> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  redis.on('error', () => undefined)
  try {
    return (await redis.keys('*:sessions:*')).length
  } finally {
    redis.disconnect()
  }
}
