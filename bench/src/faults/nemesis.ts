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

/** Does harm, and undoes it when `ms` have passed. */
export type Harm = (rig: Rig, ms: number) => Promise<unknown>

/** A setting of Redis, for a while. */
const setting =
  (name: string, bad: string, good: string): Harm =>
  async ({ admin }, ms) => {
    await admin.config('SET', name, bad)
    await pause(ms)
    await admin.config('SET', name, good)
  }

/** Every fault, by the words that the table has for it. */
export const harms: Readonly<Record<string, Harm>> = {
  'all connections to Redis are killed, every 400 ms': async ({ admin }, ms) => {
    for (let left = ms; left > 0; left -= 400) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await pause(400)
    }
  },
  'Redis forgets its scripts': async ({ admin }, ms) => {
    await admin.script('FLUSH')
    await pause(ms)
  },
  'Redis is killed, and starts again (appendfsync always)': async ({ redis }, ms) => {
    await redis.crash()
    await pause(ms / 2)
    await redis.start()
    await pause(ms / 2)
  },
  'Redis is frozen': async ({ redis }, ms) => {
    await redis.freeze()
    await pause(ms)
    await redis.thaw()
  },
  'Redis is full': setting('maxmemory', '1', '0'),
  'Redis has too few replicas': setting('min-replicas-to-write', '1', '0'),
  'Redis becomes a replica of nobody': async ({ admin }, ms) => {
    await admin.replicaof('127.0.0.1', 1)
    await pause(ms)
    await admin.replicaof('NO', 'ONE')
  },
  'Redis denies HSET': async ({ admin }, ms) => {
    await admin.call('ACL', 'SETUSER', 'default', '-hset')
    await pause(ms)
    await admin.call('ACL', 'SETUSER', 'default', '+@all')
  },
  'one node’s line to Redis holds everything back, then delivers it': async ({ proxy }, ms) => {
    // Often and briefly: the more changes are on their way when it stops, the more of them arrive late.
    for (let left = ms; left > 0; left -= 900) {
      proxy.freeze()
      await pause(600)
      proxy.thaw()
      await pause(300)
    }
  },
  'one node’s line to Redis takes 300 ms longer': async ({ proxy }, ms) => {
    proxy.latencyMs = 300
    await pause(ms)
    proxy.latencyMs = 0
  },
  'one node’s line to Redis is cut': async ({ proxy }, ms) => {
    for (let left = ms; left > 0; left -= 500) {
      proxy.cut()
      await pause(500)
    }
  },
  'a node is killed, and starts again': async ({ cluster }, ms) => {
    await cluster.node('b').crash()
    await pause(ms)
    await cluster.node('b').start()
  },
  'a node is frozen': async ({ cluster }, ms) => {
    await cluster.node('b').freeze()
    await pause(ms)
    await cluster.node('b').thaw()
  },
  'the balancer starts again': async ({ cluster }, ms) => {
    await cluster.balancer.restart()
    await pause(ms)
  },
}
