/** Installs programs of Debian's (and Ubuntu's), where that needs no asking: as root. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Whether the packages are installed now; `false`, without trying, elsewhere or as another user. */
export function installFromDebian(what: string, packages: readonly string[]): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  console.error(`Installing ${what} …`)
  const quietly = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  } satisfies SpawnSyncOptions
  spawnSync('apt-get', ['update', '-qq'], quietly)
  return spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quietly).status === 0
}
