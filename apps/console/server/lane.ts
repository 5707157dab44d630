import type { LaneAction, LaneView, NodeAction } from '../wire/frame.ts'
import type { LaneId, Notice, RequestRecord, UserAction, WhyStep } from '../wire/record.ts'
import type { NodeEvent } from './events.ts'
import { type Joined, joiner } from './joiner.ts'
import type { ActionValue, LaneHost } from './lane-host.ts'
import { laneView } from './lane-view.ts'
import { Processes } from './processes.ts'
import { type Deed, type DeedOptions, deed, type LaneTarget, type Standing } from './standing.ts'
import { tally } from './tally.ts'
import { type Answer, connections } from './visit.ts'
import { type NodeFacts, type UpstreamFacts, type Watch, watch } from './watch.ts'
import { mask, why } from './why.ts'

/** Where a lane's findings go. Sequence numbers are given out by the receiver. */
export interface LaneListener {
  record(record: Omit<RequestRecord, 'seq'>): RequestRecord
  notice(notice: Omit<Notice, 'seq' | 'at'>): void
  /** The lane's users, for what a view says of them. */
  standings(): ReadonlyMap<string, Standing>
}

/** One lane at work: it sends what users do, listens to both ends, and joins the two. */
export class Lane implements AsyncDisposable {
  readonly id: LaneId
  readonly host: LaneHost
  readonly target: LaneTarget
  readonly tally = tally()
  readonly processes: Processes
  upstreams: readonly UpstreamFacts[] = []
  readonly facts = new Map<string, NodeFacts>()
  readonly slow = new Map<string, number>()
  on = true
  busy: string | undefined
  /** Sessions that Redis holds, as last counted. */
  redisSessions: number | undefined
  readonly #listener: LaneListener
  readonly #joiner
  readonly #watch: Watch
  readonly #agent = connections()
  readonly #sweeper: NodeJS.Timeout
  #markedAt = Number.NEGATIVE_INFINITY

