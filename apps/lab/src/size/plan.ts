import type { Measured } from './measured.ts'

/** What is to be served. */
export interface Demand {
  /** Sessions that live at the same time. */
  readonly users: number
  readonly requestsPerSecond: number
  /** What the application keeps in a session. */
  readonly sessionBytes: number
  /** The share of requests that change their session, 0 to 1. */
  readonly writeShare: number
  /** CPU time of the application itself for one request, µs. */
  readonly appUs: number
  /** What a request and its answer weigh, in bytes, headers and all. */
  readonly requestBytes: number
}

/** What one machine, or process, may be asked for. The plan keeps away from each bound by `headroom`. */
export interface Limits {
  /** How much of a bound is planned with, 0 to 1. */
  readonly headroom: number
  /** Memory of one Redis primary for sessions. */
  readonly redisBytes: number
  /** What one network card carries in a second. */
  readonly netBytesPerSecond: number
}

export const defaultLimits: Limits = { headroom: 0.6, redisBytes: 24 * 2 ** 30, netBytesPerSecond: 10e9 / 8 }

/** How busy each part is, in its own unit. */
export interface Load {
  /** Cores of servers. */
  readonly serverCores: number
  readonly balancerCores: number
  readonly redisCores: number
  readonly redisBytes: number
  readonly redisNetBytes: number
  readonly frontNetBytes: number
  readonly redisCommands: number
  readonly redisRoundTrips: number
}

export interface Plan {
  readonly load: Load
  /** Processes, each on a core of its own, with one to lose. */
  readonly servers: number
  readonly balancers: number
  /** Primaries, each with a replica to take over; what decides their number. */
  readonly primaries: number
  readonly primariesBy: Part
  /** What one primary holds, and what its machine needs, with room for the copy that saving makes. */
  readonly primaryBytes: number
}

type Part = 'CPU' | 'memory' | 'network'

/** Computes the load. One request is one visit: it reads its session, and a share of them changes it. */
export function loadOf(demand: Demand, measured: Measured): Load {
  const { users, requestsPerSecond: rate, sessionBytes, writeShare, appUs, requestBytes } = demand
  const mixed = ({ read, write }: { read: number; write: number }) => read * (1 - writeShare) + write * writeShare
  const cores = (us: number) => (rate * us) / 1e6
  return {
    serverCores: cores(mixed(measured.serverUs) + appUs),
    balancerCores: cores(measured.balancerUs),
    redisCores: cores(mixed(measured.redisUs)),
    redisBytes: users * (measured.sessionBytes.base + measured.sessionBytes.perByte * sessionBytes),
    redisNetBytes: rate * (mixed(measured.redisNetBytes) + sessionBytes * (1 + writeShare)),
    frontNetBytes: rate * requestBytes,
    redisCommands: rate * mixed(measured.commands),
    redisRoundTrips: rate * mixed(measured.roundTrips),
  }
}

/** Turns it into machines. Whatever one part needs, one more stands beside it, so that one may be lost at the busiest hour. */
export function planOf(demand: Demand, measured: Measured, limits: Limits = defaultLimits): Plan {
  const load = loadOf(demand, measured)
  const parts: Record<Part, number> = {
    CPU: load.redisCores / limits.headroom,
    memory: load.redisBytes / (limits.redisBytes * limits.headroom),
    network: load.redisNetBytes / (limits.netBytesPerSecond * limits.headroom),
  }
  const [primariesBy, most] = Object.entries(parts).reduce((one, other) => (other[1] > one[1] ? other : one))
  const primaries = Math.max(1, Math.ceil(most))
  return {
    load,
    servers: Math.ceil(load.serverCores / limits.headroom) + 1,
    balancers:
      Math.ceil(Math.max(load.balancerCores, load.frontNetBytes / limits.netBytesPerSecond) / limits.headroom) + 1,
    // A Redis Cluster has at least three primaries: its majority is theirs.
    primaries: primaries === 1 ? 1 : Math.max(3, primaries),
    primariesBy: primariesBy as Part,
    primaryBytes: load.redisBytes / primaries,
  }
}

/** What a single one of each part can carry, as a multiple of this demand: the first to be less than 1 runs out first. */
export function runsOutAt(demand: Demand, measured: Measured, limits: Limits = defaultLimits) {
  const { load } = planOf(demand, measured, limits)
  const reach = [
    ['one server process', limits.headroom / load.serverCores],
    ['one balancer process', limits.headroom / load.balancerCores],
    ['one Redis: its only core', limits.headroom / load.redisCores],
    ['one Redis: memory', (limits.redisBytes * limits.headroom) / load.redisBytes],
    ['one Redis: network', (limits.netBytesPerSecond * limits.headroom) / load.redisNetBytes],
    ['one balancer: network', (limits.netBytesPerSecond * limits.headroom) / load.frontNetBytes],
  ] as const
  return reach.map(([what, times]) => ({ what, times })).toSorted((one, other) => one.times - other.times)
}
