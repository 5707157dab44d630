import { setTimeout as pause } from 'node:timers/promises'
import { startCluster, startRedis, TcpProxy } from '@session-cluster/cluster'
import { seededRandom, shuffled } from '@session-cluster/visitor'
import { Redis } from 'ioredis'
import { Client, type Course, type Targets } from './clients.ts'
import type { Fault, History, Remains, Visit } from './history.ts'
import { harms, type Rig } from './nemesis.ts'

/** How a run goes. */
export interface RunOptions {
  readonly seed: number
  /** How long faults are made, ms. Each kind comes once at least, however short this is. */
  readonly forMs: number
  /** How long each fault lasts, half to half as long again by chance, and the calm behind it, ms. */
  readonly faultMs: number
  readonly calmMs: number
  /** How long a client rests between two visits, ms, on average. */
  readonly restMs: number
  /** Which faults. @default all of them */
  readonly kinds?: readonly string[]
  /** Further variables for the nodes. */
  readonly nodeEnv?: Readonly<Record<string, string>>
  readonly say: (line: string) => void
}

const SINGLES = 6
const GROUPS = 2
const TABS = 3

/** Runs clients against real processes while faults are made, and answers all that happened. */
export async function runFaults(options: RunOptions): Promise<History> {
  const { seed, restMs } = options
  await using stack = new AsyncDisposableStack()
  const { rig, targets } = await start(options, stack)
  const visits: Visit[] = []
  const begun = performance.now()
  const now = () => Math.round((performance.now() - begun) * 10) / 10
  const random = seededRandom(seed)
  const course: Course = { targets, random, now, record: (visit) => void visits.push(visit), nameOf: namer(), restMs }
  const clients = Array.from({ length: SINGLES + GROUPS }, (_, i) => new Client(`c${i}`, course))
  let isOver = false
  const running = clients.map((client, i) => client.run(i < SINGLES ? 1 : TABS, () => isOver))
  const faults = await makeFaults(rig, { ...options, now, random })
  isOver = true
  await Promise.all(running)
  // What was on its way has arrived or has been refused.
  await pause(2_000)
  for (const client of clients) await client.takeStock()
  return { seed, visits, faults, remains: await look(rig.admin) }
}

/** Two nodes behind a balancer, and a third whose line to Redis can be broken. */
async function start({ nodeEnv }: RunOptions, stack: AsyncDisposableStack): Promise<{ rig: Rig; targets: Targets }> {
  const redis = stack.use(await startRedis({ appendOnly: true, args: ['--appendfsync', 'always'] }))
  const proxy = stack.use(await TcpProxy.listen({ target: { port: redis.port } }))
  const balancerEnv = { HEALTH_INTERVAL_MS: '200', HEALTH_FALL: '2', HEALTH_RISE: '1' }
  const env = { LOG_LEVEL: 'error', DRAIN_MS: '500', ...nodeEnv }
  const common = { mode: 'clustered', nodeEnv: env, balancerEnv, startTimeoutMs: 120_000 }
  const cluster = stack.use(await startCluster({ ...common, nodes: ['a', 'b'], redis: { url: redis.url } }))
  const line = { url: `redis://127.0.0.1:${proxy.port}` }
  const lone = stack.use(await startCluster({ ...common, nodes: ['c'], redis: line }))
  const admin = new Redis(redis.url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  admin.on('error', () => {})
  stack.defer(() => admin.disconnect())
  const urls = {
    balancer: cluster.balancer.url,
    a: cluster.node('a').url,
    b: cluster.node('b').url,
    c: lone.node('c').url,
  }
  const targets = new Map(Object.entries(urls).map(([name, url]) => [name, url.replace(/\/$/, '')]))
  return { rig: { cluster, redis, proxy, admin }, targets }
}

interface FaultOptions extends Pick<RunOptions, 'forMs' | 'faultMs' | 'calmMs' | 'kinds' | 'say'> {
  readonly now: () => number
  readonly random: () => number
}

/** Every kind once in an order of the seed's, and over again until the time is over. */
async function makeFaults(rig: Rig, options: FaultOptions): Promise<Fault[]> {
  const { forMs, faultMs, calmMs, kinds = Object.keys(harms), now, random, say } = options
  const faults: Fault[] = []
  const end = now() + forMs
  await pause(calmMs)
  do {
    for (const fault of shuffled(kinds, random)) {
      const { run, silences = [] } = harms[fault] as (typeof harms)[string]
      const from = now()
      await run(rig, faultMs * (0.5 + random()))
      faults.push({ fault, from, to: now(), silences })
      say(`${fault}: ${Math.round(now() - from)} ms`)
      await pause(calmMs)
    }
  } while (now() < end)
  return faults
}

/** A name for each cookie, the same for the same. */
function namer(): (cookie: string) => string {
  const names = new Map([['', '']])
  return (cookie) => {
    const name = names.get(cookie) ?? `i${names.size}`
    names.set(cookie, name)
    return name
  }
}

async function look(admin: Redis): Promise<Remains> {
  const keys = await admin.keys('*')
  const forEver: string[] = []
  const half: string[] = []
  for (const key of keys) {
    // A key that has expired meanwhile is none: -2.
    if ((await admin.pttl(key)) === -1) forEver.push(key)
    const isSession = /:sessions:[^:}]+$/.test(key)
    if (isSession && (await admin.type(key)) === 'hash' && !(await admin.hexists(key, 'creationTime'))) half.push(key)
  }
  return { keys: keys.length, forEver, half }
}
