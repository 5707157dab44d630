import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createSecureContext } from 'node:tls'
import { type Clock, systemClock } from './clock.ts'
import type { Engine } from './engines/engine.ts'
import { RemovedUpstreamError, UnknownUpstreamError } from './errors.ts'
import { Events } from './events.ts'
import { Connections } from './front/connections.ts'
import { Deadlines } from './front/deadlines.ts'
import { createFront, type Front, refuseConnection, type TlsOptions } from './front/front.ts'
import { TrustedProxies } from './headers/peer.ts'
import { ActiveHealth } from './health/active.ts'
import { PassiveHealth } from './health/passive.ts'
import {
  affinityOf,
  type BalancerOptions,
  checkOptions,
  engineOf,
  MAX_HEADER_BYTES,
  policyOf,
  timeoutsOf,
} from './options.ts'
import { IntrusiveList } from './pool/intrusive-list.ts'
import { Pool } from './pool/pool.ts'
import { RequestQueue } from './pool/queue.ts'
import { Totals } from './pool/totals.ts'
import { checkWeight, type Upstream, type UpstreamMode, type UpstreamOptions } from './pool/upstream.ts'
import type { Context, InProgress } from './proxy/context.ts'
import { RetryRules } from './proxy/retry.ts'
import { Stalls } from './proxy/stall.ts'
import { connectionsAllowed } from './resources.ts'

/** Where to listen. */
export interface ListenOptions {
  /** 0 for any free one. */
  port: number
  /** @default '127.0.0.1' */
  host?: string | undefined
}

/** How a balancer ends, ms. */
export interface CloseOptions {
  /** How long it goes on serving everybody. @default 0 */
  drainMs?: number | undefined
  /** How long what is in flight may take after that. @default 10_000 */
  timeoutMs?: number | undefined
}

/** A running balancer. */
export interface Balancer extends AsyncDisposable {
  readonly pool: Pool
  readonly events: Events
  readonly totals: Totals
  readonly engine: Engine
  readonly policyName: string
  readonly affinityName: string | undefined
  /** Whether it is on its way out. */
  readonly isClosing: boolean
  /** Requests and tunnels in progress, requests that wait for a place, and clients' connections. */
  readonly load: { readonly active: number; readonly waiting: number; readonly connections: number }
  /** Probes every upstream once, then accepts connections. @returns its URL */
  listen(options: ListenOptions): Promise<string>
  /** Adds an upstream; nobody is sent there before its first check has passed. */
  add(options: UpstreamOptions): Promise<Upstream>
  /** Takes an upstream out: no more requests, those in flight finish within `timeoutMs`, then it is forgotten. */
  remove(name: string, options?: { force?: boolean; timeoutMs?: number }): Promise<void>
  /** Changes mode or weight. */
  update(name: string, change: { mode?: UpstreamMode; weight?: number }): Upstream
  /** Takes another certificate for the connections to come. @throws Error when certificate and key do not go together */
  setTls(tls: TlsOptions): void
  /**
   * Goes on serving for `drainMs` (0) while `isClosing` and the admin API's `/readyz` tell those in front to send nobody any more; then stops accepting,
   * lets what is in flight finish within `timeoutMs` (10 s), and cuts the rest. A second call ends the drain, and waits for the first.
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Makes a balancer. Nothing listens and nothing is probed until `listen`.
 * @throws TypeError that names the option, its value and what is allowed
 */
export function createBalancer(options: BalancerOptions): Balancer {
  checkOptions(options)
  return new RunningBalancer(options)
}

/** In how many looks in a row a closing balancer must have had nothing to do; they are 20 ms apart. */
const QUIET_LOOKS = 10

class RunningBalancer implements Balancer {
  readonly pool: Pool
  readonly events = new Events()
  readonly totals = new Totals()
  readonly engine: Engine
  readonly policyName: string
  readonly affinityName: string | undefined
  readonly #context: Context
  readonly #clock: Clock
  readonly #active: ActiveHealth | undefined
  readonly #server: Front
  readonly #connections: Connections
  readonly #scheme: 'http' | 'https'
  #closed: Promise<void> | undefined
  /** Told a second time to close. */
  #isHurried = false

