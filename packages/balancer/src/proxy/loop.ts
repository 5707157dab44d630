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
 * Whether a request is sent a second time is decided here and nowhere else, by the rules of {@link RetryRules}.
 */
export async function proxy(context: Context, request: ProxiedRequest, client: Client): Promise<void> {
  let history = NOTHING_YET
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
    const given = { context, request, client, decision, history }
    let failure = await sendTo(upstream, given)
    // A kept-alive connection that the node closed meanwhile says nothing of the node: once more, on a fresh one.
    if (failure?.kind === 'stale' && client.isRepeatable && !request.wasStale) {
      request.wasStale = true
      upstream.stats.retries++
      failure = await sendTo(upstream, given)
    }
    giveBack(context, upstream)
    if (failure === undefined) return

    // Judge.
    blame(context, upstream, failure)
    if (failure.kind === 'unsendable') return client.answer(UNSENDABLE)
    if (failure.kind === 'local') return client.answer(OUT_OF_RESOURCES)
    if (client.isAnswered) return client.breakOff(failure.kind === 'timeout' ? 'idle_timeout' : 'upstream_aborted')

    // Go on to another upstream, or answer.
    ending = ENDINGS[failure.kind]
    const mayRetry = context.retry.mayRetry(failure, client.isRepeatable) && history.tried.length < context.retries
    if (!mayRetry) return client.answer(ending)
    upstream.stats.redispatches++
    request.tried = [...request.tried, `${upstream.name} ${failure.status ?? failure.kind}`]
    history = {
      tried: [...history.tried, upstream],
      met: [...history.met, metWith(failure, upstream.name)],
    }
  }
}

/** What an attempt is made from. */
interface Given {
  readonly context: Context
  readonly request: ProxiedRequest
  readonly client: Client
  readonly decision: Decision
  readonly history: History
}

/** One attempt: counts it, and sends it with the affinity cookie that its answer is to set. */
function sendTo(upstream: Upstream, given: Given): Promise<Failure | undefined> {
  const { context, request, client, decision } = given
  request.upstream = upstream
  request.attempts++
  upstream.stats.requests++
  const passesOver = context.retry.hasStatuses ? passesOverFrom(upstream, given) : undefined
  return client.send(upstream, cookieFor(context, request, decision), passesOver)
}

/** Which answers of this upstream are given up: not those after which nobody would be left. */
function passesOverFrom(upstream: Upstream, { context, request, client, history: { tried } }: Given): PassesOver {
  return (status) =>
    context.retry.passesOver(status, client.isRepeatable) &&
    tried.length < context.retries &&
    hasAnother(context, request, [...tried, upstream])
}

/** Counts a failure. What a node answers, and what this machine lacks, is no reason to eject it. */
function blame({ engine, passive }: Context, upstream: Upstream, { kind, error }: Failure): void {
  if (kind === 'unsendable') return
  if (kind === 'local') {
    engine.relieve()
    return
  }
  if (kind === 'connect') upstream.stats.connectErrors++
  else if (kind === 'status') upstream.stats.passedOver++
  else upstream.stats.responseErrors++
  if (kind !== 'stale' && kind !== 'status') passive.failed(upstream, error.message)
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
