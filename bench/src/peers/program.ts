import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../../../.cache/bench-peers', import.meta.url))

/** A program that this machine has, or that was unpacked for the bench alone. */
export interface Program {
  readonly name: string
  readonly path: string
  /** Its environment: the machine's, with the libraries that were unpacked beside it. */
  readonly env: NodeJS.ProcessEnv
  /** What it says of itself. */
  readonly version: string
  readonly origin: 'machine' | 'cache'
}

/** Where to get a program, and how it tells its version. */
export interface ProgramSource {
  readonly name: string
  /** The Debian packages that hold the program itself. */
  readonly packages: readonly string[]
  readonly versionArgs: readonly string[]
}

/** Every program the benches start. */
export const sources = {
  redis: { name: 'redis-server', packages: ['redis-server', 'redis-tools'], versionArgs: ['--version'] },
  nginx: { name: 'nginx', packages: ['nginx'], versionArgs: ['-v'] },
  haproxy: { name: 'haproxy', packages: ['haproxy'], versionArgs: ['-v'] },
  caddy: { name: 'caddy', packages: ['caddy'], versionArgs: ['version'] },
} satisfies Record<string, ProgramSource>

/** A program could not be had; the message says what to type. */
export class MissingProgramError extends Error {
  readonly code = 'BENCH_PROGRAM_MISSING'
}

/**
 * Finds a program: on PATH (the sbin folders included), else in the project's cache, else its Debian packages are fetched
 * and unpacked into the cache, root not needed. Throws a `MissingProgramError` when none of that works.
 */
export async function findProgram(source: ProgramSource, say: (line: string) => void): Promise<Program> {
  const programFolders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const found = programFolders.map((folder) => join(folder, source.name)).find((path) => existsSync(path))
  if (found) return await describe(source, found, process.env, 'machine')
  const home = join(cache, source.name)
  if (!existsSync(home)) {
    say(`${source.name} is not on this machine: unpacking Debian's package into .cache/bench-peers …`)
    await unpack(source, home)
  }
  const path = ['usr/sbin', 'usr/bin'].map((folder) => join(home, folder, source.name)).find((file) => existsSync(file))
  if (!path) throw new MissingProgramError(advice(source, `the package holds no ${source.name}`))
  return await describe(
    source,
    path,
    { ...process.env, LD_LIBRARY_PATH: (await libraryFolders(home)).join(delimiter) },
    'cache',
  )
}

async function describe(source: ProgramSource, path: string, env: NodeJS.ProcessEnv, origin: Program['origin']) {
  try {
    const { stdout, stderr } = await run(path, [...source.versionArgs], { env })
    const version = /\d+\.\d+(?:\.\d+)?/.exec(stdout + stderr)?.[0] ?? 'unknown'
    return { name: source.name, path, env, version, origin }
  } catch (error) {
    throw new MissingProgramError(advice(source, (error as Error).message.split('\n')[0] ?? ''), { cause: error })
  }
}

/** Downloads the packages and those they need and that are not installed, and unpacks them side by side. */
async function unpack(source: ProgramSource, home: string): Promise<void> {
  const folder = `${home}.part`
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  try {
    const wanted = [...source.packages, ...(await missingDependencies(source.packages))]
    await run('apt-get', ['download', ...wanted], { cwd: folder }).catch(async () => {
      await run('apt-get', ['update', ...privateLists()])
      await run('apt-get', ['download', ...privateLists(), ...wanted], { cwd: folder })
    })
    for (const file of await readdir(folder)) {
      if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(folder, file), folder])
    }
    await rename(folder, home)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw new MissingProgramError(advice(source, (error as Error).message.split('\n')[0] ?? ''), { cause: error })
  }
}

/** apt's lists in the project's cache, for users who may not refresh the system's. */
function privateLists(): string[] {
  const state = join(cache, 'apt')
  return ['-o', `Dir::State::Lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${join(state, 'cache')}`]
}

async function missingDependencies(packages: readonly string[]): Promise<string[]> {
  const flags = [
    '--recurse',
    '--no-recommends',
    '--no-suggests',
    '--no-conflicts',
    '--no-breaks',
    '--no-replaces',
    '--no-enhances',
  ]
  const { stdout } = await run('apt-cache', ['depends', ...flags, ...packages], { maxBuffer: 1 << 26 })
  const installed = await installedPackages()
  const names = stdout.split('\n').filter((line) => /^lib[\w.+-]+$/.test(line))
  return [...new Set(names)].filter((name) => !installed.has(name) && !packages.includes(name))
}

async function installedPackages(): Promise<Set<string>> {
  const status = await readFile('/var/lib/dpkg/status', 'utf8')
  return new Set(
    status
      .split('\n\n')
      .filter((entry) => entry.includes('Status: install ok installed'))
      .map((entry) => /^Package: (.+)$/m.exec(entry)?.[1] ?? ''),
  )
}

async function libraryFolders(home: string): Promise<string[]> {
  const folders = await readdir(home, { recursive: true, withFileTypes: true })
  return [...new Set(folders.filter((entry) => entry.name.includes('.so')).map((entry) => entry.parentPath))]
}

function advice(source: ProgramSource, reason: string): string {
  const install = `apt-get install ${source.packages.join(' ')}`
  return `${source.name} is missing (${reason}). Debian, Ubuntu: ${install}. Fedora: dnf install ${source.name}. macOS: CPU is read from Linux' /proc; use a Linux machine or container.`
}
