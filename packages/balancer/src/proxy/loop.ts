import type { Failure, FailureKind } from '../engines/engine.ts'
import type { Termination } from '../front/termination.ts'
import { isSecure } from '../headers/peer.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Step } from '../steps.ts'
import { tellDecision } from './accounting.ts'
import type { Context } from './context.ts'
import type { ProxiedRequest } from './request.ts'
import { type Decision, select } from './select.ts'

/** Who asked, as the loop sees it: {@link HttpClient} for a request, {@link UpgradeClient} for a WebSocket. */
export interface Client {
  /** Whether sending the request twice does no harm: an idempotent method without a body. */
  readonly isRepeatable: boolean
  /** Whether an answer has begun: from then on it can only be passed on, or broken off. */
  readonly isAnswered: boolean
  /** Whether it has ended, in whatever way: answered by the balancer itself, cut off, left by the client. */
  readonly isOver: boolean
  /** Called when it ends while it waits for a place. */
  onOver: (() => void) | undefined
  /**
   * Sends the request to the upstream and passes its answer on, with the affinity cookie. Resolves when the upstream is done with
   * it: to `undefined` when it has answered, or when the client's side ended it; to how it failed otherwise. An answer whose status
   * `passesOver` is not passed on, and is a failure of the kind `status`.
   */
  send(
    upstream: Upstream,
    setCookie: string | undefined,
    passesOver: PassesOver | undefined,
  ): Promise<Failure | undefined>
  /** Ends it with an answer of the balancer's own. */
  answer(ending: Ending): void
  /** Ends it in the middle of its answer. */
  breakOff(why: Termination): void
}

/** Whether an answer of that status is given up for another upstream's. */
export type PassesOver = (status: number) => boolean

/** How a request ends when the balancer itself answers. */
export interface Ending {
  readonly termination: Termination
  readonly status: number
  readonly text: string
}

/** What the attempts at one request have met with so far. */
interface History {
  readonly tried: readonly Upstream[]
  readonly met: readonly Step[]
}

const NOTHING_YET: History = { tried: [], met: [] }

/**
 * The life of a request: pick an upstream, send it there, judge how that went, and go on to another upstream or answer.
 * Whether a request is sent a second time is decided here and nowhere else.
 */
export async function proxy(context: Context, request: ProxiedRequest, client: Client): Promise<void> {
  const { passive, retries, retry, engine } = context
  let history = NOTHING_YET
  let isStaleRetried = false
  let ending = NO_UPSTREAM
  while (!client.isOver) {
    // Pick. When all are full, wait for a place.
    let decision = takePlace(context, request, history)
    if (decision.reason === 'full') {
      const waited = await waitForPlace(context, request, client, history, decision)
      if (waited === undefined) return
      if ('termination' in waited) return client.answer(waited)
      decision = waited
    }
    const { upstream } = decision
    if (!upstream) return client.answer(ending)
    // It may have been cut off in the moment in which it was given a place.
    if (client.isOver) return giveBack(context, upstream)

    // Send.
    const setCookie = cookieFor(context, request, decision)
    const { tried } = history
    const passesOver = retry.hasStatuses
      ? (status: number): boolean =>
          retry.passesOver(status, client.isRepeatable) &&
          tried.length < retries &&
          hasAnother(context, request, [...tried, upstream])
      : undefined
    let failure = await attempt(request, client, upstream, setCookie, passesOver)
    // A kept-alive connection that the node closed meanwhile says nothing of the node: once more, on a fresh one.
    if (failure?.kind === 'stale' && client.isRepeatable && !isStaleRetried) {
      isStaleRetried = true
      upstream.stats.retries++
      failure = await attempt(request, client, upstream, setCookie, passesOver)
    }
    giveBack(context, upstream)
    if (failure === undefined) return

    // Judge.
    if (failure.kind === 'unsendable') return client.answer(UNSENDABLE)
    // What this machine lacks is no fault of the upstream's.
    if (failure.kind === 'local') {
      engine.relieve()
      return client.answer(OUT_OF_RESOURCES)
    }
    if (failure.kind === 'connect') upstream.stats.connectErrors++
    else if (failure.kind === 'status') upstream.stats.passedOver++
    else upstream.stats.responseErrors++
    // What a node answers is no reason to eject it.
    if (failure.kind !== 'stale' && failure.kind !== 'status') passive.failed(upstream, failure.error.message)
    if (client.isAnswered) return client.breakOff(failure.kind === 'timeout' ? 'idle_timeout' : 'upstream_aborted')

    // Go on to another upstream, or answer.
    ending = ENDINGS[failure.kind]
    if (!retry.mayRetry(failure, client.isRepeatable) || tried.length >= retries) return client.answer(ending)
    upstream.stats.redispatches++
    request.tried = [...request.tried, `${upstream.name} ${failure.status ?? failure.kind}`]
    history = {
      tried: [...tried, upstream],
      met: [...history.met, metWith(failure, upstream.name)],
    }
  }
}

