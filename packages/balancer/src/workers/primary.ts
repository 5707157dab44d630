import cluster from 'node:cluster'
import type { Control, NamedEvent } from '../admin/control.ts'
import { metricsOf } from '../admin/metrics.ts'
import type { UpstreamReport } from '../admin/report.ts'
import { systemClock } from '../clock.ts'
import { RemovedUpstreamError, UnknownUpstreamError } from '../errors.ts'
import type { UpstreamEvent } from '../events.ts'
import { ActiveHealth, type ActiveOptions } from '../health/active.ts'
import { checkNames, MAX_MS, type Names } from '../names.ts'
import { checkHealth, checkUpstreams } from '../options.ts'
import { checkNodes, type NodeOptions } from '../pool/nodes.ts'
import { Pool } from '../pool/pool.ts'
import {
  checkWeight,
  type Upstream,
  type UpstreamMode,
  type UpstreamOptions,
  type UpstreamState,
} from '../pool/upstream.ts'
import { closeUntaken } from './handover.ts'
import { WorkerGoneError, WorkerLink } from './link.ts'
import { mergeLatency, mergeLoad, mergeReports, mergeTerminations, Retired } from './merge.ts'
import type { Listed, Measures, Order } from './messages.ts'
import { SilenceWatch } from './silence.ts'

/** How workers are run. */
export interface WorkersOptions {
  count: number
  upstreams: readonly UpstreamOptions[]
  health?: ActiveOptions | false | undefined
  /** As the workers' balancers have it; the primary probes. */
  nodes?: NodeOptions | undefined
  /** The module that a worker runs; it calls `serveOrders`. */
  exec: string
  /** Environment of the workers besides this process's own. */
  env?: Record<string, string> | undefined
  /** A worker that has not closed by then is killed; longer than its own bound. @default 15_000 */
  closeTimeoutMs?: number | undefined
  /** A worker that has said nothing for so long, though asked, is killed and replaced. @default 30_000 */
  silenceMs?: number | undefined
  /** Told of every change of an upstream, a worker's ejections too. */
  onState?: ((name: string, state: UpstreamEvent['state'], reason: string) => void) | undefined
  /** Told when a worker ends unasked; another takes its place. */
  onWorkerLost?: ((detail: string) => void) | undefined
}

