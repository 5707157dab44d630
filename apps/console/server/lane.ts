import { isShared, type NodeEvent } from '@session-cluster/contract'
import { type Attempt, connections, type UserAction } from '@session-cluster/visitor'
import type { LaneAction, LaneView, NodeAction } from '../wire/frame.ts'
import type { LaneId, Notice, RequestRecord } from '../wire/record.ts'
import { type ActOptions, act } from './actions.ts'
import { firstFacts, type LaneFacts, laneFacts, type NodeFacts } from './facts.ts'
import { type Joined, joiner } from './joiner.ts'
import type { ActionValue, LaneHost } from './lane-host.ts'
import type { LaneTarget } from './lane-target.ts'
import { laneView } from './lane-view.ts'
import { Losses } from './losses.ts'
import { Processes } from './processes.ts'
import { recordOf, strangerRecord } from './record-of.ts'
import { resetLane } from './reset.ts'
import { lookAgain } from './search.ts'
import { tally } from './tally.ts'
import type { UserState } from './user-state.ts'
import { type UpstreamFacts, type Watch, watch } from './watch.ts'

/** Where a lane's findings go. Sequence numbers are given out by the receiver. */
export interface LaneListener {
  record(record: Omit<RequestRecord, 'seq'>): RequestRecord
  notice(notice: Omit<Notice, 'seq' | 'at'>): void
  /** The lane's users, for what a view says of them. */
  users(): ReadonlyMap<string, UserState>
}

/** What is being done to a lane, and how many of its steps are done. */
interface Busy {
  readonly what: LaneAction | 'reset'
  done: number
  readonly of: number
}

/** One lane at work: it sends what users do, listens to both ends, and joins the two. */
export class Lane implements AsyncDisposable {
  readonly id: LaneId
  readonly host: LaneHost
  readonly target: LaneTarget
  readonly tally = tally()
  readonly processes: Processes
  readonly losses: Losses
  upstreams: readonly UpstreamFacts[] = []
  /** What each node says of itself now; one that does not answer is not in it. */
  readonly said = new Map<string, NodeFacts>()
  /** What the lane's nodes say of themselves. */
  facts: LaneFacts
  /** How the balancer picks, as it last said. */
  policy = 'round-robin'
  readonly slow = new Map<string, number>()
  on = true
  busy: Busy | undefined
  /** The codec that the nodes had when the lane came up. */
  firstCodec: LaneFacts['codec']
  /** Sessions that Redis holds, as last counted. */
  redisSessions: number | undefined
  readonly #listener: LaneListener
  readonly #joiner
  readonly #watch: Watch
  readonly #agent = connections(128)
  readonly #sweeper: NodeJS.Timeout
  #markedAt = Number.NEGATIVE_INFINITY

