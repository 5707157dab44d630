import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, which } from '../command.ts'
import { earlierCopy, makeCopy } from './private-copy.ts'
import type { RedisSource } from './source.ts'

/** The packages that bring a server program: Redis first, Valkey where a release has no Redis. */
const PACKAGES = ['redis-server', 'valkey-server'] as const
/** What the copy must bring itself, even where dpkg calls it installed: it was not found on PATH. */
const OWN = new Set(['redis-server', 'redis-tools', 'redis', 'valkey-server', 'valkey-tools', 'valkey'])

/**
 * A private copy of Debian's or Ubuntu's own package with the libraries that this system lacks.
 *
 * Root is not needed: `apt-get` works on lists, a status file and a cache of our own, `dpkg -x` only unpacks. The system's
 * package lists are used when there are any; when there are none (a fresh container) or they are stale, fresh ones are
 * fetched into a private folder.
 */
export const debianCopy: RedisSource = async ({ env, cacheDir, onProgress }) => {
  if (!(await which('apt-get', env)) || !(await which('dpkg', env))) return undefined
  const earlier = await earlierCopy(cacheDir)
  if (earlier) return earlier
  onProgress('No redis-server on PATH: fetching a private copy of the distribution’s package (nothing is installed) …')
  return makeCopy(cacheDir, async (work, root) => {
    const apt = await privateApt(work, env)
    try {
      await fetchPackages(apt)
    } catch {
      onProgress('The package lists are missing or stale: fetching fresh ones into the project’s cache …')
      await apt.useOwnLists()
      await fetchPackages(apt)
    }
    for (const file of await readdir(join(work, 'debs')))
      await run('dpkg', ['-x', join(work, 'debs', file), root], { env })
  })
}

interface Apt {
  run(...args: string[]): Promise<string>
  /** Downloads the package lists into a folder of our own and uses them from now on. */
  useOwnLists(): Promise<void>
}

async function privateApt(work: string, env: NodeJS.ProcessEnv): Promise<Apt> {
  const status = join(work, 'status')
  await writeFile(status, await statusWithoutOwn())
  await mkdir(join(work, 'archives', 'partial'), { recursive: true })
  await mkdir(join(work, 'debs'))
  const options = [
    `Dir::State::status=${status}`,
    `Dir::Cache::archives=${join(work, 'archives')}`,
    'Dir::Cache::pkgcache=',
    'Dir::Cache::srcpkgcache=',
    'Debug::NoLocking=1',
    // Root would step down to a user who cannot write here; anyone else ignores it.
    'APT::Sandbox::User=root',
  ]
  const call = (args: readonly string[]) => {
    const settings = options.flatMap((option) => ['-o', option])
    return run('apt-get', [...args, '-q', ...settings], { cwd: join(work, 'debs'), env, timeoutMs: 300_000 })
  }
  return {
    run: (...args) => call(args),
    async useOwnLists() {
      const lists = join(work, 'lists')
      await mkdir(join(lists, 'partial'), { recursive: true })
      options.push(`Dir::State::lists=${lists}`)
      await call(['update'])
    },
  }
}

/** What dpkg says is installed, without the packages that the copy is about. */
async function statusWithoutOwn(): Promise<string> {
  const status = await readFile('/var/lib/dpkg/status', 'utf8').catch(() => '')
  const stanzas = status.split(/\n\n+/).filter((stanza) => !OWN.has(/^Package: (\S+)/m.exec(stanza)?.[1] ?? ''))
  return `${stanzas.join('\n\n')}\n`
}

/** Downloads the first server package that can be had, with all it needs that is not installed. */
async function fetchPackages(apt: Apt): Promise<void> {
  const failures: string[] = []
  for (const name of PACKAGES) {
    try {
      const plan = await apt.run('--simulate', '--no-install-recommends', 'install', name)
      const wanted = [...plan.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)].map(
        ([, pkg, version]) => `${pkg}=${version}`,
      )
      await apt.run('download', ...wanted)
      return
    } catch (error) {
      failures.push((error as Error).message)
    }
  }
  throw new Error(failures.join('; '))
}
