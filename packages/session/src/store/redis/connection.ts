import type { SessionKey } from '../../carrier/id.ts'
import { StoreRefusedError } from '../store.ts'

/** A command's argument. */
export type RedisArgument = string | Buffer | number

/** The commands that the store sends. */
export type CommandName = 'eval' | 'evalsha' | 'exists' | 'hmget' | 'pttl' | 'scan' | 'unlink' | 'zrange' | 'zrem'

/**
 * What the store needs of a Redis client. `redisStore` makes one of an ioredis, iovalkey or node-redis client; for any other
 * client write your own and give it as `client`.
 */
export interface RedisConnection {
  /** What the client itself puts before every key. */
  readonly keyPrefix: string
  /** Whether keys lie on several servers by their slots (Redis Cluster). */
  readonly isCluster: boolean
  /**
   * Sends one command to the server that has `key`. Resolves with the reply as RESP 2 has it: bulk strings as `Buffer`,
   * integers as numbers, nil as `null`, arrays. Rejects with what `refused` makes of an error reply, with an
   * `UnsentError` when the command has certainly not left, and with anything else when nobody knows.
   */
  send(key: string, name: CommandName, args: readonly RedisArgument[]): Promise<unknown>
  /** Waits for a lost connection to come back; rejects when it cannot be made. No promise when there is nothing to wait for. */
  ready(key: string): Promise<void> | undefined
  /** An object that stands for the connection which a command for this key takes now; another one once it is opened again. */
  linkTo(key: string): object | undefined
  /** Names the server that has this key; `''` when there is only one. */
  serverOf(key: string): string
  /** Calls the listener whenever a lost connection is back. */
  onReconnect(listener: () => void): void
  /** Drops the connection that commands for this key take, and opens it again. */
  reconnect(key: string): void
  /**
   * Hears a channel, over a connection of its own that is made again whenever it is lost. Resolves when it is heard.
   * Without it nobody is told of sessions that end elsewhere.
   */
  subscribe?(channel: string, hearing: Hearing): Promise<AsyncDisposable>
  /** The servers that share the keys, in an order of their own, to scan them one by one. */
  primaries(): readonly Pick<RedisConnection, 'send'>[]
  /** The same servers, to be told by each of the keys that change there. Without it there is no near cache. */
  tracked?(): readonly TrackedServer[]
}

/** One of the servers that share the keys. */
export interface TrackedServer {
  /** Names it; `''` when there is only one. */
  readonly name: string
  /** In braces within a key, it makes the key lie there; `''` when there is only one server. */
  readonly tag: string
  /** Begins to hear, over a connection of its own. Resolves when it is heard; a connection that is lost is not made again. */
  track(tracking: Tracking): Promise<AsyncDisposable>
}

/** What a near cache hears of one server: `CLIENT TRACKING … BCAST`, redirected to the very connection that asked for it. */
export interface Tracking {
  /** Whole names, the client's `keyPrefix` included: keys that begin so are told of. */
  readonly prefixes: readonly string[]
  readonly channels: readonly string[]
  /** Keys that were changed, or ended; `undefined`: any may have been. In the order in which it happened. */
  readonly changed: (keys: readonly string[] | undefined) => void
  readonly heard: (channel: string, message: string) => void
  /** The connection is lost. */
  readonly lost: () => void
}

/** The channel on which Redis tells a client of RESP 2 which keys have changed. */
export const INVALIDATE = '__redis__:invalidate'

/** The arguments of `CLIENT` that have a connection told, by itself, of keys that begin so. */
export const trackingOf = (clientId: string, prefixes: readonly string[]): string[] => [
  ...['TRACKING', 'ON', 'REDIRECT', clientId, 'BCAST'],
  ...prefixes.flatMap((prefix) => ['PREFIX', prefix]),
]

/** What one channel brings. */
export interface Hearing {
  readonly heard: (message: string) => void
  /** The connection was lost and is back: what was said meanwhile was not heard. */
  readonly missed: () => void
}

/** The command has not left this process, so it may be sent once more. */
export class UnsentError extends Error {
  constructor(cause: unknown) {
    super('there is no connection to Redis', { cause })
    this.name = 'UnsentError'
  }
}

/** Replies that speak of the whole server: it can serve nobody for now. */
const OUTAGES = ['LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'BUSY']

/** What else Redis begins an error reply with, where it does not only say `ERR`. */
const REASONS = ['READONLY', 'OOM', 'NOREPLICAS', 'MISCONF', 'NOPERM', 'NOAUTH', 'WRONGTYPE', 'NOSCRIPT', 'CROSSSLOT']

/**
 * The error to reject with for an error reply. A script's failure has its reason somewhere in the text: Redis 6.2 says
 * `ERR Error running script (call to f_…): @user_script:1: -READONLY You can't write …`.
 */
export function refused(reply: Error): StoreRefusedError {
  const { message } = reply
  const words = message.split(/[^A-Z]+/)
  const outage = OUTAGES.find((word) => words.includes(word))
  const isDenied = /ACL failure|can't run this command/.test(message)
  const reason = outage ?? REASONS.find((word) => words.includes(word)) ?? (isDenied ? 'NOPERM' : words.find(Boolean))
  return new StoreRefusedError(reason ?? 'ERR', message, { isOutage: outage !== undefined, cause: reply })
}

/** Which slot of a cluster a key lies in: CRC-16 of the part in braces, or of all (the cluster specification's appendix A). */
export function slotOf(key: SessionKey): number {
  const open = key.indexOf('{')
  const close = open === -1 ? -1 : key.indexOf('}', open + 1)
  const bytes = Buffer.from(close > open + 1 ? key.slice(open + 1, close) : key)
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc % 16_384
}

/** Something that, in braces, makes a key lie where this asks for; `undefined` for a server without slots. */
export function tagFor(isThere: (key: string) => boolean): string | undefined {
  for (let i = 0; i < MOST_TAGS; i++) if (isThere(`{${i}}`)) return String(i)
  return undefined
}

/** So many find even a server that has few of the slots. */
const MOST_TAGS = 20_000