/** Whether some other upstream would take the request now: if none would, the answer at hand is the best there is. */
function hasAnother(context: Context, request: ProxiedRequest, tried: readonly Upstream[]): boolean {
  return select(context, request, tried, false).upstream !== undefined
}

/** Decides where the request goes, and takes its place there at once: whoever comes next finds it taken. */
function takePlace(context: Context, request: ProxiedRequest, { tried, met }: History): Decision {
  const { events, pool } = context
  const explain = events.wants('decision')
  const decision = select(context, request, tried, explain)
  if (decision.reason === 'repicked' && decision.pinned) decision.pinned.stats.redispatches++
  if (explain) tellDecision(context, request, decision, met)
  if (decision.upstream) pool.enter(decision.upstream)
  return decision
}

/** Takes it off its upstream; whoever waits for the place may have it. */
function giveBack({ pool, queue }: Context, upstream: Upstream): void {
  pool.leave(upstream)
  queue.onFree(upstream)
}

/** Waits in the queue. Resolves to a decision that is not `full`, to the ending when it waited in vain, to nothing when the client left. */
function waitForPlace(
  context: Context,
  request: ProxiedRequest,
  client: Client,
  history: History,
  first: Decision,
): Promise<Decision | Ending | undefined> {
  const { promise, resolve } = Promise.withResolvers<Decision | Ending | undefined>()
  const { pool, queue } = context
  const { tried } = history
  let { pinned } = first
  const waiter = {
    // Only the pinned upstream will do while it can serve, and none that has failed the request.
    canUse(upstream: Upstream): boolean {
      if (tried.includes(upstream)) return false
      if (pinned && !tried.includes(pinned) && pool.mayServe(pinned)) return upstream === pinned
      return pool.takesNew(upstream)
    },
    tryAgain(): boolean {
      const decision = takePlace(context, request, history)
      pinned = decision.pinned
      if (decision.reason !== 'full') resolve(decision)
      return decision.reason !== 'full'
    },
    onTimeout: () => resolve(QUEUE_TIMEOUT),
  }
  if (!queue.join(waiter)) resolve(QUEUE_FULL)
  client.onOver = () => {
    queue.leave(waiter)
    resolve(undefined)
  }
  return promise
}

function attempt(
  request: ProxiedRequest,
  client: Client,
  upstream: Upstream,
  setCookie: string | undefined,
  passesOver: PassesOver | undefined,
): Promise<Failure | undefined> {
  request.upstream = upstream
  request.attempts++
  upstream.stats.requests++
  return client.send(upstream, setCookie, passesOver)
}

/** The affinity cookie for a client that did not come with a pin to this upstream. */
function cookieFor({ affinity }: Context, { peer, head }: ProxiedRequest, decision: Decision): string | undefined {
  const { upstream, pinned } = decision
  if (affinity === undefined || upstream === undefined || upstream === pinned) return undefined
  return affinity.cookieFor(upstream, isSecure(peer, head))
}

function metWith({ kind, error, status }: Failure, upstream: string): Step {
  if (status !== undefined) return { key: 'met.status', upstream, status }
  if (kind !== 'connect') return { key: 'met.died', upstream }
  const isRefused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
  return { key: isRefused ? 'met.refused' : 'met.unreachable', upstream }
}

const ending = (termination: Termination, status: number, text: string): Ending => ({ termination, status, text })

const NO_UPSTREAM = ending('no_upstream', 503, 'no upstream is available')
const QUEUE_FULL = ending('queue_full', 503, 'all upstreams are busy and the queue is full')
const QUEUE_TIMEOUT = ending('queue_timeout', 503, 'all upstreams are busy')
const UNSENDABLE = ending('bad_request', 400, 'the request holds characters that HTTP/1.1 cannot carry')
const OUT_OF_RESOURCES = ending('out_of_resources', 503, 'the balancer has no file descriptors left')
const DIED = ending('upstream_died', 502, 'the upstream closed before it answered')

/** What the client is told of an attempt that failed and is not repeated. */
const ENDINGS: Record<Exclude<FailureKind, 'unsendable' | 'local'>, Ending> = {
  connect: ending('connect_failed', 502, 'no upstream could be reached'),
  timeout: ending('headers_timeout', 504, 'the upstream did not answer in time'),
  protocol: ending('upstream_invalid', 502, 'malformed response from the upstream'),
  stale: DIED,
  died: DIED,
  // Another upstream was there a moment ago.
  status: NO_UPSTREAM,
}
