import type { Script } from './redis-scripts.ts'
import type { StoreUsage } from './store.ts'

/** A command's argument. */
export type RedisArgument = string | Buffer | number

/** What is used of an ioredis client, be it `Redis` (single or Sentinel) or `Cluster`. */
export interface RedisClient {
  readonly isCluster: boolean
  readonly options: { readonly keyPrefix?: string | undefined }
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>
}

/** What is used of an ioredis `Cluster` beside that: its primaries, to scan them one by one. */
export interface RedisClusterClient extends RedisClient {
  nodes(
    role: 'master',
  ): readonly (RedisClient & { readonly options: { readonly host?: string; readonly port?: number } })[]
}

/** Sends one command and counts it. */
export function command(
  client: RedisClient,
  usage: StoreUsage | undefined,
  name: string,
  args: readonly RedisArgument[],
): Promise<unknown> {
  if (usage) {
    usage.commands++
    usage.roundTrips++
  }
  return client.callBuffer(name, ...args)
}

/** Runs a script by its digest; sends its source only when Redis has forgotten it, as after a restart. */
export function run(
  client: RedisClient,
  { sha, source }: Script,
  keys: readonly string[],
  args: readonly RedisArgument[],
  usage: StoreUsage | undefined,
): Promise<unknown> {
  const rest = [keys.length, ...keys, ...args]
  return command(client, usage, 'evalsha', [sha, ...rest]).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return command(client, usage, 'eval', [source, ...rest])
  })
}
