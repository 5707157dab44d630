import type { IncomingMessage } from 'node:http'
import type { Termination } from '../front/termination.ts'
import { clientAddress, isSecure, type Peer } from '../headers/peer.ts'
import { RequestHead } from '../headers/request-head.ts'
import type { PickKey } from '../policies/policy.ts'
import type { Waiter } from '../pool/queue.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Step } from '../steps.ts'
import { conclude, type Recorded, tellDecision } from './accounting.ts'
import type { Context, InProgress } from './context.ts'
import { type Decision, select } from './select.ts'

/** What an attempt that failed met with. */
export type Met = 'refused' | 'unreachable' | 'died'

const NONE: readonly Upstream[] = []

/**
 * What a request and an upgrade have in common: who asks, where it goes, its place on the upstream and in the line, who
 * failed it before, and an end that is counted exactly once. What is sent, and what the client is told, is the heirs'.
 */
export abstract class Passage implements PickKey, Waiter, Recorded, InProgress {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly req: IncomingMessage
  readonly startedAt = performance.now()
  slot = -1
  attempts = 0
  protected readonly context: Context
  protected readonly peer: Peer
  protected readonly head: RequestHead
  protected isOver = false
  #address: string | undefined
  #decision: Decision | undefined
  #upstream: Upstream | undefined
  /** Whether it is counted on its upstream. */
  #isOnIt = false
  #tried: readonly Upstream[] = NONE
  /** What the attempts before this one met with, for the why chain. */
  #met: readonly Step[] = []

  constructor(context: Context, req: IncomingMessage, peer: Peer) {
    this.context = context
    this.req = req
    this.peer = peer
    this.requestId = context.nextRequestId()
    this.method = req.method ?? 'GET'
    this.path = req.url ?? '/'
    this.head = new RequestHead(req.rawHeaders)
  }

  abstract readonly bytesIn: number
  abstract readonly bytesOut: number
  abstract cut(): void
  /** Sends it there, after it was counted onto it. */
  protected abstract send(upstream: Upstream): void
  /** Ends it with an answer of the balancer's own. */
  protected abstract refuse(why: Termination, status: number, text: string): void

  /** Ends it when those that it was sent to failed, and there is nobody left to ask. */
  protected abstract refuseTried(): void

  get address(): string {
    this.#address ??= clientAddress(this.peer, this.head, this.context.trusted)
    return this.#address
  }

  header(name: string): string | undefined {
    if (name === 'cookie') return this.head.cookie
    // HTTP/2 has another name for it.
    if (name === 'host') return this.head.host
    const value = this.req.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  get host(): string | undefined {
    return this.head.host
  }

  get upstream(): Upstream | undefined {
    return this.#upstream
  }

  isOn(upstream: Upstream): boolean {
    return this.#isOnIt && this.#upstream === upstream
  }

  /** {@link Waiter}: only the pinned upstream will do while it can serve, and none that has failed it. */
  canUse(upstream: Upstream): boolean {
    const { pool } = this.context
    if (this.#tried.includes(upstream)) return false
    const pinned = this.#decision?.pinned
    if (pinned && !this.#tried.includes(pinned) && pool.mayServe(pinned)) return upstream === pinned
    return pool.takesNew(upstream)
  }

  onPlace(): void {
    this.#decision = undefined
    this.dispatch()
  }

  onTimeout(): void {
    this.refuse('queue_timeout', 503, 'all upstreams are busy')
  }

  /** Goes to an upstream, into the line, or back to the client. */
  protected dispatch() {
    const { events, line } = this.context
    const explain = events.wants('decision')
    const decision = select(this.context, this, this.#tried, explain)
    // The client's pin is what it came with, however often it is tried.
    this.#decision ??= decision
    if (decision.reason === 'repicked' && decision.pinned) decision.pinned.stats.redispatches++
    if (explain) tellDecision(this.context, this, decision, this.#met)
    if (decision.upstream) return this.#go(decision.upstream)
    if (decision.reason === 'full') {
      if (line.join(this)) return
      return this.refuse('queue_full', 503, 'all upstreams are busy and the queue is full')
    }
    if (this.attempts > 0) return this.refuseTried()
    this.refuse('no_upstream', 503, 'no upstream is available')
  }

  #go(upstream: Upstream): void {
    this.context.line.quit(this)
    this.#upstream = upstream
    this.#isOnIt = true
    this.context.pool.enter(upstream)
    this.#attempt(upstream)
  }

  /** Sends it once more to where it is, in the place that it has there. */
  protected again(upstream: Upstream): void {
    upstream.stats.retries++
    this.#attempt(upstream)
  }

  #attempt(upstream: Upstream): void {
    this.attempts++
    upstream.stats.requests++
    this.send(upstream)
  }

  /** Goes elsewhere after an upstream failed. @returns false when it has failed often enough */
  protected goElsewhere(upstream: Upstream, met: Met): boolean {
    if (this.#tried.length >= this.context.retries) return false
    upstream.stats.redispatches++
    this.#met = [...this.#met, { key: `met.${met}`, upstream: upstream.name }]
    this.#tried = [...this.#tried, upstream]
    this.dispatch()
    return true
  }

  /** The affinity cookie for a client that was not pinned to this upstream when it came. */
  protected cookieFor(upstream: Upstream): string | undefined {
    const { affinity } = this.context
    if (affinity === undefined || upstream === this.#decision?.pinned) return undefined
    return affinity.cookieFor(upstream, isSecure(this.peer, this.head))
  }

  /** Takes it off its upstream; whoever waits for the place may go. */
  protected release(): void {
    if (!this.#isOnIt) return
    this.#isOnIt = false
    const upstream = this.#upstream as Upstream
    this.context.pool.leave(upstream)
    this.context.line.free(upstream)
  }

  /** Counts and tells how it ended, once, and leaves the line. */
  protected finish(termination: Termination, status: number): void {
    if (this.isOver) return
    this.isOver = true
    this.context.active.delete(this)
    this.context.line.quit(this)
    conclude(this.context, this, termination, status)
  }
}
