import cluster from 'node:cluster'
import type { Control, NamedEvent } from '../admin/control.ts'
import { metricsOf } from '../admin/metrics.ts'
import type { UpstreamReport } from '../admin/report.ts'
import { systemClock } from '../clock.ts'
import { UnknownUpstreamError } from '../errors.ts'
import { ActiveHealth, type ActiveOptions } from '../health/active.ts'
import { Pool } from '../pool.ts'
import { checkWeight, type Upstream, type UpstreamMode, type UpstreamOptions, type UpstreamState } from '../upstream.ts'
import { WorkerLink } from './link.ts'
import { mergeReports, mergeTerminations } from './merge.ts'
import type { Listed, Measures, Order } from './messages.ts'

/** How workers are run. */
export interface WorkersOptions {
  count: number
  upstreams: readonly UpstreamOptions[]
  health?: ActiveOptions | false | undefined
  /** The module that a worker runs; it calls `serveOrders`. */
  exec: string
  /** Environment of the workers besides this process's own. */
  env?: Record<string, string> | undefined
  /** A worker that has not closed by then is killed; longer than its own bound. @default 15_000 */
  closeTimeoutMs?: number | undefined
  /** Told of every change that the primary makes or finds. */
  onState?: ((name: string, state: UpstreamState, reason: string) => void) | undefined
  onWorkerLost?: ((detail: string) => void) | undefined
}

/**
 * Several workers on one port that act as one balancer. The primary holds the port, the list of upstreams and the
 * active checks, and hands every admin call to all workers; each worker picks and counts by itself: round robin is
 * therefore per worker, and passive ejections are too. A worker that dies is replaced.
 */
export class Workers implements Control {
  readonly #options: WorkersOptions
  readonly #pool: Pool
  readonly #health: ActiveHealth | undefined
  readonly #listeners = new Set<(named: NamedEvent) => void>()
  #links: WorkerLink[] = []
  #closing = false

  constructor(options: WorkersOptions) {
    this.#options = options
    const onState = (upstream: Upstream, state: UpstreamState, reason: string): void => {
      options.onState?.(upstream.name, state, reason)
      if (state === 'up' || state === 'down') this.#spread(upstream, reason)
    }
    this.#pool = new Pool({ clock: systemClock, random: Math.random, onState })
    for (const upstream of options.upstreams) this.#pool.add(upstream)
    if (options.health !== false) {
      this.#health = new ActiveHealth(this.#pool, systemClock, Math.random, options.health)
    }
  }

  /** The workers' processes. */
  get pids(): number[] {
    return this.#links.flatMap(({ worker }) => worker.process.pid ?? [])
  }

