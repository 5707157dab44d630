import { afterAll, describe, expect, it } from 'vitest'
import { clusterRig } from '../../../test/cluster-rig.ts'
import { clusterFaults, FAULTS, type Fault, failover, follow, torment } from '../../../test/near-model/nemesis.ts'
import { World, type WorldOptions } from '../../../test/near-model/world.ts'
import { redisRig } from '../../../test/redis-rig.ts'

const isFull = process.env.TEST_BUDGET === 'full'
/** How long it goes on, ms, and how many schedules there are. */
const [LASTS_MS, SEEDS] = isFull ? [45_000, [1, 2, 3, 4, 5, 6]] : [5_000, [1 + Math.floor(Math.random() * 1e6)]]

// The table of tracked keys overflows at once: a near cache must not depend on it.
const rig = await redisRig(['--tracking-table-max-keys', '1', '--repl-diskless-sync-delay', '0'])
const admin = rig.client()
afterAll(() => rig[Symbol.asyncDispose]())

const redis = { ports: [rig.port], processes: 3, nodesEach: 1 } as const

/** Torments a world for a while, or until it breaks a promise; tells what was broken, and how many reads hit. */
async function live(options: WorldOptions, faults: Readonly<Record<string, Fault>>, lastsMs: number) {
  await using world = await World.start(options)
  const end = performance.now() + lastsMs
  const isOver = (): boolean => performance.now() > end || world.broken.length > 0
  const [, done] = await Promise.all([world.run(isOver), torment(world, admin, faults, isOver)])
  const stats = await world.stats()
  const hits = stats.reduce((sum, each) => sum + each.hits, 0)
  return { broken: world.broken, hits, done, seed: options.seed, ...world.counts }
}

describe.concurrent('several processes with near caches', () => {
  it.each(SEEDS)(
    'break no promise, whatever goes wrong between them and Redis; seed %i',
    { timeout: 120_000 },
    async (seed) => {
      const told = await live({ ...redis, seed }, FAULTS, LASTS_MS)
      expect(told).toMatchObject({ broken: [], seed })
      expect(told.hits).toBeGreaterThan(100)
      if (isFull) expect(told.done.size).toBe(Object.keys(FAULTS).length)
    },
  )

  it.runIf(isFull)('break no promise when a replica takes over', { timeout: 120_000 }, async () => {
    await using replica = await redisRig(['--repl-diskless-sync-delay', '0'])
    await follow(replica, rig)
    const told = await live({ ...redis, seed: 11 }, { ...FAULTS, failover: failover([rig, replica]) }, LASTS_MS)
    expect(told.broken).toEqual([])
    expect(told.done.get('failover')).toBeGreaterThan(0)
  })

  it.runIf(isFull)(
    'break no promise in a cluster whose slots move and whose primaries die',
    { timeout: 240_000 },
    async () => {
      await using cluster = await clusterRig({ replicas: true, timeoutMs: 1_500 })
      const { 'Redis forgets everything': _, ...faults } = FAULTS
      const ports = cluster.nodes.map(({ port }) => port)
      const told = await live({ ...redis, ports, seed: 12 }, { ...faults, ...clusterFaults(cluster) }, 2 * LASTS_MS)
      expect(told.broken).toEqual([])
      expect(told.hits).toBeGreaterThan(100)
      for (const fault of ['a slot moves', 'a primary is killed']) expect(told.done.get(fault)).toBeGreaterThan(0)
    },
  )
})

/** Which faults show that a rule is missing. */
const SHOWN_BY: Readonly<Record<string, readonly (keyof typeof FAULTS)[]>> = {
  placeholder: ['answers come late'],
  flush: ['word of changes is cut off', 'Redis drops those who hear', 'the way of changes is half open'],
  age: ['word of a change is lost'],
  lease: ['the way of changes is half open', 'word of changes comes late'],
  confirm: ['word of changes comes late'],
}

describe.concurrent('the model', () => {
  it.each(Object.entries(SHOWN_BY))(
    'finds that a rule was taken out: %s',
    { timeout: 90_000 },
    async (without, names) => {
      const faults = isFull ? FAULTS : Object.fromEntries(names.map((name) => [name, FAULTS[name]]))
      const told = await live({ ...redis, processes: 1, nodesEach: 2, without, seed: 21 }, faults, 60_000)
      expect(told.broken).not.toEqual([])
    },
  )
})
