import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, isFree } from '@session-cluster/cluster/free-port'
import { Redis } from 'ioredis'
import type { redisOptions } from '../src/store/redis/options.ts'

/** What the tests set on a client. */
export interface ClientOptions extends Partial<typeof redisOptions> {
  keyPrefix?: string
  lazyConnect?: boolean
  enableAutoPipelining?: boolean
  username?: string
  password?: string
  stringNumbers?: boolean
  protocol?: 2 | 3
  socketTimeout?: number
}

/** A real redis-server of our own, on a port of its own, gone when it is disposed of. */
export interface RedisRig extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  /** A new client, closed with the rig; to another port when there is something in between. */
  client(options?: ClientOptions, port?: number): Redis
  /** SIGSTOP: accepts connections, answers nothing. */
  freeze(): void
  thaw(): void
  /** SIGKILL: connections are refused from now on. */
  crash(): Promise<void>
  /** Starts anew on the same port, with nothing in it. */
  restart(): Promise<void>
}

/** Where the redis-server is: `REDIS_SERVER`, else on the PATH. Without one the tests fail; nothing is skipped. */
export const redisBinary = (): string => process.env.REDIS_SERVER ?? 'redis-server'

/** Starts a redis-server with these arguments and waits until it answers. */
export async function redisRig(args: readonly string[] = [], port?: number): Promise<RedisRig> {
  const isCluster = args.includes('--cluster-enabled')
  const bus = isCluster && takesBusPort() ? ['--cluster-port', String(await freePort())] : []
  const chosen = port ?? (isCluster && !takesBusPort() ? await portWithBus() : await freePort())
  const rig = new Rig(chosen, [...args, ...bus])
  await rig.start()
  return rig
}

/** Redis 6 has a cluster's bus on its port and 10,000 more, which is often where the system takes ports from. */
async function portWithBus(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (port + 10_000 < 32_768 && (await isFree(port + 10_000))) return port
  }
}

function takesBusPort(): boolean {
  const version = /v=(\d+)/.exec(execFileSync(redisBinary(), ['--version'], { encoding: 'utf8' }))?.[1]
  return Number(version) >= 7
}

/**
 * Runs a server that cannot outlive us: its shell kills it when our end of the shell's input closes, as it does however
 * we end. Prints the server's pid first.
 */
const LEASH = `
exec 3<&0
"$0" "$@" </dev/null 3<&- & server=$!
echo "pid=$server"
(cat <&3 >/dev/null; kill -9 $server) >/dev/null 2>&1 & watch=$!
wait $server; code=$?
kill $watch 2>/dev/null
exit $code`

class Rig implements RedisRig {
  readonly port: number
  readonly #dir = mkdtempSync(join(tmpdir(), 'session-redis-'))
  readonly #args: readonly string[]
  readonly #clients: Redis[] = []
  #child: ChildProcess | undefined
  #pid: number | undefined

  constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  get pid(): number {
    if (this.#pid === undefined) throw new Error('redis-server is not running')
    return this.#pid
  }

  async start(): Promise<void> {
    const base = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#dir, '--save', '']
    const isSentinel = this.#args[0]?.endsWith('.conf')
    const args = isSentinel ? this.#args : [...base, '--appendonly', 'no', ...this.#args]
    this.#child = spawn('/bin/sh', ['-c', LEASH, redisBinary(), ...args], { stdio: 'pipe' })
    this.#pid = await answering(this.#child, this.port)
  }

  client(options: ClientOptions = {}, port = this.port): Redis {
    const client = new Redis(port, '127.0.0.1', options)
    client.on('error', () => {})
    this.#clients.push(client)
    return client
  }

  freeze(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  async crash(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    process.kill(this.pid, 'SIGKILL')
    await once(child, 'exit')
  }

  async restart(): Promise<void> {
    await this.crash()
    await this.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect()
    await this.crash()
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

async function answering(child: ChildProcess, port: number): Promise<number> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += String(chunk)
    })
  }
  const failed = Promise.withResolvers<never>()
  const need = 'these tests need a redis-server, on the PATH or as REDIS_SERVER'
  child.once('error', (error) => failed.reject(error))
  child.once('exit', (code) => failed.reject(new Error(`redis-server ended with ${code}; ${need}:\n${output}`)))
  failed.promise.catch(() => {})
  const probe = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null })
  probe.on('error', () => {})
  try {
    await Promise.race([probe.ping(), failed.promise])
  } finally {
    probe.disconnect()
  }
  return Number(/pid=(\d+)/.exec(output)?.[1])
}
