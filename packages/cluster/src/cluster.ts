import type { Mode } from '@session-cluster/contract'
import type { Balancer } from './balancer.ts'
import { StateError } from './errors.ts'
import type { Node } from './node.ts'
import { nodeName } from './options.ts'
import type { Redis } from './redis/redis.ts'
import type { TcpProxy } from './tcp-proxy.ts'

/** What a running cluster is made of. */
export interface ClusterParts {
  readonly mode: Mode
  readonly run: string
  readonly nodes: readonly Node[]
  readonly balancer: Balancer
  readonly redis: Redis | undefined
  readonly redisLink: TcpProxy | undefined
  /** Starts one more node and answers it ready; the balancer does not know it yet. */
  startNode(name: string): Promise<Node>
  /** Further variables for every start of a node from now on. */
  changeNodeEnv(env: Readonly<Record<string, string>>): void
  /** Ends everything at once. */
  end(): Promise<void>
}

/** A running cluster of real processes: nodes, a balancer, and in `clustered` and `hybrid` a Redis. */
export class Cluster implements AsyncDisposable {
  readonly mode: Mode
  /** Marks this cluster's processes: the value of `CLUSTER_RUN` in their environment. */
  readonly run: string
  readonly balancer: Balancer
  /** `undefined` where sessions live in the nodes' memory. */
  readonly redis: Redis | undefined
  /** The proxy between the nodes and Redis, when the cluster was started with `links.redis`. */
  readonly redisLink: TcpProxy | undefined
  readonly #nodes = new Map<string, Node>()
  readonly #parts: ClusterParts

  constructor(parts: ClusterParts) {
    this.mode = parts.mode
    this.run = parts.run
    this.balancer = parts.balancer
    this.redis = parts.redis
    this.redisLink = parts.redisLink
    this.#parts = parts
    for (const node of parts.nodes) this.#adopt(node)
  }

  /** Every node that was not removed, in order of arrival, running or not. */
  get nodes(): readonly Node[] {
    return [...this.#nodes.values()]
  }

  /** The node of this name; throws when there is none. */
  node(name: string): Node {
    const node = this.#nodes.get(name)
    if (!node) throw new StateError(`there is no node ${name} (there are: ${[...this.#nodes.keys()].join(', ')})`)
    return node
  }

  /** Starts one more node and tells the balancer; resolves when the balancer sends it traffic. */
  async addNode(name: string = this.#nextName()): Promise<Node> {
    if (this.#nodes.has(name)) throw new StateError(`there is a node ${name} already`)
    const node = await this.#parts.startNode(name)
    try {
      await this.balancer.add({ name, url: node.upstreamUrl })
      await this.balancer.untilSeen([name], 'up')
    } catch (error) {
      await node.crash()
      await node.link?.[Symbol.asyncDispose]()
      throw error
    }
    this.#adopt(node)
    return node
  }

  /** Takes a node out gracefully: the balancer lets its requests end and sends it no more, then it stops. */
  async removeNode(name: string): Promise<void> {
    const node = this.node(name)
    await this.balancer.remove(name)
    this.#nodes.delete(name)
    if (node.pid !== undefined) await node.stop()
    await node.link?.[Symbol.asyncDispose]()
  }

  /**
   * Restarts one node after another, each when the balancer sees the one before it up again. The balancer must run.
   *
   * @param nodeEnv variables that each node starts with, and every later start of a node too: a rolling upgrade
   */
  async rollingRestart(nodeEnv: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#parts.changeNodeEnv(nodeEnv)
    for (const node of this.nodes) await node.restart()
  }

  /** Stops all gracefully, the balancer first, so that no request is cut; then ends. Disposing is faster. */
  async stop(): Promise<void> {
    if (this.balancer.pid !== undefined) await this.balancer.stop()
    await Promise.all(this.nodes.filter((node) => node.pid !== undefined).map((node) => node.stop()))
    await this[Symbol.asyncDispose]()
  }

  /** Ends every process at once, frozen ones too, and removes what was written. Resolves when they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.end()
  }

  #adopt(node: Node): void {
    this.#nodes.set(node.name, node)
    node.untilSeen = async () => {
      if (this.balancer.state === 'running') await this.balancer.untilSeen([node.name], 'up')
    }
  }

  #nextName(): string {
    for (let index = 0; ; index++) if (!this.#nodes.has(nodeName(index))) return nodeName(index)
  }
}
