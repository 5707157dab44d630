import type { LaneAction, NodeView, RedisView } from '../../../wire/frame.ts'

/** How a node stands, in the three ways that the page tells apart by colour: well, set aside on purpose, or not well. */
export type Health = 'well' | 'aside' | 'ill'

type Standing = Pick<NodeView, 'state' | 'process'>

/** One word for how a node stands: the process's word where it is dead or frozen, else the balancer's. */
export function standOf({ state, process }: Standing): string {
  return process === 'running' ? state : process
}

/** What the one switch of a shared Redis does, by how it stands: stops it, or brings it back. */
export const redisSwitch = {
  up: 'redis-stop',
  frozen: 'redis-thaw',
  down: 'redis-start',
} as const satisfies Readonly<Record<RedisView['state'], LaneAction>>

/** The health behind a node's word. A server that drains still answers, but it is on its way out: not `well`. */
export function healthOf(node: Standing): Health {
  const stand = standOf(node)
  if (stand === 'up') return 'well'
  return stand === 'draining' || stand === 'maintenance' || stand === 'leaving' ? 'aside' : 'ill'
}

/** A sign for each health: readable without its colour. */
export const healthSigns: Readonly<Record<Health, string>> = { well: '✓', aside: '◒', ill: '✗' }
