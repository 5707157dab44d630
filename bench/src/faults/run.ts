import { setTimeout as pause } from 'node:timers/promises'
import { startCluster, startRedis, TcpProxy } from '@session-cluster/cluster'
import { seededRandom } from '@session-cluster/visitor'
import { Redis } from 'ioredis'
import { Client, type Course } from './clients.ts'
import type { Fault, History, Visit } from './history.ts'
import { harms, type Rig } from './nemesis.ts'

/** How a run goes. */
export interface RunOptions {
  readonly seed: number
  /** How long faults are made, ms. Each kind comes once at least, however short this is. */
  readonly forMs: number
  /** How long each fault lasts, and the calm behind it, ms. */
  readonly faultMs: number
  readonly calmMs: number
  readonly say: (line: string) => void
}

const SINGLES = 6
const GROUPS = 2
const TABS = 3

/** Runs clients against real processes while faults are made, and answers all that happened. */
export async function runFaults({ seed, forMs, faultMs, calmMs, say }: RunOptions): Promise<History> {
  await using stack = new AsyncDisposableStack()
  const redis = stack.use(await startRedis({ appendOnly: true, args: ['--appendfsync', 'always'] }))
  const proxy = stack.use(await TcpProxy.listen({ target: { port: redis.port } }))
  const nodeEnv = { LOG_LEVEL: 'error' }
  const balancerEnv = { HEALTH_INTERVAL_MS: '200', HEALTH_FALL: '2', HEALTH_RISE: '1' }
  const common = { mode: 'clustered', nodeEnv, balancerEnv }
  const cluster = stack.use(await startCluster({ ...common, nodes: ['a', 'b'], redis: { url: redis.url } }))
  const lone = stack.use(
    await startCluster({ ...common, nodes: ['c'], redis: { url: `redis://127.0.0.1:${proxy.port}` } }),
  )
  const admin = new Redis(redis.url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  admin.on('error', () => {})
  stack.defer(() => admin.disconnect())
  const rig: Rig = { cluster, redis, proxy, admin }

  const visits: Visit[] = []
  const begun = performance.now()
  const now = () => Math.round(performance.now() - begun)
  const targets = new Map(
    [
      ['balancer', cluster.balancer.url],
      ['a', cluster.node('a').url],
      ['b', cluster.node('b').url],
      ['c', lone.node('c').url],
    ].map(([name, url]) => [name as string, (url as string).replace(/\/$/, '')]),
  )
  const course: Course = { targets, random: seededRandom(seed), now, record: (visit) => void visits.push(visit) }
  const singles = Array.from({ length: SINGLES }, (_, i) => new Client(`s${i}`, course))
  const groups = Array.from({ length: GROUPS }, (_, i) => new Client(`g${i}`, course, true))
  for (const group of groups) await group.act('count', 'a') // so that its tabs share one session
  let isOver = false
  const running = [...singles, ...groups.flatMap((group) => Array.from({ length: TABS }, () => group))].map((client) =>
    client.run(() => isOver),
  )
  const faults = await makeFaults(rig, { forMs, faultMs, calmMs, now, random: course.random, say })
  isOver = true
  await Promise.all(running)
  await pause(2_000)
  for (const client of [...singles, ...groups]) await client.takeStock()
  return { seed, visits, faults }
}

interface FaultOptions extends Pick<RunOptions, 'forMs' | 'faultMs' | 'calmMs' | 'say'> {
  readonly now: () => number
  readonly random: () => number
}

/** Every kind once in an order of the seed's, and over again until the time is over. */
async function makeFaults(rig: Rig, { forMs, faultMs, calmMs, now, random, say }: FaultOptions): Promise<Fault[]> {
  const faults: Fault[] = []
  const end = now() + forMs
  await pause(calmMs)
  do {
    const kinds = Object.entries(harms)
      .map((harm) => ({ harm, order: random() }))
      .sort((a, b) => a.order - b.order)
    for (const {
      harm: [fault, harm],
    } of kinds) {
      const from = now()
      await harm(rig, faultMs)
      faults.push({ fault, from, to: now() })
      say(`${fault}: ${now() - from} ms`)
      await pause(calmMs)
    }
  } while (now() < end)
  return faults
}
