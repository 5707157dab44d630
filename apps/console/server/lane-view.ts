import type { LaneView, NodeView, RedisView } from '../wire/frame.ts'
import type { Lane } from './lane.ts'
import type { Standing } from './standing.ts'
import { jain, maxOverMean } from './tally.ts'

/** Everything that the page shows of a lane, gathered at this moment. */
export function laneView(lane: Lane, standings: ReadonlyMap<string, Standing>): LaneView {
  const { host, tally } = lane
  const nodes = host.nodes().map(({ name, url }) => nodeView(lane, standings, name, url))
  const share = tally.share()
  const loads = nodes
    .filter(({ requests, state }) => state !== 'gone' && (requests > 0 || state === 'up'))
    .map(({ name }) => share[name] ?? 0)
  const redis = redisView(lane)
  const evenness = { maxOverMean: maxOverMean(loads), jain: jain(loads) }
  return {
    id: lane.id,
    mode: host.mode,
    state: 'ready',
    on: lane.on,
    attached: host.attached,
    url: host.publicUrl,
    policy: host.mode === 'sticky' ? 'sticky' : 'plain',
    totals: { ...tally.totals },
    share,
    ...(evenness.maxOverMean === undefined ? {} : { maxOverMean: evenness.maxOverMean }),
    ...(evenness.jain === undefined ? {} : { jain: evenness.jain }),
    nodes,
    ...(redis && { redis }),
    ...(host.codec === undefined ? {} : { codec: host.codec }),
    disabled: host.disabled(),
    ...(lane.busy === undefined ? {} : { busy: lane.busy }),
  }
}

function nodeView(lane: Lane, standings: ReadonlyMap<string, Standing>, name: string, url: string): NodeView {
  const { tally, processes } = lane
  const counts = tally.node(name)
  const upstream = lane.upstreams.find((candidate) => candidate.name === name)
  const facts = lane.facts.get(name)
  const commands = counts.store.reduce((sum, { storeCommands }) => sum + storeCommands, 0)
  const defined = {
    p50: tally.percentile(name, 0.5),
    p95: tally.percentile(name, 0.95),
    p99: tally.percentile(name, 0.99),
    held: lane.host.mode === 'clustered' ? undefined : facts?.sessionsHeld,
    storeCommandsPerRequest: counts.store.length === 0 ? undefined : commands / counts.store.length,
    heapBytes: facts?.heapBytes,
    uptimeMs: facts?.uptimeMs,
    lastCheck: upstream?.lastCheck,
  }
  return {
    name,
    url,
    state: upstream?.state ?? 'gone',
    process: processes.stateOf(name),
    weight: upstream?.weight ?? 0,
    inFlight: upstream?.inFlight ?? 0,
    rate: tally.rate(name),
    answers: { ok: counts.ok, client: counts.client, server: counts.server },
    requests: counts.requests,
    redispatches: upstream?.redispatches ?? 0,
    holds: holders(lane, standings, name),
    pinned: [...standings].filter(([, user]) => user.pinned === name).map(([user]) => user),
    found: counts.found,
    missed: counts.missed,
    lost: counts.lost,
    slowMs: lane.slow.get(name) ?? 0,
    ...Object.fromEntries(Object.entries(defined).filter(([, value]) => value !== undefined)),
  }
}

/** The users whose session was begun in this node's present process, or in the one that just died there. */
function holders(lane: Lane, standings: ReadonlyMap<string, Standing>, name: string): string[] {
  if (lane.host.mode === 'clustered') return []
  const incarnation = lane.processes.incarnation(name)
  return [...standings]
    .filter(([, { home }]) => home?.node === name && home.incarnation === incarnation)
    .map(([user]) => user)
}

function redisView(lane: Lane): RedisView | undefined {
  if (lane.host.mode !== 'clustered') return undefined
  const state = lane.host.stateOf('redis')
  const notes = lane.host.nodes().flatMap(({ name }) => lane.tally.node(name).store.slice(-20))
  const ms = notes.reduce((sum, { storeMs }) => sum + storeMs, 0) / notes.length
  return {
    state: state === 'frozen' ? 'frozen' : state === 'crashed' || state === 'stopped' ? 'down' : 'up',
    ...(lane.redisSessions === undefined ? {} : { sessions: lane.redisSessions }),
    ...(notes.length === 0 ? {} : { ms }),
  }
}