const NAMES: Names<Required<WorkersOptions>> = {
  ...{ count: [1, 1024, 'whole'], upstreams: true, health: true, nodes: true, exec: true, env: true },
  ...{ closeTimeoutMs: [0, MAX_MS], silenceMs: [1, MAX_MS], onState: true, onWorkerLost: true },
}
const QUIET = (): void => {}
const REMOVE_MS = 10_000
const SILENCE_MS = 30_000
/** A worker that served for so long was no failure to start. */
const STEADY_MS = 10_000

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
  readonly #retired = new Retired()
  readonly #silence: SilenceWatch
  /** Every worker that runs, those that are closing too. */
  #links: WorkerLink[] = []
  #lost = 0
  /** Workers lost in a row, soon after they had started. */
  #failures = 0
  #restarting: Promise<void> | undefined
  #closing = false

  /** @throws TypeError that names the option, its value and what is allowed */
  constructor(options: WorkersOptions) {
    checkNames<WorkersOptions>('Workers', options, NAMES)
    checkUpstreams('Workers', options.upstreams)
    if (options.health) checkHealth('Workers', options.health)
    if (options.nodes) checkNodes('Workers', options.nodes)
    this.#options = options
    const onState = (upstream: Upstream, state: UpstreamState, reason: string): void => {
      this.#announce({ at: systemClock.now(), name: upstream.name, state, reason })
      if (state !== 'leaving') this.#spread(upstream, reason)
    }
    this.#pool = new Pool({ clock: systemClock, random: Math.random, nodes: options.nodes, onState })
    for (const upstream of options.upstreams) this.#pool.add(upstream)
    if (options.health !== false) {
      this.#health = new ActiveHealth(this.#pool, systemClock, Math.random, options.health)
    }
    this.#silence = new SilenceWatch(() => this.#links, options.silenceMs ?? SILENCE_MS)
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

  /**
   * Replaces every worker, one after the other, each only when its successor listens: no request is refused.
   * @throws when a successor does not come to listen; those not yet replaced go on
   */
  restart(): Promise<void> {
    this.#restarting ??= this.#replaceAll().finally(() => {
      this.#restarting = undefined
    })
    return this.#restarting
  }

  /** Has every worker read certificate and key again. @throws what a worker says of them; it keeps the old ones */
  async reloadTls(): Promise<void> {
    await this.#all({ do: 'tls' })
  }

  /** The workers go on for `drainMs` (0) while it is no longer ready, stop accepting, and finish what is in flight within their bound. */
  async close({ drainMs = 0 }: { drainMs?: number } = {}): Promise<void> {
    this.#closing = true
    this.#silence.close()
    await Promise.all([...this.#links].map((link) => this.#retire(link, drainMs)))
    this.#health?.close()
  }

  async list(): Promise<UpstreamReport[]> {
    const measures = await this.#measure()
    return this.#pool.all.map((upstream) => mergeReports(upstream, measures))
  }

  async add(options: UpstreamOptions): Promise<UpstreamReport> {
    const upstream = this.#pool.add(options, this.#health !== undefined)
    this.#announce({ at: systemClock.now(), name: upstream.name, state: 'added', reason: 'added' })
    await this.#health?.watch(upstream)
    if (upstream.leaving) throw new RemovedUpstreamError(upstream.name)
    await this.#all({ do: 'add', upstream: listed(upstream) })
    return this.#report(upstream)
  }

  async remove(name: string, options: { force: boolean; timeoutMs?: number }): Promise<void> {
    const upstream = this.#named(name)
    this.#pool.setLeaving(upstream)
    this.#health?.forget(upstream)
    const boundMs = (options.timeoutMs ?? REMOVE_MS) + REMOVE_MS
    try {
      await this.#all({ do: 'remove', name, options }, boundMs)
    } finally {
      // Another call, in more of a hurry, may have done it meanwhile.
      if (this.#pool.get(name) === upstream) this.#forget(upstream, options.force ? 'by force' : 'drained')
    }
  }

  #forget(upstream: Upstream, reason: string): void {
    const { name } = upstream
    this.#pool.remove(upstream)
    this.#retired.forget(name)
    this.#announce({ at: systemClock.now(), name, state: 'removed', reason })
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
    if (this.#listeners.size === 1) this.#all({ do: 'tell', events: true }).catch(QUIET)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#all({ do: 'tell', events: false }).catch(QUIET)
    }
  }

  async metrics(): Promise<string> {
    const measures = await this.#measure()
    const reports = this.#pool.all.map((upstream) => mergeReports(upstream, measures))
    return metricsOf(reports, {
      ...{ totals: { byTermination: mergeTerminations(measures) }, load: mergeLoad(measures) },
      latency: (name) => mergeLatency(name, measures),
      workers: { running: this.#serving.length, lost: this.#lost },
    })
  }

  isReady(): boolean {
    return !this.#closing && this.#serving.length > 0 && this.#pool.available().length > 0
  }

  get #serving(): readonly WorkerLink[] {
    return this.#links.filter((link) => link.listensSince !== undefined && !link.isRetiring)
  }

  #fork(): WorkerLink {
    const worker = cluster.fork(this.#options.env)
    closeUntaken(worker)
    const link = new WorkerLink(worker, (named) => this.#hear(named, worker.process.pid))
    this.#links.push(link)
    worker.once('exit', (code, signal) => this.#onExit(link, signal ?? `code ${code}`))
    const upstreams = this.#pool.all.filter((upstream) => !upstream.leaving).map(listed)
    link.order({ do: 'list', upstreams }).catch(QUIET)
    if (this.#listeners.size > 0) link.order({ do: 'tell', events: true }).catch(QUIET)
    return link
  }

  #onExit(link: WorkerLink, how: string): void {
    this.#links = this.#links.filter((other) => other !== link)
    if (link.measures) this.#retired.add(link.measures)
    if (link.isRetiring || this.#closing) return
    this.#lost++
    const why = link.isHung ? 'said nothing any more and was killed' : `ended by ${how}`
    this.#options.onWorkerLost?.(`worker ${link.worker.process.pid} ${why}`)
    this.#replace(link)
  }

  // At once if it had served for a while, else later and later: what keeps one from starting mostly keeps the next.
  #replace({ listensSince }: WorkerLink): void {
    const served = listensSince === undefined ? 0 : performance.now() - listensSince
    this.#failures = served > STEADY_MS ? 0 : this.#failures + 1
    const delayMs = this.#failures <= 1 ? 0 : Math.min(100 * 2 ** (this.#failures - 2), 5000)
    setTimeout(() => {
      if (!this.#closing && this.#links.filter((link) => !link.isRetiring).length < this.#options.count) this.#fork()
    }, delayMs)
  }

  async #replaceAll(): Promise<void> {
    for (const old of [...this.#links]) {
      if (this.#closing) return
      await this.#fork().listening
      await this.#retire(old)
    }
  }

  async #retire(link: WorkerLink, drainMs = 0): Promise<void> {
    link.isRetiring = true
    if (!this.#links.includes(link)) return
    const exited = Promise.withResolvers<void>()
    link.worker.once('exit', () => exited.resolve())
    const boundMs = drainMs + (this.#options.closeTimeoutMs ?? 15_000)
    const late = setTimeout(() => link.worker.process.kill('SIGKILL'), boundMs)
    link.order({ do: 'close', drainMs }, boundMs).catch(QUIET)
    await exited.promise
    clearTimeout(late)
  }

  #hear(named: NamedEvent, pid: number | undefined) {
    if (named.name !== 'upstream') return this.#tell(named)
    const { event } = named
    this.#announce({ ...event, reason: `${event.reason} (worker ${pid})` })
  }

  #announce(event: UpstreamEvent): void {
    this.#options.onState?.(event.name, event.state, event.reason)
    this.#tell({ name: 'upstream', event })
  }

  #tell(named: NamedEvent): void {
    for (const listener of this.#listeners) listener(named)
  }

  #spread(upstream: Upstream, reason: string): void {
    const { name, healthy = false } = upstream
    this.#all({ do: 'health', name, healthy, reason }).catch(QUIET)
  }

  // A worker that ends amid an order is replaced by one that starts from the pool as it then is: no reason to fail.
  async #all(order: Order, boundMs?: number): Promise<void> {
    const answers = await Promise.allSettled(this.#links.map((link) => link.order(order, boundMs)))
    for (const answer of answers) {
      if (answer.status === 'rejected' && !(answer.reason instanceof WorkerGoneError)) throw answer.reason
    }
  }

  // Those that end meanwhile are among the retired by then.
  async #measure(): Promise<Measures[]> {
    const links = [...this.#links]
    const answers = await Promise.all(links.map((link) => link.measure()))
    const living = answers.filter((answer, i) => answer !== undefined && this.#links.includes(links[i] as WorkerLink))
    return [this.#retired.measures, ...(living as Measures[])]
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

function listed({ name, url, weight, mode, healthy = false }: Upstream): Listed {
  return { options: { name, url: url.origin, weight }, mode, healthy }
}