  constructor(options: BalancerOptions) {
    const clock = options.clock ?? systemClock
    const random = options.random ?? Math.random
    this.#clock = clock
    this.pool = new Pool({
      ...{ clock, random, maxInFlight: options.maxInFlight, slowStartMs: options.slowStartMs },
      ...{ panicThreshold: options.panicThreshold, nodes: options.nodes },
      onState: (upstream, state, reason) => {
        this.events.emit('upstream', { at: clock.now(), name: upstream.name, state, reason })
      },
      onChange: () => this.#context.queue.wakeAll(),
    })
    for (const upstream of options.upstreams) this.pool.add(upstream)
    this.policyName =
      typeof options.policy === 'function' ? options.policy.name || 'custom' : (options.policy ?? 'round-robin')
    const affinity = affinityOf(options.affinity)
    this.affinityName = affinity?.name
    const timeouts = timeoutsOf(options.timeouts)
    const wholeMs = options.front?.requestTimeoutMs ?? Number.POSITIVE_INFINITY
    this.engine = engineOf(options.engine ?? 'direct', timeouts, options.nodes)
    this.#context = {
      ...{ pool: this.pool, policy: policyOf(options, random), policyName: this.policyName, affinity },
      ...{
        engine: this.engine,
        clock,
        events: this.events,
        totals: this.totals,
        active: new IntrusiveList<InProgress>(),
      },
      ...{ connectTimeoutMs: timeouts.connectTimeoutMs, headersTimeoutMs: timeouts.headersTimeoutMs },
      maxHeaderBytes: options.nodes?.maxHeaderBytes ?? MAX_HEADER_BYTES,
      stalls: new Stalls(timeouts.idleTimeoutMs),
      uploads: {
        bounds: { idleMs: timeouts.idleTimeoutMs, wholeMs },
        deadlines: new Deadlines(Math.min(timeouts.idleTimeoutMs, wholeMs)),
      },
      trusted: new TrustedProxies(options.trustProxy ?? []),
      outgoing: { token: options.token, hiddenCookie: affinity?.hiddenCookie, via: options.via },
      passive: new PassiveHealth(this.pool, clock, options.passive),
      queue: new RequestQueue(clock, options.queueLimit ?? 1000, options.queueTimeoutMs ?? 5000),
      retries: options.retries ?? 2,
      retry: new RetryRules(options.retry),
      accessLog: options.accessLog,
      nextRequestId: requestIds(),
      isClosing: () => this.isClosing,
    }
    if (options.health !== false) this.#active = new ActiveHealth(this.pool, clock, random, options.health)
    this.#server = createFront(this.#context, options.front ?? {})
    const isTls = options.front?.tls !== undefined
    const max = options.front?.maxConnections ?? connectionsAllowed(options.upstreams.length)
    this.#connections = new Connections(this.#server, max, (socket) => refuseConnection(socket, isTls, this.#context))
    this.#scheme = isTls ? 'https' : 'http'
  }

