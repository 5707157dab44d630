import type { RedisArgument } from '../redis/connection.ts'
import type { RedisBackend } from '../redis/redis.ts'
import type { Script } from '../redis/script.ts'

/** One near cache among those over the same Redis and namespace. */
export interface Member extends RedisBackend {
  readonly id: string
  readonly leaseMs: number
}

/** The key of the list of those that may answer from memory. */
export const holdersKey = ({ keys }: Member): string => `${keys.near}holders`

/** Runs a script on that list. It is given up after a lease. */
export const runOnHolders = (member: Member, script: Script, args: readonly RedisArgument[]): Promise<unknown> =>
  member.calls.read(script, [holdersKey(member)], args, { giveUpAt: performance.now() + member.leaseMs })

/** The channel on which all of them are asked to drop sessions that have ended. */
export const questionChannel = ({ connection, keys }: Member): string => `${connection.keyPrefix}${keys.near}ended`

/** The channel on which the one with this id is answered. */
export const answerChannel = ({ connection, keys }: Member, id: string): string =>
  `${connection.keyPrefix}${keys.near}${id}`