  constructor(host: LaneHost, listener: LaneListener) {
    this.id = host.mode
    this.host = host
    this.#listener = listener
    this.processes = new Processes(host, (node, state) => this.#processChanged(node, state))
    this.target = {
      balancerUrl: host.balancerUrl,
      host: new URL(host.publicUrl).host,
      agent: this.#agent,
      cookieName: host.mode === 'clustered' ? 'SESSION' : 'JSESSIONID',
      nodeUrl: (name) => host.nodes().find((node) => node.name === name)?.url,
      answered: (answer) => {
        const requestId = requestIdOf(answer)
        if (requestId !== undefined) this.#joiner.expect(requestId)
      },
      processes: () => this.processes.living(),
    }
    this.#joiner = joiner({ now: () => performance.now(), onStranger: (joined) => this.#stranger(joined) })
    this.#watch = watch(host, {
      decision: (event) => this.#joiner.decision(event),
      done: (event) => {
        this.tally.done(event)
        this.#joiner.done(event)
      },
      node: (event) => this.#nodeEvent(event),
      upstream: ({ name, state, reason }) => this.#upstreamChanged(name, state, reason),
      upstreams: (facts) => {
        this.upstreams = facts
      },
      inspected: (node, facts) => {
        if (facts) this.facts.set(node, facts)
        else this.facts.delete(node)
        this.processes.inspected(node, facts)
      },
    })
    this.#sweeper = setInterval(() => this.#joiner.sweep(), 500)
  }

  /** Resolves once nothing of what users do can be missed. */
  get listening(): Promise<void> {
    return this.#watch.listening
  }

  /** Does one action as a user, and tells what came of it once both ends have spoken. */
  async act(name: string, user: Standing, action: UserAction, options: DeedOptions = {}): Promise<RequestRecord> {
    const done = await deed(this.target, user, action, options)
    const requestId = requestIdOf(done.answer)
    const joined: Joined = requestId === undefined ? { decisions: [] } : await this.#joiner.claim(requestId)
    this.tally.outcome(done.outcome, done.node)
    if (done.firstLoss && done.home !== undefined) this.tally.node(done.home).lost++
    return this.#listener.record(this.#recordOf(name, action, options, done, joined, requestId))
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
    this.busy = action
    this.notice(
      `lane.${action}`,
      { node: value.node ?? '', codec: value.codec ?? '' },
      action === 'redis-stop' || action === 'redis-freeze' ? 'bad' : 'plain',
      true,
    )
    try {
      await this.host.actOnLane(action, value)
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

  view(): LaneView {
    return laneView(this, this.#listener.standings())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper)
    this.processes[Symbol.dispose]()
    await this.#watch[Symbol.asyncDispose]()
    this.#agent.destroy()
    await this.host[Symbol.asyncDispose]()
  }

  notice(key: string, values: Notice['values'], tone: Notice['tone'], mark = false): void {
    if (mark) this.#markedAt = performance.now()
    this.#listener.notice({ lane: this.id, key, ...(values && { values }), tone, mark })
  }

  /** A node that comes later under the same name is another one. */
  #forget(node: string): void {
    this.slow.delete(node)
    this.facts.delete(node)
    this.tally.forget(node)
  }

  #recordOf(
    name: string,
    action: UserAction,
    options: DeedOptions,
    done: Deed,
    joined: Joined,
    requestId: string | undefined,
  ): Omit<RequestRecord, 'seq'> {
    const { answer } = done
    const session = joined.node?.session ?? undefined
    return {
      ...(requestId === undefined ? {} : { requestId }),
      lane: this.id,
      user: name,
      action,
      at: done.at,
      ms: Math.round(answer.ms * 10) / 10,
      status: answer.ok ? answer.status : 0,
      ...(done.node === undefined ? {} : { node: done.node }),
      direct: options.via !== undefined,
      hops: joined.decisions.map(({ upstream = '', attempt, reason }) => ({ upstream, attempt, reason })),
      outcome: done.outcome,
      ...(session && { session: noteOf(session) }),
      why: this.#why(options, done, joined),
    }
  }

  #why(options: DeedOptions, done: Deed, joined: Joined): WhyStep[] {
    const { answer } = done
    const { forged } = options
    return why({
      cookieName: this.target.cookieName,
      cookie: done.cookie === undefined ? undefined : mask(done.cookie),
      forged: forged && { name: forged.name, id: mask(forged.value) },
      direct: options.via,
      decisions: joined.decisions,
      node: done.node,
      session: joined.node?.session ?? undefined,
      shared: this.host.mode === 'clustered',
      outcome: done.outcome,
      status: answer.ok ? answer.status : 0,
      failure: answer.ok ? undefined : answer.reason,
      holder: done.holder,
      home: done.home,
      overwrote: done.overwrote,
      overwritten: done.overwritten,
    })
  }

  #nodeEvent(event: NodeEvent): void {
    if (event.session && event.session.storeCommands > 0) this.tally.store(event.node, event.session)
    this.#joiner.node(event)
  }

  /** Somebody else's request through the balancer: drawn and counted, but no token can judge its session. */
  #stranger({ decisions, done, node }: Joined & { done: NonNullable<Joined['done']> }): void {
    const outcome = done.status >= 500 ? 'error' : 'none'
    this.tally.outcome(outcome, done.upstream)
    this.#listener.record({
      requestId: done.requestId,
      lane: this.id,
      action: 'visit',
      at: done.at - done.ms,
      ms: done.ms,
      status: done.status,
      ...(done.upstream === undefined ? {} : { node: done.upstream }),
      direct: false,
      hops: decisions.map(({ upstream = '', attempt, reason }) => ({ upstream, attempt, reason })),
      outcome,
      ...(node?.session && { session: noteOf(node.session) }),
      why: why({
        cookieName: this.target.cookieName,
        cookie: node?.session?.maskedCookie,
        decisions,
        node: done.upstream,
        session: node?.session ?? undefined,
        shared: this.host.mode === 'clustered',
        outcome,
        status: done.status,
      }),
    })
  }

  #processChanged(node: string, state: string): void {
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

const requestIdOf = (answer: Answer): string | undefined => (answer.ok ? answer.headers['x-request-id'] : undefined)

type Session = NonNullable<NodeEvent['session']>

function noteOf({ cookie, outcome, commit, storeCommands, storeRoundTrips, storeMs }: Session) {
  return { cookie, outcome, storeCommands, storeRoundTrips, storeMs, ...(commit === undefined ? {} : { commit }) }
}