  get load(): { active: number; waiting: number; connections: number } {
    const { active, queue } = this.#context
    return { active: active.size, waiting: queue.length, connections: this.#connections.size }
  }

  get isClosing(): boolean {
    return this.#closed !== undefined
  }

  async listen({ port, host = '127.0.0.1' }: ListenOptions): Promise<string> {
    await Promise.all(this.pool.all.map((upstream) => this.#active?.watch(upstream)))
    if (this.isClosing) throw new Error('the balancer is closed')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject).listen(port, host, resolve)
    await promise
    this.#server.off('error', reject)
    const { address, port: bound } = this.#server.address() as AddressInfo
    return `${this.#scheme}://${address.includes(':') ? `[${address}]` : address}:${bound}`
  }

  async add(options: UpstreamOptions): Promise<Upstream> {
    const upstream = this.pool.add(options, this.#active !== undefined)
    this.events.emit('upstream', { at: this.#clock.now(), name: upstream.name, state: 'added', reason: 'added' })
    if (this.#active) await this.#checkFirst(upstream, this.#active)
    this.#context.queue.wakeAll()
    return upstream
  }

  async #checkFirst(upstream: Upstream, active: ActiveHealth): Promise<void> {
    await active.watch(upstream)
    if (upstream.leaving) throw new RemovedUpstreamError(upstream.name)
  }

  async remove(name: string, { force = false, timeoutMs = 10_000 } = {}): Promise<void> {
    const upstream = this.#named(name)
    this.pool.setLeaving(upstream)
    this.#active?.forget(upstream)
    const isFree = (): boolean => upstream.inFlight === 0
    if (!force) await this.#until(isFree, timeoutMs)
    // Another call, in more of a hurry, may have done it meanwhile.
    if (this.pool.get(name) !== upstream) return
    const reason = force ? 'by force' : isFree() ? 'drained' : `not drained within ${timeoutMs} ms`
    for (const busy of this.#context.active) if (busy.isOn(upstream)) busy.cut()
    this.pool.remove(upstream)
    this.engine.forget(upstream)
    this.events.emit('upstream', { at: this.#clock.now(), name, state: 'removed', reason })
  }

  update(name: string, { mode, weight }: { mode?: UpstreamMode; weight?: number }): Upstream {
    const upstream = this.#named(name)
    if (weight !== undefined) {
      checkWeight(weight)
      this.pool.setWeight(upstream, weight)
    }
    if (mode !== undefined) this.pool.setMode(upstream, mode)
    return upstream
  }

  setTls(tls: TlsOptions): void {
    if (!('setSecureContext' in this.#server)) throw new TypeError('tls: this balancer serves plain HTTP')
    createSecureContext(tls)
    this.#server.setSecureContext(tls)
  }

  close({ drainMs = 0, timeoutMs = 10_000 }: CloseOptions = {}): Promise<void> {
    if (this.#closed) this.#isHurried = true
    this.#closed ??= this.#close(drainMs, timeoutMs)
    return this.#closed
  }

  async #close(drainMs: number, timeoutMs: number): Promise<void> {
    // From the next moment on: until then `isClosing` is not true.
    if (drainMs > 0) await this.#until(() => this.#isHurried, drainMs)
    const closed = this.#connections.stopAccepting()
    if (timeoutMs > 0) await this.#until(this.#quietFor(QUIET_LOOKS), timeoutMs)
    for (const busy of this.#context.active) busy.cut()
    this.#active?.close()
    this.#connections.closeAll()
    this.#context.stalls.close()
    this.#context.uploads.deadlines.close()
    await closed
    await this.engine.close()
  }

  // Nothing in flight, and nothing new: answers say `Connection: close` by now, and who connected at the last moment has
  // had time to ask. Looks are counted, not time: between two the event loop has read what came, however busy the machine.
  #quietFor(looks: number): () => boolean {
    let requests = -1
    let quiet = 0
    return () => {
      const isQuiet = this.#context.active.size === 0 && this.totals.requests === requests
      requests = this.totals.requests
      quiet = isQuiet ? quiet + 1 : 0
      return quiet >= looks
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ timeoutMs: 0 })
  }

  #named(name: string): Upstream {
    const upstream = this.pool.get(name)
    if (!upstream) throw new UnknownUpstreamError(name)
    return upstream
  }

  async #until(done: () => boolean, timeoutMs: number): Promise<void> {
    const end = this.#clock.now() + timeoutMs
    while (!done() && this.#clock.now() < end) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#clock.after(Math.min(20, timeoutMs), resolve)
      await promise
    }
  }
}

// Random once, then counted: unique, and cheap enough to make one for every request.
function requestIds(): () => string {
  const prefix = randomBytes(9).toString('base64url')
  let count = 0
  return () => `${prefix}-${(count++).toString(36)}`
}
