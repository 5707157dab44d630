import { isShared } from '@session-cluster/contract'
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

/** What the page shows, read from the page alone: from its picture, and from the drawer of servers where that is open. */
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
    const lanes = [...document.querySelectorAll('.lane[data-lane]')].map((lane) => {
      const id = lane.getAttribute('data-lane') ?? ''
      const even = document.querySelector(`[data-figures=${id}] .even`)
      return [
        id,
        {
          nodes: Object.fromEntries([...lane.querySelectorAll('[data-server]')].map(nodeOf)),
          unreadable: number(lane, 'data-lane-unreadable') ?? 0,
          redis: number(lane.querySelector('[data-redis]'), 'data-redis'),
          ...(even && {
            max: even.getAttribute('data-max') ?? undefined,
            jain: even.getAttribute('data-jain') ?? undefined,
          }),
        },
      ]
    })
    return Object.fromEntries(lanes)
  })
}

/** The numbers on the page that are about one thing, each pair of which must agree with the other. */
export function contradictions(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    const number = (element: Element | null | undefined, name: string) => Number(element?.getAttribute(name) ?? 0)
    for (const lane of document.querySelectorAll('.lane[data-lane]')) {
      const id = lane.getAttribute('data-lane') ?? ''
      const people = [...lane.querySelectorAll('[data-person]')]
      const showing = (...outcomes: string[]) =>
        people.filter((one) => outcomes.includes(one.getAttribute('data-outcome') ?? '')).length
      const fallen = people.filter((one) => one.getAttribute('data-fallen') === 'true').length
      const gone = number(lane, 'data-lane-gone')
      if (fallen > gone) found.push(`${id}: ${fallen} fell, ${gone} sessions are gone`)
      // The head's number is that of the people below it.
      const verdict = lane.querySelector('[data-head]')
      if (verdict) {
        const says = verdict.getAttribute('data-head') ?? ''
        const drawn = {
          loggedOut: fallen,
          found: showing('found'),
          error: showing('error'),
          unreadable: number(lane, 'data-lane-unreadable'),
        }[says]
        if (drawn !== undefined && drawn !== number(verdict, 'data-n'))
          found.push(`${id}: "${verdict.textContent}" above ${drawn} people`)
        if (says === 'found' && number(verdict, 'data-all') !== showing('found', 'miss', 'lost'))
          found.push(`${id}: "${verdict.textContent}", other people have asked`)
      }
      const shares = [...lane.querySelectorAll('[data-share]')].map((node) => number(node, 'data-share'))
      const sum = shares.reduce((total, n) => total + n, 0)
      if (sum !== 0 && Math.abs(sum - 100) > 2) found.push(`${id}: shares of ${sum} %`)
      for (const node of lane.querySelectorAll('[data-server]')) {
        const name = `${id} ${node.getAttribute('data-server')}`
        const holds = (node.getAttribute('data-holds') ?? '').split(' ').filter(Boolean)
        const baskets = [...node.querySelectorAll('[data-basket]')].map((one) => one.getAttribute('data-basket'))
        if (baskets.join() !== holds.join()) found.push(`${name}: baskets of ${baskets}, holds ${holds}`)
        const went = node.querySelector('[data-went]')
        if (went && number(went, 'data-went') !== baskets.length)
          found.push(`${name}: ${went.getAttribute('data-went')} went, ${baskets.length} baskets lie there`)
      }
      // The sentence above says of each lane what the lane says.
      const sentence = document.querySelector('[data-says^="say.died"] h1')?.textContent ?? ''
      const title = lane.querySelector('.title')?.textContent ?? ''
      const told = new RegExp(`(\\d+) in ${title}|${title} (\\d+)`).exec(sentence)
      if (told && Number(told[1] ?? told[2]) !== gone) found.push(`${id}: "${sentence}", ${gone} are gone`)

      const figures = document.querySelector(`[data-figures=${id}]`)
      if (!figures) continue
      const last = ['found', 'miss', 'lost', 'unreadable', 'error'].map((outcome) =>
        number(figures.querySelector(`[data-last=${outcome}]`), 'data-count'),
      )
      const all = last.reduce((total, n) => total + n, 0)
      const unit = Number(/\d+/.exec(figures.querySelector('.unit')?.textContent ?? '')?.[0])
      if (unit !== all) found.push(`${id}: "last ${unit}" above figures of ${all}`)
      const percent = Number.parseInt(figures.querySelector('[data-percent]')?.textContent ?? '', 10)
      if (all > 0 && percent !== Math.floor(((last[0] ?? 0) / all) * 100)) found.push(`${id}: ${percent} % of ${last}`)
      const counted = figures.querySelector('[data-gone]')
      if (number(counted, 'data-noticed') > number(counted, 'data-gone'))
        found.push(`${id}: ${number(counted, 'data-noticed')} noticed of ${number(counted, 'data-gone')} gone`)
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
    isShared(host.mode) && !redisUp
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
    if (isShared(host.mode)) return [name, { stand, share }]
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
