import type { DecisionEvent, DoneEvent, UpstreamEvent } from '@session-cluster/balancer'
import type { NodeEvent } from '@session-cluster/contract'
import { isDecision, isDone, isNodeEvent, isUpstream } from './events.ts'
import type { NodeFacts } from './facts.ts'
import { follow } from './follow.ts'
import { callAdmin, type LaneHost, type LaneNode } from './lane-host.ts'

/** What the balancer last said of one upstream. */
export interface UpstreamFacts {
  readonly name: string
  readonly url: string
  readonly state: string
  readonly weight: number
  readonly inFlight: number
  readonly requests: number
  readonly redispatches: number
  readonly lastCheck?: string | undefined
}

/** Where the watcher's findings go. */
export interface WatchListener {
  decision(event: DecisionEvent): void
  done(event: DoneEvent): void
  upstream(event: UpstreamEvent): void
  node(event: NodeEvent): void
  upstreams(facts: readonly UpstreamFacts[]): void
  /** A node's own word; `undefined` when it does not answer. */
  inspected(node: string, facts: NodeFacts | undefined): void
}

/** A running watch. */
export interface Watch extends AsyncDisposable {
  /** Brings the followed nodes up to date after one was added, removed or restarted. */
  refresh(): void
  /** Resolves once the balancer's events are being heard, and the nodes were asked what they are. */
  readonly listening: Promise<void>
}

const pollMs = 500

/** Follows the events of a lane's balancer and nodes, and polls what only polling tells. */
export function watch(host: LaneHost, listener: WatchListener): Watch {
  const stop = new AbortController()
  const followed = new Map<string, { url: string; stop: AbortController }>()
  const heard = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const token = host.adminToken

  const balancer = follow(
    new URL('/events', host.balancerAdminUrl).href,
    ({ event, data }) => onBalancer(listener, event, data),
    stop.signal,
    {
      token,
      onOpen: heard.resolve,
    },
  )
  const refresh = () => {
    const nodes = new Map(host.nodes().map((node) => [node.name, node]))
    for (const [name, { url, stop: end }] of followed) {
      if (nodes.get(name)?.adminUrl === url) continue
      end.abort()
      followed.delete(name)
    }
    for (const node of nodes.values())
      if (!followed.has(node.name)) followed.set(node.name, followNode(node, token, listener))
  }
  const poll = async () => {
    refresh()
    await Promise.all([pollUpstreams(host, listener), ...host.nodes().map((node) => inspect(node, token, listener))])
    asked.resolve()
    if (!stop.signal.aborted) timer = setTimeout(poll, pollMs)
  }
  let timer = setTimeout(poll, 0)

  return {
    refresh,
    listening: Promise.all([heard.promise, asked.promise]).then(() => undefined),
    async [Symbol.asyncDispose]() {
      stop.abort()
      clearTimeout(timer)
      for (const { stop: end } of followed.values()) end.abort()
      await balancer
    },
  }
}

function followNode(
  node: LaneNode,
  token: string | undefined,
  listener: WatchListener,
): { url: string; stop: AbortController } {
  const stop = new AbortController()
  const onEvent = ({ event, data }: { event: string; data: unknown }) => {
    if (event === 'request' && isNodeEvent(data)) listener.node(data)
  }
  void follow(new URL('/events', node.adminUrl).href, onEvent, stop.signal, { token })
  return { url: node.adminUrl, stop }
}

function onBalancer(listener: WatchListener, event: string, data: unknown): void {
  if (event === 'decision' && isDecision(data)) listener.decision(data)
  else if (event === 'done' && isDone(data)) listener.done(data)
  else if (event === 'upstream' && isUpstream(data)) listener.upstream(data)
}

async function pollUpstreams(host: LaneHost, listener: WatchListener): Promise<void> {
  try {
    const list = await callAdmin(new URL('/upstreams', host.balancerAdminUrl).href, host.adminToken)
    if (Array.isArray(list)) listener.upstreams(list.map(upstreamFacts))
  } catch {
    // The balancer is busy or gone; the next poll tells.
  }
}

async function inspect(node: LaneNode, token: string | undefined, listener: WatchListener): Promise<void> {
  try {
    listener.inspected(node.name, (await callAdmin(new URL('/inspect', node.adminUrl).href, token)) as NodeFacts)
  } catch {
    listener.inspected(node.name, undefined)
  }
}

type Loose = Record<string, unknown>
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

function upstreamFacts(value: Loose): UpstreamFacts {
  const check = value.lastCheck as Loose | string | null | undefined
  return {
    name: String(value.name),
    url: String(value.url),
    state: String(value.state),
    weight: number(value.weight) ?? 1,
    inFlight: number(value.inFlight) ?? 0,
    requests: number(value.requests) ?? 0,
    redispatches: number(value.redispatches) ?? 0,
    lastCheck:
      typeof check === 'string' ? check : check ? String(check.detail ?? (check.ok ? 'ok' : 'failed')) : undefined,
  }
}
