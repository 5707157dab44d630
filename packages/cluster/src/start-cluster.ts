import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { isShared, type Mode, parseMode } from '@session-cluster/contract'
import { Balancer } from './balancer.ts'
import { Cluster } from './cluster.ts'
import { baseEnvironment, newRun } from './environment.ts'
import { freePort } from './free-port.ts'
import { ManagedProcess } from './managed-process.ts'
import { Node } from './node.ts'
import { type ClusterOptions, nodeNames } from './options.ts'
import { projectRoot } from './project.ts'
import { type Addresses, readReady } from './ready.ts'
import type { Redis } from './redis/redis.ts'
import { startRedisUnder } from './redis/start.ts'
import { Supervisor } from './supervisor/supervisor.ts'
import { TcpProxy } from './tcp-proxy.ts'

/**
 * Starts nodes, a balancer and (in `clustered` and `hybrid`) a Redis, each a process of its own, and resolves when the balancer sees
 * every node up.
 *
 * Bad options throw a `TypeError`. A part that does not come up throws a `StartError` of one line with that part's own
 * last words; then nothing is left running. The processes never outlive this one, however it ends.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const mode = parseMode(options.mode)
  const names = nodeNames(options.nodes)
  options.signal?.throwIfAborted()
  const starter = await Starter.create(options, mode)
  const giveUp = () => void starter.end()
  options.signal?.addEventListener('abort', giveUp)
  try {
    // It may have been given up while the supervisor came up, when nobody listened yet.
    options.signal?.throwIfAborted()
    return await starter.start(names)
  } catch (error) {
    await starter.end()
    throw options.signal?.aborted ? options.signal.reason : error
  } finally {
    options.signal?.removeEventListener('abort', giveUp)
  }
}

/** The steps of one start, and what they share. */
class Starter {
  readonly #options: ClusterOptions
  readonly #mode: Mode
  readonly #run: string
  readonly #env: Readonly<Record<string, string>>
  readonly #supervisor: Supervisor
  readonly #links: TcpProxy[] = []
  readonly #processes: { expectEnd(): void }[] = []
  /** The balancer's word to the nodes that a request id comes from it. */
  readonly #token = randomBytes(18).toString('base64url')
  readonly #affinitySecret = randomBytes(32).toString('base64url')
  #redisUrl: string | undefined
  #started = 0
  #neighbours = ''
  /** What nodes are told since the cluster was started, over what they were told then. */
  #laterNodeEnv: Readonly<Record<string, string>> = {}

  private constructor(options: ClusterOptions, mode: Mode, run: string, supervisor: Supervisor) {
    this.#options = options
    this.#mode = mode
    this.#run = run
    this.#supervisor = supervisor
    this.#env = baseEnvironment(run)
  }

  static async create(options: ClusterOptions, mode: Mode): Promise<Starter> {
    const run = newRun()
    return new Starter(options, mode, run, await Supervisor.start(baseEnvironment(run)))
  }

