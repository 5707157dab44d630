import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { newRun } from '../src/environment.ts'
import { freePort } from '../src/index.ts'
import { projectRoot } from '../src/project.ts'
import { demoPorts } from './demo-ports.ts'
import { survivors } from './survivors.ts'

/** What each command says once it has started whatever it starts, and its own ports. */
const commands = {
  demo: { says: 'Ctrl-C stops everything', ports: demoPorts },
  server: { says: '"ready"', ports: async () => ({ PORT: String(await freePort()), ADMIN_PORT: '0' }) },
  balancer: { says: '"ready"', ports: async () => ({ BALANCER_PORT: String(await freePort()), ADMIN_PORT: '0' }) },
} as const
type Name = keyof typeof commands

const ways = ['SIGTERM to npm', 'SIGKILL to npm', 'SIGHUP to all', 'SIGKILL to the bootstrap', 'a closed pipe'] as const
type Way = (typeof ways)[number]

/** Every command in every way in the full form; otherwise each command and each way once. */
const matrix = Object.keys(commands).flatMap((name, row) =>
  ways.map((way, column) => ({ name: name as Name, way, isChosen: row === column % 3 })),
)

describe('whatever ends a command', () => {
  test.for(matrix.filter(({ isChosen }) => isChosen || process.env.TEST_BUDGET === 'full'))(
    '$way ends npm run $name and all that it started',
    async ({ name, way }) => {
      const run = newRun()
      const npm = await started(name, way, run)
      end(way, npm, run)
      // The promise is 5 s; a busy machine gets more before the test gives up.
      await expect.poll(() => survivors(run), { timeout: 20_000 }).toEqual([])
    },
  )
})

/** `npm run <name>`, in a process group of its own as a terminal would have it, until it says that all is up. */
async function started(name: Name, way: Way, run: string): Promise<ChildProcess> {
  const { says, ports } = commands[name]
  const env = { MODE: 'local', CLUSTER_RUN: run, UPSTREAMS: 'a=http://127.0.0.1:9', ...(await ports()) }
  // A shell's pipe: the streams that Node makes for a child are sockets. The reader goes when it has read what it waits for.
  const piped = `npm run --silent ${name} 2>&1 | sed '/${says}/q'`
  const [program, args] = way === 'a closed pipe' ? ['sh', ['-c', piped]] : ['npm', ['run', '--silent', name as string]]
  const npm = spawn(program as string, args as string[], {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let said = ''
  for (const stream of [npm.stdout, npm.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text))
  await expect.poll(() => said).toContain(says)
  return npm
}

function end(way: Way, npm: ChildProcess, run: string): void {
  const bootstrap = () => survivors(run).find(({ command }) => command.includes('scripts/bootstrap.mjs'))?.pid
  switch (way) {
    case 'SIGTERM to npm':
      return void npm.kill('SIGTERM')
    case 'SIGKILL to npm':
      return void npm.kill('SIGKILL')
    case 'SIGHUP to all':
      return void process.kill(-(npm.pid as number), 'SIGHUP')
    case 'SIGKILL to the bootstrap':
      return void process.kill(bootstrap() as number, 'SIGKILL')
    case 'a closed pipe': // closed by its reader already
  }
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
