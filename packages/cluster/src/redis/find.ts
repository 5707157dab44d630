import { join } from 'node:path'
import { cacheRoot } from '../project.ts'
import { adviceFor } from './advice.ts'
import { debianCopy } from './debian-copy.ts'
import { fedoraCopy } from './fedora-copy.ts'
import { redisOnPath } from './on-path.ts'
import type { FindOptions, RedisSource } from './source.ts'

/** No Redis can be had on this machine. The message says what to install on this system, and why each way failed. */
export class NoRedisError extends Error {
  override readonly name = 'NoRedisError'
  readonly code = 'CLUSTER_NO_REDIS'
}

/**
 * The path of a server program that speaks Redis 7 or newer: `redis-server` or `valkey-server` on PATH, else a private
 * copy of the distribution's package, fetched once and unpacked in the project's cache (no root needed, nothing
 * installed). Throws {@link NoRedisError}.
 */
export async function findRedisServer(options: FindOptions = {}): Promise<string> {
  const failures: string[] = []
  const path = await tryRedisServer(options, failures)
  if (path) return path
  throw new NoRedisError(await adviceFor(failures))
}

/** As {@link findRedisServer}, but notes in `failures` why nothing was found, and answers `undefined`. */
export async function tryRedisServer(options: FindOptions, failures: string[]): Promise<string | undefined> {
  const settings = {
    env: options.env ?? process.env,
    cacheDir: options.cacheDir ?? join(cacheRoot, 'redis'),
    onProgress: options.onProgress ?? (() => {}),
  }
  for (const source of [redisOnPath, debianCopy, fedoraCopy] satisfies RedisSource[]) {
    try {
      const path = await source(settings)
      if (path) return path
    } catch (error) {
      failures.push((error as Error).message)
    }
  }
  return undefined
}
