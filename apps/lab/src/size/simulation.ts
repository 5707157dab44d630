import { cookieAffinity, createBalancer, type PickKey, type Policy, policies } from '@session-cluster/balancer'
import { integer, type Random, seededRandom } from '@session-cluster/visitor'

/** What becomes of the users of many servers, which nobody can start here: the balancer's own pool, policies and affinity, without sockets. */
export interface Simulated {
  readonly event: string
  /** How clients are remembered. */
  readonly by: 'consistent hash' | 'affinity cookie'
  /** Share of the clients that another server answers afterwards; where sessions live in the server's memory, these lose theirs. */
  readonly moved: number
  /** The busiest server's clients, over the mean. */
  readonly maxOverMean: number
}

export interface Size {
  readonly servers: number
  readonly clients: number
  readonly zones: number
  readonly seed: number
}

/** Who answers this client, and goes on to answer it while it is there: the server's name. */
type Fleet = (client: number) => string

/** Goes through the events, each from the whole fleet. */
export function simulate({ servers, clients, zones, seed }: Size): Simulated[] {
  const names = Array.from({ length: servers }, (_, index) => `server-${index}`)
  const zoneOf = (index: number) => index % zones
  const grown = [...names, ...Array.from({ length: Math.ceil(servers / 10) }, (_, index) => `new-${index}`)]
  const events: readonly [string, readonly string[]][] = [
    ['one server lost', names.slice(1)],
    ['discovery adds a tenth', grown],
    [`one of ${zones} zones lost`, names.filter((_, index) => zoneOf(index) !== 0)],
  ]
  return (['consistent hash', 'affinity cookie'] as const).flatMap((by) => [
    ...events.map(([event, after]) => compared(by, event, [names, after], clients, seed)),
    rolled(by, names, clients, seed),
  ])
}

function compared(
  by: Simulated['by'],
  event: string,
  [before, after]: readonly [readonly string[], readonly string[]],
  clients: number,
  seed: number,
): Simulated {
  const random = seededRandom(seed, `${by} ${event}`)
  const cookies = new Map<number, string>()
  const [first, second] = [fleet(by, before, cookies, random), fleet(by, after, cookies, random)]
  const homes = Array.from({ length: clients }, (_, client) => first(client))
  const homesAfter = homes.map((_, client) => second(client))
  const moved = homesAfter.filter((name, client) => name !== homes[client]).length
  return { event, by, moved: moved / clients, maxOverMean: maxOverMean(after, homesAfter) }
}

/** Every server is replaced in turn, a twentieth of them at a time; each client comes once between two steps. */
function rolled(by: Simulated['by'], names: readonly string[], clients: number, seed: number): Simulated {
  const random = seededRandom(seed, `${by} roll`)
  const cookies = new Map<number, string>()
  const whole = fleet(by, names, cookies, random)
  const homes = Array.from({ length: clients }, (_, client) => whole(client))
  const lost = new Set<number>()
  const batch = Math.ceil(names.length / 20)
  for (let from = 0; from < names.length; from += batch) {
    const restarting = new Set(names.slice(from, from + batch))
    const left = fleet(
      by,
      names.filter((name) => !restarting.has(name)),
      cookies,
      random,
    )
    for (let client = 0; client < clients; client++) {
      if (!restarting.has(homes[client] as string)) continue
      // Its server's memory is gone, wherever it goes now.
      lost.add(client)
      homes[client] = left(client)
    }
  }
  return {
    event: 'rolling restart, 5 % at a time',
    by,
    moved: lost.size / clients,
    maxOverMean: maxOverMean(names, homes),
  }
}

/** The clients of the busiest of these servers over the mean, where each client's server is known. */
function maxOverMean(servers: readonly string[], homes: readonly string[]): number {
  const load = new Map<string, number>()
  for (const home of homes) load.set(home, (load.get(home) ?? 0) + 1)
  return (Math.max(...load.values()) * servers.length) / homes.length
}

/** A balancer that never listens. */
function fleet(by: Simulated['by'], names: readonly string[], cookies: Map<number, string>, random: Random): Fleet {
  const { pool } = createBalancer({
    upstreams: names.map((name, index) => ({ name, url: `http://10.0.0.1:${index + 1}` })),
  })
  const hash = { on: 'address' as const, loadFactor: Number.POSITIVE_INFINITY }
  const policy: Policy = policies[by === 'consistent hash' ? 'consistent-hash' : 'random']({ random, hash })
  const affinity = by === 'affinity cookie' ? cookieAffinity({ secret: 'only for the simulation' }) : undefined
  return (client) => {
    const request = requestOf(client, cookies.get(client))
    const upstream = affinity?.pinOf(request, pool)?.upstream ?? policy(pool.all, request)
    if (upstream === undefined) throw new Error('a policy picks someone when all are available')
    const cookie = affinity?.cookieFor(upstream, false)?.split(';')[0]
    if (cookie !== undefined) cookies.set(client, cookie)
    return upstream.name
  }
}

/** Each client has an address of its own, which its number gives. */
function requestOf(client: number, cookie: string | undefined): PickKey {
  const random = seededRandom(client, 'address')
  const address = [10, integer(random, 256), integer(random, 256), integer(random, 256)].join('.')
  return { method: 'GET', path: '/', address, header: (name) => (name === 'cookie' ? cookie : undefined) }
}
