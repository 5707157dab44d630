import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** The balancer as a process of its own. */
export class BalancerProcess implements AsyncDisposable {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  out = ''
  err = ''

  /** @param files its limit of open files (`ulimit -n`) */
  constructor(env: Record<string, string>, files?: number) {
    const defaults = {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      BALANCER_PORT: '0',
      ADMIN_PORT: '0',
      HEALTH_INTERVAL_MS: '50',
      GRACE_MS: '0',
    }
    const limit = files === undefined ? '' : `ulimit -n ${files}; `
    const command = ['-c', `${limit}exec "$0" "$1"`, process.execPath, main]
    this.child = spawn('sh', command, { env: { ...defaults, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.on('data', (chunk) => {
      this.out += chunk
    })
    this.child.stderr?.on('data', (chunk) => {
      this.err += chunk
    })
    const { promise, resolve } = Promise.withResolvers<number | null>()
    this.exited = promise
    this.child.once('close', resolve)
  }

  /** The log lines so far. */
  get log(): Record<string, unknown>[] {
    return this.out
      .split('\n')
      .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []))
  }

  get ready(): { url: string; adminUrl: string } | undefined {
    return this.log.find((line) => line.msg === 'ready') as { url: string; adminUrl: string } | undefined
  }

  /** The workers' process ids. */
  get workers(): number[] {
    const { pid } = this.child
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }
}

/** A node that names itself; `hold` keeps requests for /slow open. */
export class Node implements AsyncDisposable {
  readonly name: string
  readonly server: Server
  readonly held: (() => void)[] = []
  requests = 0
  /** Answers the active checks. */
  onCheck: (res: ServerResponse) => void = (res) => res.end()

  constructor(name: string) {
    this.name = name
    this.server = createServer((req, res) => {
      if (req.url === '/readyz') return this.onCheck(res)
      this.requests++
      if (req.url === '/slow') return this.held.push(() => res.end(name))
      return res.end(name)
    })
  }

  get entry(): string {
    return `${this.name}=http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async start(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.server.listen(0, '127.0.0.1', resolve)
    await promise
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
  }
}

/** Starts nodes of these names. */
export async function startNodes(names: readonly string[]): Promise<Node[] & AsyncDisposable> {
  const nodes = await Promise.all(names.map((name) => new Node(name).start()))
  return Object.assign(nodes, {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    },
  })
}
