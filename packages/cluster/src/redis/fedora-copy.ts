import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run, which } from '../command.ts'
import { earlierCopy, makeCopy } from './private-copy.ts'
import type { RedisSource } from './source.ts'

/** Fedora 41 and later have Valkey in Redis's place. */
const PACKAGES = ['valkey', 'redis'] as const
const NEEDED = ['dnf', 'rpm2cpio', 'cpio'] as const

/** A private copy of Fedora's own package with the libraries that this system lacks; root is not needed. */
export const fedoraCopy: RedisSource = async ({ env, cacheDir, onProgress }) => {
  if (!(await which('dnf', env))) return undefined
  const missing = []
  for (const command of NEEDED) if (!(await which(command, env))) missing.push(command)
  const earlier = await earlierCopy(cacheDir)
  if (earlier) return earlier
  if (missing.length > 0) throw new Error(`a private copy needs ${missing.join(' and ')}`)
  onProgress('No redis-server on PATH: fetching a private copy of the distribution’s package (nothing is installed) …')
  return makeCopy(cacheDir, async (work, root) => {
    const rpms = join(work, 'rpms')
    await mkdir(rpms)
    await download(rpms, env)
    for (const file of await readdir(rpms)) {
      const unpack = 'rpm2cpio "$1" | cpio --quiet --extract --make-directories --preserve-modification-time'
      await run('/bin/sh', ['-c', unpack, 'unpack', join(rpms, file)], { cwd: root, env })
    }
  })
}

async function download(rpms: string, env: NodeJS.ProcessEnv): Promise<void> {
  const failures: string[] = []
  for (const name of PACKAGES) {
    try {
      await run('dnf', ['download', '--resolve', `--destdir=${rpms}`, name], { cwd: rpms, env, timeoutMs: 300_000 })
      return
    } catch (error) {
      failures.push((error as Error).message)
    }
  }
  throw new Error(failures.join('; '))
}
