import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { slotOf } from '../../src/store/redis/connection.ts'
import type { ClusterRig } from '../cluster-rig.ts'
import type { RedisRig } from '../redis-rig.ts'
import { until } from '../until.ts'
import { TIMES, type World } from './world.ts'

/** One thing that goes wrong; resolves when it is over. */
export type Fault = (world: World, redis: Redis) => Promise<void>

const somewhere = ({ processes, random }: World) => {
  const { child, lines } = processes[Math.floor(random() * processes.length)] as World['processes'][number]
  const ways = lines[Math.floor(random() * lines.length)] as (typeof lines)[number]
  const { data, changes } = ways
  return { child, ways, data, anyChanges: changes[Math.floor(random() * changes.length)] as (typeof changes)[number] }
}

/** For how long a fault lasts, ms: shorter and longer than a lease. */
const aWhile = ({ random }: World): Promise<void> => pause(random() * 2.5 * TIMES.leaseMs)

/** Everything that goes wrong between processes and one Redis. */
export const FAULTS = {
  'word of changes comes late': async (world) => {
    const { anyChanges } = somewhere(world)
    anyChanges.delayMs = world.random() * 2 * TIMES.leaseMs
    await aWhile(world)
    anyChanges.delayMs = 0
  },
  'answers come late': async (world) => {
    const { data } = somewhere(world)
    data.delayMs = 50 + world.random() * 0.5 * TIMES.leaseMs
    await aWhile(world)
    data.delayMs = 0
  },
  'word of changes is cut off': async (world) => somewhere(world).anyChanges.cut(),
  'answers are cut off': async (world) => somewhere(world).data.cut(),
  'the way of changes is half open': async (world) => {
    const { anyChanges } = somewhere(world)
    anyChanges.isSilent = true
    await aWhile(world)
    anyChanges.isSilent = false
    anyChanges.cut()
  },
  'word of a change is lost': async (world) => {
    const { anyChanges, ways } = somewhere(world)
    anyChanges.loses = { left: 1 + Math.floor(world.random() * 20), what: ':sessions:' }
    const end = performance.now() + TIMES.leaseMs
    while (anyChanges.loses.left > 0 && performance.now() < end) {
      world.mayHaveLost(ways)
      await pause(5)
    }
    anyChanges.loses = { left: 0, what: '' }
    world.mayHaveLost(ways)
  },
  'no changes are told of': async (world) => {
    const { anyChanges, ways } = somewhere(world)
    anyChanges.loses = { left: Infinity, what: '__redis__:invalidate' }
    const end = performance.now() + 1.5 * TIMES.leaseMs
    while (performance.now() < end) {
      world.mayHaveLost(ways)
      await pause(5)
    }
    anyChanges.loses = { left: 0, what: '' }
    world.mayHaveLost(ways)
  },
  'a process is stopped': async (world) => {
    const { child } = somewhere(world)
    child.kill('SIGSTOP')
    await aWhile(world)
    child.kill('SIGCONT')
  },
  'Redis drops those who hear': async (_world, redis) => void (await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')),
  'Redis drops those who ask': async (_world, redis) =>
    void (await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')),
  'Redis forgets its scripts': async (_world, redis) => void (await redis.script('FLUSH')),
  'Redis forgets everything': async (world, redis) =>
    world.whileStill(async () => {
      await redis.flushall()
      return 'gone'
    }),
} satisfies Record<string, Fault>

/** The server dies, and its replica takes over with all that was acknowledged. */
export const failover =
  (pair: [RedisRig, RedisRig]): Fault =>
  (world) =>
    world.whileStill(async () => {
      const [primary, replica] = pair
      await primary.client().wait(1, 5_000)
      await primary.crash()
      await replica.client().replicaof('NO', 'ONE')
      for (const { lines } of world.processes) {
        for (const line of lines.flatMap(({ data, changes }) => [data, ...changes])) {
          line.target = replica.port
          line.cut()
        }
      }
      await primary.restart()
      await follow(primary, replica)
      pair.reverse()
      return 'kept'
    })

/** Makes a server another's replica, and waits until it is. */
export async function follow(replica: RedisRig, primary: RedisRig): Promise<void> {
  const client = replica.client()
  await client.replicaof('127.0.0.1', primary.port)
  await until('the replica follows', async () => (await client.info('replication')).includes('master_link_status:up'))
}

/** What goes wrong in a cluster beside that. */
export const clusterFaults = ({ nodes, client }: ClusterRig) =>
  ({
    'a slot moves': async (world) => {
      const key = world.keys[Math.floor(world.random() * world.keys.length)]
      if (!key) return
      const slot = slotOf(key)
      const servers = await primaries(nodes, world)
      const owner = servers.find(({ slots }) => slots.some(([a, b]) => a <= slot && slot <= b))
      const other = servers.find(({ id }) => id !== owner?.id)
      if (!owner || !other) return
      const [source, goal] = [owner, other].map(({ rig }) => rig.client()) as [Redis, Redis]
      await goal.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', owner.id)
      await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', other.id)
      await pause(world.random() * TIMES.leaseMs)
      const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[]
      if (keys.length > 0) await source.call('MIGRATE', '127.0.0.1', other.rig.port, '', 0, 1000, 'KEYS', ...keys)
      await pause(world.random() * TIMES.leaseMs)
      for (const admin of [goal, source]) await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', other.id)
    },
    'a primary is killed': async (world) =>
      world.whileStill(async () => {
        const victim = (await primaries(nodes, world))[0]
        if (!victim) return 'kept'
        await Promise.all(
          nodes.map((node) =>
            node
              .client()
              .wait(1, 2_000)
              .catch(() => 0),
          ),
        )
        await victim.rig.crash()
        await until('another takes over', async () =>
          (
            await primaries(
              nodes.filter((node) => node !== victim.rig),
              world,
            )
          ).some(({ slots }) => slots.some(([a]) => a === victim.slots[0]?.[0])),
        )
        await victim.rig.restart()
        await until('it follows', async () =>
          (await victim.rig.client().info('replication')).includes('master_link_status:up'),
        )
        await client.cluster('INFO')
        return 'kept'
      }),
  }) satisfies Record<string, Fault>

interface Primary {
  readonly rig: RedisRig
  readonly id: string
  readonly slots: readonly (readonly [number, number])[]
}

/** The primaries with slots as the first server that answers has them, in an order that chance decides. */
async function primaries(nodes: readonly RedisRig[], world: World): Promise<Primary[]> {
  const reply = await Promise.any(nodes.map(async (node) => node.client().cluster('NODES') as Promise<string>))
  const found = reply.split('\n').flatMap((line): Primary[] => {
    const [id = '', address = '', flags = '', , , , , ...slots] = line.split(' ')
    const rig = nodes.find(({ port }) => address.startsWith(`127.0.0.1:${port}@`))
    const own = slots.filter((slot) => /^\d/.test(slot)).map((slot) => slot.split('-').map(Number))
    if (!rig || !flags.includes('master') || flags.includes('fail') || own.length === 0) return []
    return [{ rig, id, slots: own.map(([a = 0, b = a]) => [a, b] as const) }]
  })
  return found.sort(() => world.random() - 0.5)
}

/** Lets things go wrong, one at a time, until told to stop. Tells how often each has. */
export async function torment(
  world: World,
  redis: Redis,
  faults: Readonly<Record<string, Fault>>,
  isOver: () => boolean,
): Promise<Map<string, number>> {
  const done = new Map<string, number>()
  const names = Object.keys(faults)
  let turn = 0
  const one = async (): Promise<void> => {
    while (!isOver()) {
      // Each in its turn, so that none is left out of a short run; when, is left to chance.
      const name = names[turn++ % names.length] as string
      await (faults[name] as Fault)(world, redis)
      done.set(name, (done.get(name) ?? 0) + 1)
      await pause(world.random() * 2 * TIMES.leaseMs)
    }
  }
  await one()
  return done
}
