import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newRun } from '../src/environment.ts'
import { freePort } from '../src/index.ts'
import { projectRoot } from '../src/project.ts'
import { demoPorts } from './demo-ports.ts'
import { survivors } from './survivors.ts'

interface Command {
  args?: string
  /** What it says once it has started whatever it starts; `runs`: a process of that, where it says nothing before its end. */
  says?: string
  runs?: string
  ports?: () => Promise<Record<string, string>>
}

const commands: Record<string, Command> = {
  demo: { says: 'Ctrl-C stops everything', ports: demoPorts },
  server: { says: '"ready"', ports: async () => ({ PORT: String(await freePort()), ADMIN_PORT: '0' }) },
  balancer: { says: '"ready"', ports: async () => ({ BALANCER_PORT: String(await freePort()), ADMIN_PORT: '0' }) },
  lab: { args: '-- run C4', runs: 'apps/server/src/main.ts' },
  bench: { args: '-- session --quick', says: 'correct: bare Fastify' },
}

const ways = ['SIGTERM to npm', 'SIGKILL to npm', 'SIGHUP to all', 'SIGKILL to the bootstrap', 'a closed pipe'] as const
type Way = (typeof ways)[number]

/** Every command in every way in the full form; otherwise each command and each way once. */
const matrix = Object.keys(commands).flatMap((name, row) =>
  ways.map((way, column) => ({ name, way, isChosen: row === column })),
)

describe('whatever ends a command', () => {
  test.for(matrix.filter(({ isChosen }) => isChosen || process.env.TEST_BUDGET === 'full'))(
    '$way ends npm run $name and all that it started',
    async ({ name, way }) => {
      const run = newRun()
      await using scratch = await temporaryFolder()
      const npm = await started(name, way, run, scratch.path)
      end(way, npm, run)
      // The promise is 5 s; a busy machine gets more before the test gives up.
      await expect.poll(() => survivors(run), { timeout: 20_000 }).toEqual([])
    },
  )
})

/** `npm run <name>`, in a process group of its own as a terminal would have it, until it says that all is up. */
async function started(name: string, way: Way, run: string, scratch: string): Promise<ChildProcess> {
  const { args = '', says, runs = '', ports } = commands[name] as Command
  // A lab without a folder of its own leaves a report.
  const folder = name === 'lab' ? ` --out ${scratch}` : ''
  const typed = `npm run --silent ${name} ${args}${folder}`
  const env = { MODE: 'local', CLUSTER_RUN: run, UPSTREAMS: 'a=http://127.0.0.1:9', ...(await ports?.()) }
  // A shell's pipe: the streams that Node makes for a child are sockets.
  const [program = '', ...words] = way === 'a closed pipe' ? ['sh', '-c', `${typed} 2>&1 | cat`] : typed.split(' ')
  const npm = spawn(program, words.filter(Boolean), {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let said = ''
  for (const stream of [npm.stdout, npm.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text))
  if (says !== undefined) await expect.poll(() => said).toContain(says)
  else await expect.poll(() => pidOf(runs, run)).toBeDefined()
  return npm
}

function end(way: Way, npm: ChildProcess, run: string): void {
  switch (way) {
    case 'SIGTERM to npm':
      return void npm.kill('SIGTERM')
    case 'SIGKILL to npm':
      return void npm.kill('SIGKILL')
    case 'SIGHUP to all':
      return void process.kill(-(npm.pid as number), 'SIGHUP')
    case 'SIGKILL to the bootstrap':
      return void process.kill(pidOf('scripts/bootstrap.mjs', run) as number, 'SIGKILL')
    case 'a closed pipe':
      return void process.kill(pidOf(/^cat$/, run) as number, 'SIGKILL')
  }
}

function pidOf(command: string | RegExp, run: string): number | undefined {
  return survivors(run).find((each) =>
    typeof command === 'string' ? each.command.includes(command) : command.test(each.command),
  )?.pid
}

async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'nothing-left-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

test('an ended run of the tests leaves nothing, and does not say that they passed', async () => {
  const run = newRun()
  const npm = spawn('npm', ['run', '--silent', 'check'], {
    cwd: projectRoot,
    env: { ...process.env, CLUSTER_RUN: run },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  await expect.poll(() => survivors(run).some(({ command }) => command.includes('biome'))).toBe(true)
  npm.kill('SIGTERM')
  await once(npm, 'exit')
  await expect.poll(() => survivors(run), { timeout: 20_000 }).toEqual([])
  expect(said).not.toContain('pass')
})