  /** Probes the upstreams once, starts all workers and waits until they listen. @returns the URL */
  async start(): Promise<string> {
    await Promise.all(this.#pool.all.map((upstream) => this.#health?.watch(upstream)))
    cluster.setupPrimary({ exec: this.#options.exec })
    // One first: with port 0 it settles the port for all.
    const url = await this.#fork().listening
    await Promise.all(Array.from({ length: this.#options.count - 1 }, () => this.#fork().listening))
    return url
  }

  /** Replaces every worker, one after the other, each only when its successor listens: no request is refused. */
  async restart(): Promise<void> {
    for (const old of [...this.#links]) {
      if (this.#closing) return
      await this.#fork().listening
      await this.#retire(old)
    }
  }

  /** Has every worker read certificate and key anew. */
  async reloadTls(): Promise<void> {
    await this.#all({ do: 'tls' })
  }

  /** Stops accepting; the workers finish what is in flight within their bound. */
  async close(): Promise<void> {
    this.#closing = true
    this.#health?.close()
    await Promise.all([...this.#links].map((link) => this.#retire(link)))
  }

  async list(): Promise<UpstreamReport[]> {
    const measures = await this.#measure()
    return this.#pool.all.map((upstream) => mergeReports(upstream, measures))
  }

  async add(options: UpstreamOptions): Promise<UpstreamReport> {
    const upstream = this.#pool.add(options)
    await this.#health?.watch(upstream)
    await this.#all({ do: 'add', options })
    if (!upstream.healthy) this.#spread(upstream, upstream.lastReason)
    return this.#report(upstream)
  }

  async remove(name: string, options: { force: boolean; timeoutMs?: number }): Promise<void> {
    const upstream = this.#named(name)
    this.#pool.setLeaving(upstream)
    this.#health?.forget(upstream)
    await this.#all({ do: 'remove', name, options })
    this.#pool.remove(upstream)
  }

  async update(name: string, change: { mode?: UpstreamMode; weight?: number }): Promise<UpstreamReport> {
    const upstream = this.#named(name)
    if (change.weight !== undefined) checkWeight(change.weight)
    if (change.weight !== undefined) this.#pool.setWeight(upstream, change.weight)
    if (change.mode !== undefined) this.#pool.setMode(upstream, change.mode)
    await this.#all({ do: 'update', name, change })
    return this.#report(upstream)
  }

  subscribe(listener: (named: NamedEvent) => void): () => void {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) void this.#all({ do: 'tell', events: true })
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) void this.#all({ do: 'tell', events: false })
    }
  }

  async metrics(): Promise<string> {
    const measures = await this.#measure()
    const reports = this.#pool.all.map((upstream) => mergeReports(upstream, measures))
    const load = measures.reduce(
      (sum, { active, waiting }) => ({ active: sum.active + active, waiting: sum.waiting + waiting }),
      { active: 0, waiting: 0 },
    )
    return metricsOf(reports, { totals: { byTermination: mergeTerminations(measures) }, load })
  }

  isReady(): boolean {
    return !this.#closing && this.#links.length > 0 && this.#pool.available().length > 0
  }

  #fork(): WorkerLink {
    const worker = cluster.fork(this.#options.env)
    const link = new WorkerLink(worker, (named) => this.#tell(named, link))
    this.#links.push(link)
    worker.once('exit', (code, signal) => {
      const expected = !this.#links.includes(link)
      this.#links = this.#links.filter((other) => other !== link)
      if (expected || this.#closing) return
      this.#options.onWorkerLost?.(`worker ${worker.process.pid} ended by ${signal ?? `code ${code}`}`)
      this.#fork()
    })
    const upstreams: Listed[] = this.#pool.all
      .filter((upstream) => !upstream.leaving)
      .map(({ name, url, weight, mode, healthy }) => ({ options: { name, url: url.origin, weight }, mode, healthy }))
    const quiet = (): void => {}
    link.order({ do: 'list', upstreams }).catch(quiet)
    if (this.#listeners.size > 0) link.order({ do: 'tell', events: true }).catch(quiet)
    return link
  }

  async #retire(link: WorkerLink): Promise<void> {
    this.#links = this.#links.filter((other) => other !== link)
    const exited = Promise.withResolvers<void>()
    link.worker.once('exit', () => exited.resolve())
    const late = setTimeout(() => link.worker.process.kill('SIGKILL'), this.#options.closeTimeoutMs ?? 15_000)
    link.order({ do: 'close' }).catch(() => {})
    await exited.promise
    clearTimeout(late)
  }

  // Every worker tells of the same change of the pool; it is passed on once.
  #tell(named: NamedEvent, from: WorkerLink): void {
    if (named.name === 'upstream' && from !== this.#links[0]) return
    for (const listener of this.#listeners) listener(named)
  }

  #spread(upstream: Upstream, reason: string): void {
    const { name, healthy } = upstream
    void this.#all({ do: 'health', name, healthy, reason })
  }

  // A worker that ends amid an order is replaced by one that starts from the pool as it then is.
  async #all(order: Order): Promise<(Measures | undefined)[]> {
    return Promise.all(this.#links.map((link) => link.order(order).catch(() => undefined)))
  }

  async #measure(): Promise<Measures[]> {
    const answers = await this.#all({ do: 'measure' })
    return answers.filter((answer) => answer !== undefined)
  }

  async #report(upstream: Upstream): Promise<UpstreamReport> {
    return mergeReports(upstream, await this.#measure())
  }

  #named(name: string): Upstream {
    const upstream = this.#pool.get(name)
    if (!upstream) throw new UnknownUpstreamError(name)
    return upstream
  }
}
