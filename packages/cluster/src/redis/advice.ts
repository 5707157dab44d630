import { readFile } from 'node:fs/promises'
import { release } from 'node:os'

/** The kinds of system that get advice of their own. */
export type System = 'debian' | 'fedora' | 'macos' | 'windows' | 'other'

/** What to type on each system. */
const INSTALL: Record<System, string> = {
  debian: 'sudo apt-get install redis-server',
  fedora: 'sudo dnf install valkey',
  macos: 'brew install redis',
  windows: 'wsl --install, and then run this project inside of WSL, where Redis can be had',
  other: 'your system’s package of Redis 7 or Valkey (redis-server or valkey-server must be on PATH)',
}

/** One clear message: what to do on this system, the alternatives, and why each way that applied has failed. */
export async function adviceFor(failures: readonly string[]): Promise<string> {
  return advice(await thisSystem(), isWsl(), failures)
}

/** As {@link adviceFor}, for any system. */
export function advice(system: System, wsl: boolean, failures: readonly string[]): string {
  const lines = [
    `Redis is needed in this mode and none was found${system === 'debian' && wsl ? ' (inside of WSL)' : ''}.`,
    `  Install one:          ${INSTALL[system]}`,
    '  Or start Docker:      the project then runs Redis in a container',
    '  Or use one you have:  REDIS_URL=redis://host:6379',
  ]
  return [...lines, ...failures.map((failure) => `  Tried: ${failure}`)].join('\n')
}

async function thisSystem(): Promise<System> {
  if (process.platform === 'darwin') return 'macos'
  if (process.platform === 'win32') return 'windows'
  return systemOf(await readFile('/etc/os-release', 'utf8').catch(() => ''))
}

/** Which system an os-release file describes, by its ID and the systems that it says it is like. */
export function systemOf(osRelease: string): System {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, value]) => (value ?? '').split(' '))
  if (ids.includes('debian') || ids.includes('ubuntu')) return 'debian'
  if (ids.includes('fedora') || ids.includes('rhel')) return 'fedora'
  return 'other'
}

function isWsl(): boolean {
  return /microsoft/i.test(release())
}
