import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@session-cluster/cluster/free-port'
import { expect } from 'vitest'
import { type ExportOptions, haproxyConfig, nginxConfig, type UpstreamOptions } from '../../src/index.ts'

/** The balancers that one may move to. */
export const peerNames = ['haproxy', 'nginx'] as const

/** One of {@link peerNames}. */
export type PeerName = (typeof peerNames)[number]

/** A balancer of another make, started from the file that ours wrote for it. */
export interface Peer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  drain(name: string): Promise<void>
  ready(name: string): Promise<void>
  weight(name: string, weight: number): Promise<void>
  takeDown(name: string): Promise<void>
  bringUp(name: string): Promise<void>
  stateOf(name: string): Promise<string | undefined>
  waiting(): Promise<number>
}

/** Whether this machine has it. */
export function hasPeer(name: PeerName): boolean {
  try {
    execFileSync(name, ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Writes the file and starts the program from it, on a free port. */
export async function startPeer(name: PeerName, options: Omit<ExportOptions, 'listen' | 'folder'>): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), `balancer-${name}-`))
  // As root, nginx's workers are somebody else.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const whole: ExportOptions = { ...options, folder, listen: { port } }
  const running = name === 'haproxy' ? haproxy(folder, whole) : nginx(folder, whole)
  await answers(port, running.child)
  // HAProxy listens for clients a moment before its admin socket has its name.
  if (name === 'haproxy') await expect.poll(() => existsSync(join(folder, 'admin.sock'))).toBe(true)
  return {
    ...{ url: `http://127.0.0.1:${port}`, port },
    ...running.acts,
    async [Symbol.asyncDispose]() {
      const exited = once(running.child, 'exit')
      running.child.kill('SIGTERM')
      const late = setTimeout(() => running.child.kill('SIGKILL'), 5000)
      if (running.child.exitCode === null && running.child.signalCode === null) await exited
      clearTimeout(late)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

type Acts = Omit<Peer, 'url' | 'port' | typeof Symbol.asyncDispose>

function haproxy(folder: string, options: ExportOptions): { child: ChildProcess; acts: Acts } {
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, haproxyConfig(options).text)
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
  const say = async (command: string): Promise<string> => {
    const socket = connect(join(folder, 'admin.sock'))
    socket.setEncoding('utf8').end(`${command}\n`)
    let said = ''
    for await (const chunk of socket) said += chunk
    return said
  }
  const order = async (command: string): Promise<void> => {
    expect((await say(command)).trim(), command).toBe('')
  }
  const stat = async (): Promise<Record<string, string>[]> => {
    const [head = '', ...lines] = (await say('show stat')).replace(/^# /, '').trim().split('\n')
    const names = head.split(',')
    return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i] ?? '', value])))
  }
  return {
    child,
    acts: {
      drain: (name) => order(`set server nodes/${name} state drain`),
      ready: (name) => order(`set server nodes/${name} state ready`),
      weight: (name, weight) => order(`set server nodes/${name} weight ${weight}`),
      takeDown: (name) => order(`set server nodes/${name} health down`),
      bringUp: (name) => order(`set server nodes/${name} health up`),
      stateOf: async (name) => {
        const status = (await stat()).find(({ pxname, svname }) => pxname === 'nodes' && svname === name)?.status ?? ''
        return status.startsWith('UP') || status === 'no check'
          ? 'up'
          : status.startsWith('DRAIN')
            ? 'draining'
            : 'down'
      },
      waiting: async () =>
        (await stat()).reduce((sum, { pxname, qcur }) => sum + (pxname === 'nodes' ? Number(qcur) : 0), 0),
    },
  }
}

function nginx(folder: string, options: ExportOptions): { child: ChildProcess; acts: Acts } {
  const file = join(folder, 'nginx.conf')
  const write = (upstreams: readonly UpstreamOptions[]): void => {
    writeFileSync(file, nginxConfig({ ...options, upstreams }).text)
  }
  write(options.upstreams)
  const child = spawn('nginx', ['-c', file, '-g', 'daemon off;'], { stdio: 'ignore' })
  const weights = new Map(options.upstreams.map(({ name, weight = 1 }) => [name, weight]))
  const workers = (): string[] =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ').filter(Boolean)
  const weight = async (name: string, given: number): Promise<void> => {
    weights.set(name, given)
    write(options.upstreams.map((upstream) => ({ ...upstream, weight: weights.get(upstream.name) })))
    const before = workers()
    child.kill('SIGHUP')
    await expect.poll(() => workers().length > 0 && !workers().some((pid) => before.includes(pid))).toBe(true)
  }
  const cannot = (what: string) => (): never => {
    throw new Error(`nginx: ${what}`)
  }
  return {
    child,
    acts: {
      drain: (name) => weight(name, 0),
      ready: (name) => weight(name, 1),
      weight,
      takeDown: cannot('does not probe nodes'),
      bringUp: cannot('does not probe nodes'),
      stateOf: cannot('tells no states'),
      waiting: cannot('has no queue'),
    },
  }
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  const accepts = (): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    return promise.finally(() => socket.destroy())
  }
  await expect
    .poll(async () => child.exitCode !== null || (await accepts()), { message: `${child.spawnfile} listens` })
    .toBe(true)
  if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`)
}
