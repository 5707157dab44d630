import type { Clock, Random } from '../clock.ts'
import { DuplicateUpstreamError } from '../errors.ts'
import { type NodeOptions, Nodes } from './nodes.ts'
import { checkUpstream, Upstream, type UpstreamMode, type UpstreamOptions, type UpstreamState } from './upstream.ts'

/** How a pool filters. */
export interface PoolOptions {
  clock: Clock
  random: Random
  /** At most this many requests at once on one upstream. @default Infinity */
  maxInFlight?: number | undefined
  /** A node that comes back, whatever kept it away, gets its full share only after this long. @default 0, at once */
  slowStartMs?: number | undefined
  /**
   * When a smaller share than this of the healthy upstreams is left over, passive ejections are ignored; active checks and
   * an operator's word never are. @default 0.5
   */
  panicThreshold?: number | undefined
  /** How upstreams are talked to. */
  nodes?: NodeOptions | undefined
  /** Told of every change of state. */
  onState?: ((upstream: Upstream, state: UpstreamState, reason: string) => void) | undefined
  /** Told after every change that may have made an upstream available, or away. */
  onChange?: (() => void) | undefined
}

/** All upstreams, and which of them may take a request now. It filters; it never picks. */
export class Pool {
  readonly maxInFlight: number
  readonly #options: PoolOptions
  readonly #nodes: Nodes
  readonly #byName = new Map<string, Upstream>()
  #order = 0
  #all: readonly Upstream[] = []
  #available: readonly Upstream[] | undefined
  /** As of `#available`: who would take new clients if it had room, and whether those ejected are among them. */
  #willing: readonly Upstream[] = []
  #isPanicking = false
  #warming = 0

  constructor(options: PoolOptions) {
    this.#options = options
    this.#nodes = new Nodes(options.nodes)
    this.maxInFlight = options.maxInFlight ?? Number.POSITIVE_INFINITY
  }

  /** Every upstream, those being removed too, in the order of adding. */
  get all(): readonly Upstream[] {
    return this.#all
  }

  get(name: string): Upstream | undefined {
    return this.#byName.get(name)
  }

  /**
   * @param isChecked whether active checks will say how it is: until then it takes nobody
   * @throws TypeError when an option is wrong, {@link DuplicateUpstreamError} when the name is taken
   */
  add(options: UpstreamOptions, isChecked = false): Upstream {
    const checked = checkUpstream(options)
    if (this.#byName.has(checked.name)) throw new DuplicateUpstreamError(checked.name)
    const upstream = new Upstream(checked, this.#order++, this.#nodes)
    if (isChecked) upstream.healthy = undefined
    this.#byName.set(upstream.name, upstream)
    this.#all = [...this.#byName.values()]
    this.#available = undefined
    return upstream
  }

  /** Forgets the upstream, unless that is done. What is in flight on it is not the pool's affair. */
  remove(upstream: Upstream): void {
    // Another may have its name by now.
    if (this.#byName.get(upstream.name) !== upstream) return
    this.#byName.delete(upstream.name)
    if (upstream.warmingSince !== undefined) this.#endWarming(upstream)
    this.#all = [...this.#byName.values()]
    this.#available = undefined
  }

  /**
   * Who may take a client that is pinned nowhere: up, of some weight, not full. Those in `tried` are left out.
   * A warming upstream is left out at random, less and less often.
   */
  available(tried?: readonly Upstream[]): readonly Upstream[] {
    this.#available ??= this.#filter()
    if (this.#warming === 0 && (tried === undefined || tried.length === 0)) return this.#available
    const left = tried?.length ? this.#available.filter((upstream) => !tried.includes(upstream)) : this.#available
    if (this.#warming === 0) return left
    const warm = left.filter((upstream) => this.#admits(upstream))
    return warm.length > 0 ? warm : left
  }

  /**
   * Whether a client that is pinned to it may go on there: up or draining, but neither down nor being removed; ejected only
   * while ejections are ignored.
   */
  mayServe(upstream: Upstream): boolean {
    const { state } = upstream
    return state === 'up' || state === 'draining' || (state === 'ejected' && this.#ignoresEjections)
  }

  /** Whether it would be among the available ones now; a warming one too. */
  takesNew(upstream: Upstream): boolean {
    this.#available ??= this.#filter()
    return this.#available.includes(upstream)
  }

  isFull(upstream: Upstream): boolean {
    return upstream.inFlight >= this.maxInFlight
  }

  /** Whether some upstream, those in `tried` aside, would be available if it were not full. */
  isSaturated(tried: readonly Upstream[] = []): boolean {
    if (this.maxInFlight === Number.POSITIVE_INFINITY) return false
    this.#available ??= this.#filter()
    return this.#willing.some((upstream) => this.isFull(upstream) && !tried.includes(upstream))
  }

  get #ignoresEjections(): boolean {
    this.#available ??= this.#filter()
    return this.#isPanicking
  }

  setMode(upstream: Upstream, mode: UpstreamMode, reason = `set to ${mode}`): void {
    this.#change(upstream, reason, () => {
      upstream.mode = mode
    })
  }

  setHealthy(upstream: Upstream, healthy: boolean, reason: string): void {
    this.#change(upstream, reason, () => {
      upstream.healthy = healthy
    })
  }

  setPassive(upstream: Upstream, passive: Upstream['passive'], reason: string): void {
    this.#change(upstream, reason, () => {
      upstream.passive = passive
    })
  }

