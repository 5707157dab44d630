import { isShared } from '@session-cluster/contract'
import { jainIndex, maxOverMean } from '@session-cluster/visitor'
import type { LaneView, NodeView, RedisView } from '../wire/frame.ts'
import type { LaneId } from '../wire/record.ts'
import type { LaneFacts, NodeFacts } from './facts.ts'
import type { LaneHost } from './lane-host.ts'
import type { Losses } from './losses.ts'
import type { Processes } from './processes.ts'
import type { Tally } from './tally.ts'
import type { UserState } from './user-state.ts'
import type { UpstreamFacts } from './watch.ts'

/** As much of a lane as a view of it is made from. */
export interface LaneSource {
  readonly id: LaneId
  readonly host: LaneHost
  readonly tally: Tally
  readonly losses: Losses
  readonly processes: Processes
  readonly upstreams: readonly UpstreamFacts[]
  readonly said: ReadonlyMap<string, NodeFacts>
  readonly facts: LaneFacts
  readonly policy: string
  readonly slow: ReadonlyMap<string, number>
  readonly on: boolean
  readonly busy: LaneView['busy'] | undefined
  readonly redisSessions: number | undefined
}

/** Everything that the page shows of a lane, gathered at this moment. */
export function laneView(lane: LaneSource, users: ReadonlyMap<string, UserState>): LaneView {
  const { host, tally, losses, facts } = lane
  const nodes = host.nodes().map(({ name, url }) => nodeView(lane, users, name, url))
  const share = shareOf(lane, nodes)
  // Only those that the balancer may pick can take their part of the load.
  const loads = nodes.filter(({ state, name }) => state === 'up' && name in share).map(({ name }) => share[name] ?? 0)
  const redis = redisView(lane)
  const evenness = { maxOverMean: maxOverMean(loads), jain: jainIndex(loads) }
  return {
    id: lane.id,
    mode: host.mode,
    state: 'ready',
    on: lane.on,
    attached: host.attached,
    url: host.publicUrl,
    cookieName: facts.cookieName,
    policy: lane.policy,
    totals: { ...tally.totals },
    since: tally.since,
    gone: losses.gone,
    noticed: losses.noticed,
    share,
    ...(evenness.maxOverMean === undefined ? {} : { maxOverMean: evenness.maxOverMean }),
    ...(evenness.jain === undefined ? {} : { jain: evenness.jain }),
    nodes,
    ...(redis && { redis }),
    ...(redis && facts.codec !== undefined ? { codec: facts.codec } : {}),
    disabled: host.disabled(),
    ...(lane.busy === undefined ? {} : { busy: { ...lane.busy } }),
  }
}

/** The last requests by living node. A dead one has no share: what it answered before is not part of what is shared out now. */
function shareOf({ tally }: LaneSource, nodes: readonly NodeView[]): Record<string, number> {
  const counts = tally.share()
  return Object.fromEntries(
    nodes
      .filter(({ process, state }) => process === 'running' && state !== 'gone' && state !== 'down')
      .map(({ name }) => [name, counts[name] ?? 0]),
  )
}

function nodeView(lane: LaneSource, users: ReadonlyMap<string, UserState>, name: string, url: string): NodeView {
  const { tally, processes, losses } = lane
  const counts = tally.node(name)
  const upstream = lane.upstreams.find((candidate) => candidate.name === name)
  const said = lane.said.get(name)
  const commands = counts.store.reduce((sum, { storeCommands }) => sum + storeCommands, 0)
  const shared = isShared(lane.host.mode)
  const defined = {
    p50: tally.percentile(name, 0.5),
    p95: tally.percentile(name, 0.95),
    p99: tally.percentile(name, 0.99),
    held: shared ? undefined : said?.sessionsHeld,
    storeCommandsPerRequest: counts.store.length === 0 ? undefined : commands / counts.store.length,
    heapBytes: said?.heapBytes,
    uptimeMs: said?.uptimeMs,
    lastCheck: upstream?.lastCheck,
  }
  return {
    name,
    url,
    state: upstream?.state ?? (lane.upstreams.length === 0 ? 'starting' : 'gone'),
    process: processes.stateOf(name),
    weight: upstream?.weight ?? 0,
    inFlight: upstream?.inFlight ?? 0,
    rate: tally.rate(name),
    answers: { ok: counts.ok, client: counts.client, server: counts.server },
    requests: counts.requests,
    redispatches: upstream?.redispatches ?? 0,
    holds: processes.isDead(name) ? losses.victims(name) : holders(lane, users, name),
    pinned: [...users].filter(([, user]) => user.pinned === name).map(([user]) => user),
    found: counts.found,
    missed: counts.missed,
    gone: losses.goneWith(name),
    slowMs: lane.slow.get(name) ?? 0,
    ...Object.fromEntries(Object.entries(defined).filter(([, value]) => value !== undefined)),
  }
}

/** The users whose session lives in this node's present process. */
function holders(lane: LaneSource, users: ReadonlyMap<string, UserState>, name: string): string[] {
  if (isShared(lane.host.mode)) return []
  return [...users]
    .filter(([, { home, counted }]) => !counted && home?.node === name && lane.processes.lives(home))
    .map(([user]) => user)
}

function redisView(lane: LaneSource): RedisView | undefined {
  if (!isShared(lane.host.mode)) return undefined
  const state = lane.host.stateOf('redis')
  const notes = lane.host.nodes().flatMap(({ name }) => lane.tally.node(name).store.slice(-20))
  const ms = notes.reduce((sum, { storeMs }) => sum + storeMs, 0) / notes.length
  return {
    state: state === 'frozen' ? 'frozen' : state === 'crashed' || state === 'stopped' ? 'down' : 'up',
    ...(lane.redisSessions === undefined ? {} : { sessions: lane.redisSessions }),
    ...(notes.length === 0 ? {} : { ms }),
  }
}