  constructor(host: LaneHost, listener: LaneListener) {
    this.id = host.mode
    this.host = host
    this.facts = firstFacts(host.mode)
    this.#listener = listener
    this.processes = new Processes(host, (node, state) => this.#processChanged(node, state))
    this.losses = new Losses(this.processes, () => listener.users(), isShared(host.mode))
    this.target = this.#asTarget()
    this.#joiner = joiner({ now: () => performance.now(), onStranger: (joined) => this.#stranger(joined) })
    this.#watch = watch(host, {
      decision: (event) => {
        for (const step of event.steps) if ('policy' in step) this.policy = step.policy
        this.#joiner.decision(event)
      },
      done: (event) => {
        this.tally.done(event)
        this.#joiner.done(event)
      },
      node: (event) => this.#nodeEvent(event),
      upstream: ({ name, state, reason }) => this.#upstreamChanged(name, state, reason),
      upstreams: (facts) => {
        this.upstreams = facts
      },
      inspected: (node, facts) => this.#inspected(node, facts),
    })
    this.#sweeper = setInterval(() => this.#joiner.sweep(), 500)
  }

  /** Resolves once nothing of what users do can be missed, and the nodes have said what they are. */
  get listening(): Promise<void> {
    return this.#watch.listening
  }

  /** Does one action as a user, and tells what came of it once both ends have spoken. */
  async act(name: string, user: UserState, action: UserAction, options: ActOptions = {}): Promise<RequestRecord> {
    const done = await act(this.target, user, action, options, name)
    const requestId = requestIdOf(done.attempt)
    const direct = options.via !== undefined
    const joined: Joined = requestId === undefined ? { decisions: [] } : await this.#joiner.claim(requestId, direct)
    this.tally.outcome(done.outcome, done.node)
    this.losses.answered(user, done)
    return this.#listener.record(recordOf(this, name, action, options, done, joined))
  }

  /** Carries out an action on a node and notes it; rejects with the reason when it fails. */
  async actOnNode(node: string, action: NodeAction, value: ActionValue): Promise<void> {
    const reason = this.host.disabled()[action]
    if (reason !== undefined) throw new Error(reason)
    this.notice(
      `node.${action}`,
      { node, value: value.weight ?? value.slowMs ?? 0 },
      action === 'crash' || action === 'freeze' ? 'bad' : 'plain',
      true,
    )
    try {
      await this.host.actOnNode(node, action, value)
    } catch (error) {
      this.notice('node.failed', { node, reason: (error as Error).message }, 'bad')
      throw error
    }
    if (action === 'slow') this.slow.set(node, value.slowMs ?? 0)
    this.#watch.refresh()
  }

  /** Carries out an action on the whole lane and notes its beginning and its end. */
  async actOnLane(action: LaneAction, value: ActionValue & { readonly node?: string | undefined }): Promise<void> {
    const reason = this.host.disabled()[action]
    if (reason !== undefined) throw new Error(reason)
    if (this.busy !== undefined) throw new Error('busy')
    this.busy = { what: action, done: 0, of: stepsOf(action, this.host.nodes().length) }
    this.notice(
      `lane.${action}`,
      { node: value.node ?? '', codec: value.codec ?? '' },
      action === 'redis-stop' || action === 'redis-freeze' ? 'bad' : 'plain',
      true,
    )
    try {
      await this.host.actOnLane(action, value)
      if (action === 'codec')
        await Promise.all([...this.#listener.users().values()].map((user) => lookAgain(this.target, user)))
      this.#watch.refresh()
      if (action === 'remove') this.#forget(value.node ?? '')
      this.notice(
        `lane.${action}.done`,
        { node: this.host.nodes().at(-1)?.name ?? '', codec: value.codec ?? '' },
        'good',
      )
    } catch (error) {
      this.notice('lane.failed', { reason: (error as Error).message }, 'bad')
      throw error
    } finally {
      this.busy = undefined
    }
  }

  /** Everything about the lane is as it was at the start: its servers, its sessions, its numbers. */
  async reset(): Promise<void> {
    try {
      await resetLane(this, (done, of) => {
        this.busy = { what: 'reset', done, of }
      })
      this.losses.reset()
      this.tally.reset()
      this.#watch.refresh()
    } finally {
      this.busy = undefined
    }
  }

  view(): LaneView {
    return laneView(this, this.#listener.users())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper)
    this.processes[Symbol.dispose]()
    await this.#watch[Symbol.asyncDispose]()
    this.#agent[Symbol.dispose]()
    await this.host[Symbol.asyncDispose]()
  }

  notice(key: string, values: Notice['values'], tone: Notice['tone'], mark = false): void {
    if (mark) this.#markedAt = performance.now()
    this.#listener.notice({ lane: this.id, key, ...(values && { values }), tone, mark })
  }

  /** A node that comes later under the same name is another one. */
  #forget(node: string): void {
    this.slow.delete(node)
    this.said.delete(node)
    this.tally.forget(node)
  }

  #asTarget(): LaneTarget {
    const lane = this
    return {
      balancerUrl: this.host.balancerUrl,
      host: new URL(this.host.publicUrl).host,
      agent: this.#agent,
      shared: isShared(this.host.mode),
      get cookieName() {
        return lane.facts.cookieName
      },
      get lifetime() {
        return { idleMs: lane.facts.idleTimeoutMs, absoluteMs: lane.facts.absoluteTimeoutMs }
      },
      nodeUrl: (name) => lane.host.nodes().find((node) => node.name === name)?.url,
      answered: (attempt) => {
        const requestId = requestIdOf(attempt)
        if (requestId !== undefined) lane.#joiner.expect(requestId)
      },
      processes: () => lane.processes.living(),
    }
  }

  #nodeEvent(event: NodeEvent): void {
    if (event.session && (event.session.storeCommands > 0 || event.session.fromMemory))
      this.tally.store(event.node, event.session)
    this.#joiner.node(event)
  }

  /** Somebody else's request through the balancer: drawn and counted, but no token can judge its session. */
  #stranger({ decisions, done, node }: Joined & { done: NonNullable<Joined['done']> }): void {
    const record = strangerRecord(this, { decisions, done, ...(node && { node }) })
    this.tally.outcome(record.outcome, record.node)
    this.#listener.record(record)
  }

  #inspected(node: string, facts: NodeFacts | undefined): void {
    if (facts) this.said.set(node, facts)
    else this.said.delete(node)
    this.facts = laneFacts(this.said.values(), this.facts)
    this.firstCodec ??= this.facts.codec
    this.processes.inspected(node, facts)
    this.losses.look()
  }

  #processChanged(node: string, state: string): void {
    this.losses.look()
    if (state === 'running') this.losses.begun(node)
    if (state === 'running' && this.busy) this.busy.done = Math.min(this.busy.of, this.busy.done + 1)
    // What it was told to do, its next process does not know.
    if (state === 'crashed' || state === 'stopped') this.slow.delete(node)
    // A crash that somebody asked for here has its mark already; one that came by itself gets one now.
    if (state === 'crashed') this.notice('process.crashed', { node }, 'bad', performance.now() - this.#markedAt > 5000)
    else if (state === 'running') this.notice('process.running', { node }, 'good')
  }

  #upstreamChanged(node: string, state: string, reason: string): void {
    const tone =
      state === 'up' || state === 'added' ? 'good' : state === 'down' || state === 'ejected' ? 'bad' : 'plain'
    this.#listener.notice({ lane: this.id, key: `upstream.${state}`, values: { node, reason }, tone })
  }
}

const requestIdOf = (attempt: Attempt): string | undefined => {
  const id = attempt.ok ? attempt.answer.headers['x-request-id'] : undefined
  return typeof id === 'string' ? id : undefined
}

/** How many processes an action begins: what is counted while it goes on. */
function stepsOf(action: LaneAction, nodes: number): number {
  if (action === 'rolling' || action === 'codec') return nodes
  return action === 'add' ? 1 : 0
}