  setLeaving(upstream: Upstream, reason = 'is being removed'): void {
    this.#change(upstream, reason, () => {
      upstream.leaving = true
    })
  }

  setWeight(upstream: Upstream, weight: number): void {
    upstream.weight = weight
    this.#available = undefined
    this.#options.onChange?.()
  }

  /** Counts a request onto the upstream. */
  enter(upstream: Upstream): void {
    const inFlight = ++upstream.inFlight
    if (inFlight > upstream.stats.maxInFlight) upstream.stats.maxInFlight = inFlight
    if (inFlight === this.maxInFlight || upstream.passive === 'trial') this.#available = undefined
  }

  /** Takes it off again. */
  leave(upstream: Upstream): void {
    if (upstream.inFlight-- === this.maxInFlight || upstream.passive === 'trial') this.#available = undefined
  }

  #filter(): readonly Upstream[] {
    const inService = this.#all.filter((u) => canTakeNew(u) && u.weight > 0)
    const trusted = inService.filter((u) => u.passive === 'in' || (u.passive === 'trial' && u.inFlight === 0))
    this.#isPanicking = trusted.length < inService.length * (this.#options.panicThreshold ?? 0.5)
    this.#willing = this.#isPanicking ? inService : trusted
    return this.#willing.filter((u) => !this.isFull(u))
  }

  #change(upstream: Upstream, reason: string, apply: () => void): void {
    const before = upstream.state
    const isFirst = upstream.healthy === undefined
    apply()
    this.#available = undefined
    const after = upstream.state
    if (before !== after || isFirst !== (upstream.healthy === undefined)) {
      upstream.lastReason = reason
      if (after === 'down') upstream.stats.downs++
      if (after === 'up' && before !== 'draining' && !isFirst) this.#startWarming(upstream)
      this.#options.onState?.(upstream, after, reason)
    }
    this.#options.onChange?.()
  }

  #startWarming(upstream: Upstream): void {
    const ms = this.#options.slowStartMs ?? 0
    if (ms === 0) return
    if (upstream.warmingSince === undefined) this.#warming++
    const since = this.#options.clock.now()
    upstream.warmingSince = since
    this.#options.clock.after(ms, () => {
      if (upstream.warmingSince === since) this.#endWarming(upstream)
    })
  }

  #endWarming(upstream: Upstream): void {
    upstream.warmingSince = undefined
    this.#warming--
  }

  #admits(upstream: Upstream): boolean {
    if (upstream.warmingSince === undefined) return true
    const share = (this.#options.clock.now() - upstream.warmingSince) / (this.#options.slowStartMs ?? 1)
    return this.#options.random() < Math.max(share, 0.05)
  }
}

// Health by the active checks and an operator's word; what passive health adds, the panic threshold may take back.
const canTakeNew = (upstream: Upstream): boolean =>
  upstream.healthy === true && upstream.mode === 'ready' && !upstream.leaving
