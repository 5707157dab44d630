import type { StoreUsage } from '../store.ts'
import type { Script } from './scripts.ts'

/** A command's argument. */
export type RedisArgument = string | Buffer | number

/** What is used of a client's socket. */
export interface RedisSocket {
  readonly writableCorked?: number
  cork?(): void
  uncork?(): void
}

/** What is used of an ioredis client, be it `Redis` (single or Sentinel) or `Cluster`. */
export interface RedisClient {
  readonly isCluster: boolean
  readonly options: { readonly keyPrefix?: string | undefined }
  readonly status?: string
  /** Its socket; a cluster has none of its own. */
  readonly stream?: RedisSocket | undefined
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>
  once(event: 'ready' | 'close', listener: () => void): unknown
  off(event: 'ready' | 'close', listener: () => void): unknown
  connect?(): Promise<void>
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
  name: CommandName,
  args: readonly RedisArgument[],
): Promise<unknown> {
  if (usage) {
    usage.commands++
    usage.roundTrips++
  }
  if (isStarting(client)) return started(client).then(() => call(client, name, args))
  gather(client.stream)
  return call(client, name, args)
}

/** The commands that the store sends. */
export type CommandName = 'eval' | 'evalsha' | 'hmget' | 'scan' | 'unlink' | 'zrange' | 'zrem'

type Methods = Readonly<Record<`${CommandName}Buffer`, (...args: RedisArgument[]) => Promise<unknown>>>

/** By the command's own method: `callBuffer` loses the command's name when the client pipelines by itself. */
const call = (client: RedisClient, name: CommandName, args: readonly RedisArgument[]): Promise<unknown> =>
  (client as unknown as Methods)[`${name}Buffer`](...args)

/**
 * Lets the commands of all requests that arrived together leave in one write: most of a command's cost in this process
 * is the system call. They leave as soon as what has arrived is handled, so none waits for another's answer.
 */
function gather(socket: RedisSocket | undefined): void {
  if (!socket?.cork || socket.writableCorked !== 0) return
  socket.cork()
  setImmediate(uncork, socket)
}

const uncork = (socket: RedisSocket): void => socket.uncork?.()

/** Clients that have been ready once: from then on a lost connection fails commands at once. */
const ready = new WeakSet<RedisClient>()

/** Whether the client's very first connection is still being made. */
function isStarting(client: RedisClient): boolean {
  if (ready.has(client)) return false
  if (client.status !== 'ready') return ['wait', 'connecting', 'connect'].includes(client.status ?? '')
  ready.add(client)
  return false
}

/** What waits for a client's first connection: one promise for all commands. */
const starting = new WeakMap<RedisClient, Promise<void>>()

/**
 * A client without an offline queue refuses commands until it is connected. The first requests of a process shall not
 * fail for that: they wait for the attempt that is being made, and fail if it does. A command that went on waiting for the
 * next would run long after its request was answered.
 */
function started(client: RedisClient): Promise<void> {
  let start = starting.get(client)
  if (start) return start
  if (client.status === 'wait') client.connect?.().catch(() => {}) // the commands say what is wrong
  start = firstConnection(client).finally(() => starting.delete(client))
  starting.set(client, start)
  return start
}

function firstConnection(client: RedisClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const onReady = (): void => {
      client.off('close', onClose)
      resolve()
    }
    const onClose = (): void => {
      client.off('ready', onReady)
      reject(new Error('Redis could not be connected to'))
    }
    client.once('ready', onReady)
    client.once('close', onClose)
  })
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