  async start(names: readonly string[]): Promise<Cluster> {
    const { redis, redisLink } = await this.#startRedis()
    this.#options.onProgress?.(`Starting the nodes ${names.join(', ')} …`)
    this.#neighbours = neighbours(names, this.#options.ports)
    const nodes = await Promise.all(names.map((name) => this.#startNode(name)))
    this.#options.onProgress?.('Starting the balancer …')
    const balancer = await this.#startBalancer(nodes)
    await balancer.untilSeen(names, 'up', this.#startTimeoutMs)
    return new Cluster({
      mode: this.#mode,
      run: this.#run,
      nodes,
      balancer,
      redis,
      redisLink,
      startNode: (name) => this.#startNode(name),
      changeNodeEnv: (env) => {
        this.#laterNodeEnv = { ...this.#laterNodeEnv, ...env }
      },
      end: () => this.end(),
    })
  }

  async end(): Promise<void> {
    for (const process of this.#processes) process.expectEnd()
    await this.#supervisor[Symbol.asyncDispose]()
    await Promise.all(this.#links.map((link) => link[Symbol.asyncDispose]()))
  }

  get #startTimeoutMs(): number {
    return this.#options.startTimeoutMs ?? 30_000
  }

  async #startRedis(): Promise<{ redis: Redis | undefined; redisLink: TcpProxy | undefined }> {
    if (!isShared(this.#mode)) return { redis: undefined, redisLink: undefined }
    const { onProgress, links } = this.#options
    if (!this.#options.redis?.url) onProgress?.('Starting Redis …')
    const redis = await startRedisUnder(this.#supervisor, {
      startTimeoutMs: this.#startTimeoutMs,
      ...(onProgress && { onProgress }),
      ...this.#options.redis,
      ...this.#listeners('redis'),
      env: this.#env,
    })
    this.#processes.push(redis)
    this.#redisUrl = redis.url
    if (!links?.redis) return { redis, redisLink: undefined }
    if (!/^rediss?:\/\/[^,]+$/.test(redis.url)) throw new TypeError('links.redis needs one Redis at redis://host:port')
    const target = new URL(redis.url)
    const redisLink = await this.#link(target.hostname, Number(target.port || 6379))
    target.host = `127.0.0.1:${redisLink.port}`
    this.#redisUrl = target.href
    return { redis, redisLink }
  }

  async #startNode(name: string): Promise<Node> {
    const { ports, nodeEnv, entryPoints, links } = this.#options
    const index = this.#started++
    const variables = {
      NODE_NAME: name,
      PORT: String(ports?.nodes ? ports.nodes + index : await freePort()),
      ADMIN_PORT: String(ports?.nodeAdmins ? ports.nodeAdmins + index : await freePort()),
      NEIGHBOURS: this.#neighbours,
      ...(this.#redisUrl !== undefined && { REDIS_URL: this.#redisUrl }),
      ...this.#options.env,
      ...nodeEnv,
    }
    const entry = entryPoints?.node ?? join(projectRoot, 'apps', 'server', 'src', 'main.ts')
    const process = this.#process(`node ${name}`, entry, () => ({ ...variables, ...this.#laterNodeEnv }))
    await process.start()
    const node = new Node(name, process)
    if (links?.nodes) node.link = await this.#link('127.0.0.1', Number(new URL(node.url).port))
    return node
  }

  async #startBalancer(nodes: readonly Node[]): Promise<Balancer> {
    const { ports, balancerEnv, entryPoints } = this.#options
    const variables: Record<string, string> = {
      BALANCER_PORT: String(ports?.balancer ?? (await freePort())),
      ADMIN_PORT: String(ports?.balancerAdmin ?? (await freePort())),
      UPSTREAMS: nodes.map((node) => `${node.name}=${node.upstreamUrl}`).join(','),
      AFFINITY_SECRET: this.#affinitySecret,
      ...this.#options.env,
      ...balancerEnv,
    }
    const entry = entryPoints?.balancer ?? join(projectRoot, 'apps', 'balancer', 'src', 'main.ts')
    const process = this.#process('balancer', entry, () => variables)
    await process.start()
    const balancer = new Balancer('balancer', process)
    balancer.adminToken = variables.ADMIN_TOKEN
    return balancer
  }

  /** @param variables asked at each start */
  #process(part: string, entry: string, variables: () => Readonly<Record<string, string>>): ManagedProcess<Addresses> {
    const common = { MODE: this.#mode, HOST: '127.0.0.1', ADMIN_HOST: '127.0.0.1', BALANCER_TOKEN: this.#token }
    const env = () => ({ ...this.#env, ...common, ...variables() })
    const made = new ManagedProcess<Addresses>({
      name: part,
      supervisor: this.#supervisor,
      spec: () => ({ command: process.execPath, args: [entry], env: env(), cwd: projectRoot }),
      ready: readReady,
      startTimeoutMs: this.#startTimeoutMs,
      stopTimeoutMs: this.#options.stopTimeoutMs ?? 30_000,
      logLines: this.#options.logLines ?? 200,
      ...this.#listeners(part),
    })
    this.#processes.push(made)
    return made
  }

  #listeners(part: string) {
    const { onLog, onState } = this.#options
    return {
      ...(onLog && { onLine: (line: Parameters<typeof onLog>[1]) => onLog(part, line) }),
      ...(onState && { onState: (state: Parameters<typeof onState>[1]) => onState(part, state) }),
    }
  }

  async #link(host: string, port: number): Promise<TcpProxy> {
    const link = await TcpProxy.listen({ target: { host, port } })
    this.#links.push(link)
    return link
  }
}

/** What the nodes' start pages link to; nothing unless every port was chosen beforehand. */
function neighbours(names: readonly string[], ports: ClusterOptions['ports']): string {
  const { nodes, balancer } = ports ?? {}
  if (!nodes || !balancer) return ''
  return [`balancer=${balancer}`, ...names.map((name, index) => `${name}=${nodes + index}`)].join(',')
}
