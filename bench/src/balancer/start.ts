import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@session-cluster/cluster/free-port'
import { ask } from '../load/ask.ts'
import { message } from '../load/generator.ts'
import { endWithUs, stopChild } from '../measure/stop-child.ts'
import type { Program } from '../peers/program.ts'

/** A balancer that runs. */
export interface Balanced extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  /** The child, for those who send it messages. */
  readonly child: ChildProcess
}

/** The two nodes behind every balancer. */
export interface Nodes extends AsyncDisposable {
  readonly ports: readonly number[]
  readonly pid: number
}

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Starts both nodes, in one process. */
export async function startNodes(): Promise<Nodes> {
  const child = endWithUs(fork(local('servers/backend.ts'), { stdio: ['ignore', 2, 2, 'ipc'] }))
  const { ports } = (await message(child)) as { ports: number[] }
  return { ports, pid: child.pid as number, [Symbol.asyncDispose]: () => stopChild(child) }
}

/** Starts one of the Node proxies. */
export async function startNode(file: string, nodes: readonly number[]): Promise<Balanced> {
  const env = { ...process.env, NODE_ENV: 'production', NODES: nodes.join(',') }
  const child = endWithUs(
    fork(local(`servers/${file}.ts`), { stdio: ['ignore', 2, 2, 'ipc'], env, execArgv: ['--disable-warning=DEP0060'] }),
  )
  const { port } = (await message(child)) as { port: number }
  return running(child, port)
}

/** Starts apps/balancer as it is meant to be started: health checks, affinity and events on, their defaults kept. */
export async function startOurs(
  engine: string,
  nodes: readonly number[],
  execArgv: readonly string[] = [],
): Promise<Balanced> {
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    MODE: 'sticky',
    ENGINE: engine,
    BALANCER_PORT: '0',
    ADMIN_PORT: '0',
    AFFINITY_SECRET: 'a-secret-for-the-bench-alone',
    // As many checks as ever; that a busy machine stands still for a second is no node's fault.
    HEALTH_TIMEOUT_MS: '15000',
    UPSTREAMS: nodes.map((port, index) => `${'ab'[index]}=http://127.0.0.1:${port}`).join(','),
  }
  const main = local('../../../apps/balancer/src/main.ts')
  const child = endWithUs(fork(main, { stdio: ['ignore', 'pipe', 2, 'ipc'], env, execArgv: [...execArgv] }))
  const port = await readyPort(child)
  await answers(child, port)
  return running(child, port)
}

/** The port in the one log line that says `ready`; whatever is logged later is read and dropped. */
async function readyPort(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.once('exit', (code) => reject(new Error(`The balancer ended with ${code} at its start.`)))
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (!line.includes('"msg":"ready"')) return
    resolve(Number(new URL((JSON.parse(line) as { url: string }).url).port))
  })
  return await promise
}

/** Starts a program with its committed configuration, in which `${PORT}`, `${NODE_A}`, `${NODE_B}` and `${FOLDER}` are filled in. */
export async function startProgram(
  program: Program,
  configuration: string,
  args: (file: string) => string[],
  nodes: readonly number[],
): Promise<Balanced> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-balancer-'))
  const port = await freePort()
  const values: Record<string, unknown> = { PORT: port, NODE_A: nodes[0], NODE_B: nodes[1], FOLDER: folder }
  const template = await readFile(local(`../../balancer/${configuration}`), 'utf8')
  const file = join(folder, configuration)
  await writeFile(
    file,
    template.replace(/\$\{(\w+)\}/g, (_, name: string) => String(values[name])),
  )
  const env = { ...program.env, GOMAXPROCS: '1', XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child = endWithUs(spawn(program.path, args(file), { stdio: ['ignore', 'ignore', 'pipe'], env, cwd: folder }))
  const said: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  await once(child, 'spawn')
  try {
    await answers(child, port)
  } catch (error) {
    throw new Error(`${program.name} did not start: ${said.join('').slice(-600)}`, { cause: error })
  }
  const balanced = running(child, port)
  const stop = async () => {
    await stopChild(child)
    await rm(folder, { recursive: true, force: true })
  }
  return { ...balanced, [Symbol.asyncDispose]: stop }
}

/** Waits until a node answers through it: health checks may have to pass first. Bounded by 20 s. */
async function answers(child: ChildProcess, port: number): Promise<void> {
  const end = performance.now() + 20_000
  while (child.exitCode === null && performance.now() < end) {
    const status = await ask(port, '/')
      .then((answer) => answer.status)
      .catch(() => 0)
    if (status === 200) return
    await pause(50)
  }
  throw new Error(
    `No answer on port ${port}${child.exitCode === null ? ' within 20 s' : `: ended with ${child.exitCode}`}.`,
  )
}

function running(child: ChildProcess, port: number): Balanced {
  return { child, port, pid: child.pid as number, [Symbol.asyncDispose]: () => stopChild(child) }
}
