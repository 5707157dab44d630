import { connect } from 'node:net'
import { ConfigError } from '@session-cluster/contract'
import { redisOptions } from '@session-cluster/session'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { type RedisAddress, showRedisAddress } from './redis-address.ts'
import type { RedisSettings } from './redis-config.ts'

/** A connection to one Redis server, to the primary that Sentinel names, or to a Cluster. */
export type RedisClient = Redis | Cluster

/**
 * Connects, and proves that Redis answers and lets us in. Throws a `ConfigError` for `REDIS_URL` within `startTimeoutMs`
 * otherwise. A command never waits for a lost connection longer than its request does, and is never repeated after it.
 */
export async function openRedis(address: RedisAddress, settings: RedisSettings, log: Logger): Promise<RedisClient> {
  const { startTimeoutMs } = settings
  const client = makeClient(address, settings)
  const failures: unknown[] = []
  // A listener must stay for good: without one, an error of the connection would end the process.
  for (const event of ['error', 'node error']) client.on(event, (error) => failures.length < 20 && failures.push(error))
  const expired = Promise.withResolvers<never>()
  const timer = setTimeout(() => expired.reject(new Error(silence(address, startTimeoutMs))), startTimeoutMs)
  try {
    await Promise.race([client.connect().then(() => prove(client, address)), expired.promise])
  } catch (error) {
    client.disconnect()
    const why = (await lastWords(address)) ?? reason([error, ...failures])
    throw new ConfigError('REDIS_URL', `cannot use ${showRedisAddress(address)}: ${why}`)
  } finally {
    clearTimeout(timer)
  }
  logChanges(client, log)
  return client
}

/** Redis answers, and has the database that is asked for: ioredis goes on in the first one where it has not. */
async function prove(client: RedisClient, { kind, db }: RedisAddress): Promise<void> {
  // A user who may not even ask that has been let in all the same; sessions need no such right.
  await client.ping().catch((error: Error) => {
    if (!/^NOPERM/.test(error.message)) throw error
  })
  if (kind !== 'cluster' && db > 0) await client.select(db)
}

function makeClient(address: RedisAddress, { sentinel, tls: certificates, natMap }: RedisSettings): RedisClient {
  const { endpoints, db, tls, username, password, primary } = address
  const common = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: certificates } : {}),
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
        ...(sentinel.username === undefined ? {} : { sentinelUsername: sentinel.username }),
        ...(sentinel.password === undefined ? {} : { sentinelPassword: sentinel.password }),
        ...(tls ? { sentinelTLS: certificates } : {}),
        natMap,
        name: primary ?? '',
        db,
        enableTLSForSentinelMode: tls,
        sentinelRetryStrategy: redisOptions.retryStrategy,
      })
    case 'cluster':
      return new Cluster([...endpoints], {
        redisOptions: common,
        natMap,
        // Certificates name hosts: what the cluster announces is not looked up before it is checked against them.
        ...(tls ? { dnsLookup: (host, found) => found(null, host) } : {}),
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

/** How long a Redis is listened to that may say why it hangs up, ms. */
const LISTEN_MS = 200

/**
 * What a Redis says to whoever only connects, as when it has too many clients: it hangs up right behind that, and a client that has
 * sent something meanwhile never sees it. `undefined` when it says nothing, as one does that is well.
 */
function lastWords({ endpoints: [endpoint], tls }: RedisAddress): Promise<string | undefined> {
  if (tls) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const socket = connect({ ...endpoint, timeout: LISTEN_MS })
    const end = (words?: string): void => {
      socket.destroy()
      resolve(words)
    }
    socket.once('data', (chunk) => end(/^-(.*)/.exec(chunk.toString())?.[1]))
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => end())
  })
}

function silence({ kind, primary }: RedisAddress, startTimeoutMs: number): string {
  const who = kind === 'sentinel' ? `no primary named ${primary} was found through its sentinels` : 'no answer'
  return `${who} within ${startTimeoutMs} ms (REDIS_START_TIMEOUT_MS)`
}

/** The failure that tells most: what Redis itself said, else what the network says, else that it was closed. */
function reason(failures: readonly unknown[]): string {
  const told = failures.map((failure) => {
    const { lastNodeError } = failure as { lastNodeError?: Error }
    const { name, message } = lastNodeError ?? (failure as Error)
    return { isReply: name === 'ReplyError', message: message || String(failure) }
  })
  const reply = told.findLast(({ isReply }) => isReply)
  const other = told.findLast(({ message }) => !/connection is closed|EPIPE|ECONNRESET/i.test(message))
  const words = reply?.message ?? other?.message ?? told.at(-1)?.message ?? 'the connection was closed'
  return /^Unknown RESP type|^Protocol error/.test(words) ? 'what answers there does not speak Redis’s protocol' : words
}
