import { run, which } from '../command.ts'
import type { RedisSource } from './source.ts'

/** The oldest Redis that the stores promise to work with. Every Valkey is newer. */
const OLDEST = 7

/** The program names, in the order in which they are looked for. */
export const SERVER_NAMES = ['redis-server', 'valkey-server'] as const

/**
 * The user's own Redis or Valkey: the program that REDIS_SERVER names, else one on PATH. It is only run, never
 * configured: its configuration file and data stay untouched.
 */
export const redisOnPath: RedisSource = async ({ env }) => {
  if (env.REDIS_SERVER) {
    await assertUsable(env.REDIS_SERVER)
    return env.REDIS_SERVER
  }
  const found = await Promise.all(SERVER_NAMES.map((name) => which(name, env)))
  let refused: Error | undefined
  for (const path of found.filter((candidate) => candidate !== undefined)) {
    try {
      await assertUsable(path)
      return path
    } catch (error) {
      refused = error as Error
    }
  }
  if (refused) throw refused
  return undefined
}

/** Runs the program once; throws when it does not run or is too old. */
export async function assertUsable(path: string): Promise<void> {
  const text = await run(path, ['--version'], { timeoutMs: 10_000 })
  const major = Number(/\bv=(\d+)\./.exec(text)?.[1])
  if (!(major >= OLDEST))
    throw new Error(`${path} is too old (${text.trim().slice(0, 40)}): ${OLDEST} or newer is needed`)
}
