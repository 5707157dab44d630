import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster, OwnRedis, TcpProxy } from '@session-cluster/cluster'
import type { Redis } from 'ioredis'

/** What faults are done to. */
export interface Rig {
  readonly cluster: Cluster
  readonly redis: OwnRedis
  /** The line of one node to Redis; the others have a good one. */
  readonly proxy: TcpProxy
  readonly admin: Redis
}

/** A kind of fault. */
export interface Harm {
  /** Does it, and undoes it when `ms` have passed. */
  readonly run: (rig: Rig, ms: number) => Promise<unknown>
  /** Whose answers it may cut off: names of the targets. */
  readonly silences?: readonly string[]
}

/** Bad, for a while, then good again. */
const spell = (bad: (rig: Rig) => unknown, good: (rig: Rig) => unknown, silences: readonly string[] = []): Harm => ({
  run: async (rig, ms) => {
    await bad(rig)
    await pause(ms)
    await good(rig)
  },
  silences,
})

/** Over and over, every so many ms. */
const repeated = (everyMs: number, once: (rig: Rig) => unknown): Harm => ({
  run: async (rig, ms) => {
    for (let left = ms; left > 0; left -= everyMs) {
      await once(rig)
      await pause(everyMs)
    }
  },
})

const setting = (name: string, bad: string, good: string): Harm =>
  spell(
    ({ admin }) => admin.config('SET', name, bad),
    ({ admin }) => admin.config('SET', name, good),
  )

/** Every fault, by the words that the table has for it. */
export const harms: Readonly<Record<string, Harm>> = {
  'all connections to Redis are killed, every 400 ms': repeated(400, ({ admin }) =>
    admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
  ),
  'Redis forgets its scripts': repeated(500, ({ admin }) => admin.script('FLUSH')),
  'Redis is killed, and starts again (appendfsync always)': spell(
    ({ redis }) => redis.crash(),
    ({ redis }) => redis.start(),
  ),
  'Redis is stopped, and starts again': spell(
    ({ redis }) => redis.stop(),
    ({ redis }) => redis.start(),
  ),
  'Redis is frozen': spell(
    ({ redis }) => redis.freeze(),
    ({ redis }) => redis.thaw(),
  ),
  'Redis is full': setting('maxmemory', '1', '0'),
  'Redis has too few replicas': setting('min-replicas-to-write', '1', '0'),
  'Redis becomes a replica of nobody': spell(
    ({ admin }) => admin.replicaof('127.0.0.1', 1),
    ({ admin }) => admin.replicaof('NO', 'ONE'),
  ),
  'Redis denies HSET': spell(
    ({ admin }) => admin.call('ACL', 'SETUSER', 'default', '-hset'),
    ({ admin }) => admin.call('ACL', 'SETUSER', 'default', '+@all'),
  ),
  // Often and briefly: the more changes are on their way when it stops, the more of them arrive late.
  'one node’s line to Redis holds everything back, then delivers it': repeated(300, async ({ proxy }) => {
    proxy.freeze()
    await pause(600)
    proxy.thaw()
  }),
  'one node’s line to Redis takes 300 ms longer': spell(
    ({ proxy }) => {
      proxy.latencyMs = 300
    },
    ({ proxy }) => {
      proxy.latencyMs = 0
    },
  ),
  'one node’s line to Redis is cut, every 500 ms': repeated(500, ({ proxy }) => proxy.cut()),
  // What is on its way back when the line is cut has happened, and nobody hears of it.
  'one node’s answers from Redis are lost': {
    run: async ({ proxy }, ms) => {
      proxy.latencyMs = 40
      for (let left = ms; left > 0; left -= 400) {
        await pause(400)
        proxy.cut()
      }
      proxy.latencyMs = 0
    },
  },
  'one node cannot reach Redis': spell(
    ({ proxy }) => proxy.refuse(),
    ({ proxy }) => proxy.accept(),
  ),
  'a node is killed, and starts again': spell(
    ({ cluster }) => cluster.node('b').crash(),
    ({ cluster }) => cluster.node('b').start(),
    ['b', 'balancer'],
  ),
  'a node is restarted (SIGTERM)': { run: ({ cluster }) => cluster.node('b').restart(), silences: ['b'] },
  'a node is frozen': spell(
    ({ cluster }) => cluster.node('b').freeze(),
    ({ cluster }) => cluster.node('b').thaw(),
  ),
  'the balancer is killed, and starts again': spell(
    ({ cluster }) => cluster.balancer.crash(),
    ({ cluster }) => cluster.balancer.start(),
    ['balancer'],
  ),
  'the balancer is restarted (SIGTERM)': {
    run: ({ cluster }) => cluster.balancer.restart(),
    silences: ['balancer'],
  },
  'the balancer is frozen': spell(
    ({ cluster }) => cluster.balancer.freeze(),
    ({ cluster }) => cluster.balancer.thaw(),
  ),
}
