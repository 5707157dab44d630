import { redisOptions } from '@session-cluster/session'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { ConfigError } from './env.ts'
import { type RedisAddress, showRedisAddress } from './redis-address.ts'

/** A connection to one Redis server, to the primary that Sentinel names, or to a Cluster. */
export type RedisClient = Redis | Cluster

/** How long a start waits for Redis: with npm around it and other lanes to stop, the demo still ends within 5 s. */
const START_MS = 1500

/**
 * Connects, and proves that Redis answers and lets us in. Throws a `ConfigError` for `REDIS_URL` within 1.5 s otherwise.
 * A command never waits for a lost connection and is never repeated on a new one: a request is told at once that the
 * store is away, and a write that was given up does not happen later.
 */
export async function openRedis(address: RedisAddress, log: Logger): Promise<RedisClient> {
  const client = makeClient(address)
  const failures: unknown[] = []
  // A listener must stay for good: without one, an error of the connection would end the process.
  for (const event of ['error', 'node error']) client.on(event, (error) => failures.length < 20 && failures.push(error))
  const expired = Promise.withResolvers<never>()
  const timer = setTimeout(() => expired.reject(new Error(silence(address))), START_MS)
  try {
    await Promise.race([client.connect().then(() => client.ping()), expired.promise])
  } catch (error) {
    client.disconnect()
    throw new ConfigError('REDIS_URL', `cannot use ${showRedisAddress(address)}: ${reason([error, ...failures])}`)
  } finally {
    clearTimeout(timer)
  }
  logChanges(client, log)
  return client
}

function makeClient(address: RedisAddress): RedisClient {
  const { endpoints, db, tls, username, password, primary } = address
  const common = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    ...redisOptions,
    lazyConnect: true,
    // A peer that vanished without a word is given up after this long, and a new connection is tried.
    socketTimeout: 5000,
  } satisfies RedisOptions
  switch (address.kind) {
    case 'single':
      return new Redis({ ...common, ...endpoints[0], db })
    case 'sentinel':
      return new Redis({
        ...common,
        sentinels: [...endpoints],
        name: primary ?? '',
        db,
        enableTLSForSentinelMode: tls,
        sentinelRetryStrategy: redisOptions.retryStrategy,
      })
    case 'cluster':
      return new Cluster([...endpoints], {
        redisOptions: common,
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: redisOptions.retryStrategy,
        slotsRefreshTimeout: 1000,
      })
  }
}

/** One line when the connection goes and one when it is back, not one for each attempt between. */
function logChanges(client: RedisClient, log: Logger): void {
  let connected = true
  client.on('close', () => {
    if (connected) log.warn('connection to Redis lost')
    connected = false
  })
  client.on('ready', () => {
    if (!connected) log.info('connection to Redis is back')
    connected = true
  })
}

function silence({ kind, primary }: RedisAddress): string {
  const who = kind === 'sentinel' ? `no primary named ${primary} was found through its sentinels` : 'no answer'
  return `${who} within ${START_MS} ms`
}

/** The failure that tells most: the latest that is more than "closed". */
function reason(failures: readonly unknown[]): string {
  const messages = failures.map((failure) => {
    const { message, lastNodeError } = failure as Error & { lastNodeError?: Error }
    return lastNodeError?.message || message || String(failure)
  })
  return messages.findLast((message) => !/connection is closed/i.test(message)) ?? 'the connection was closed'
}
