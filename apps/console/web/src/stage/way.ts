import { isShared } from '@session-cluster/contract'
import type { RequestRecord } from '../../../wire/record.ts'
import { along, type Box, type Curve, type LaneBox, type Point, reversed, straight, topOf, wireTo } from './layout.ts'

/** One stretch of a request's way, and the part of the trip's time that it takes. */
interface Leg {
  readonly curve: Curve
  readonly part: number
}

/** A request on its way through the picture: there, and back to its user with what came of it. */
export interface Trip {
  readonly record: RequestRecord
  readonly legs: readonly Leg[]
  /** Where the way back begins: from there on its outcome shows. */
  readonly turn: number
  /** When it set out, in the picture's clock. */
  readonly start: number
  readonly ms: number
  /** It really took longer than it is shown to: a clock stands on it. */
  readonly capped: boolean
}

/** A trip is shown this many times slower than the request was, so that an eye can follow and 4 ms differ from 300. */
export const slower = 60
export const leastMs = 240
export const mostMs = 4000

/** Where the lane is drawn, with the names of its nodes in the order in which they are drawn. */
export interface Ground {
  readonly box: LaneBox
  readonly nodes: readonly string[]
  readonly users: readonly string[]
}

/** Plans a request's way: along each wire that it really took, back from a node that failed it, down to the shelf if it asked there. */
export function plan(record: RequestRecord, { box, nodes, users }: Ground, start: number): Trip {
  const at = users.indexOf(record.user ?? '')
  const home: Point = { x: at < 0 ? box.cx : (box.people[at] ?? box.cx), y: box.floor }
  const gate: Point = box.balancer ? { x: box.cx, y: box.balancer.y + box.balancer.h / 2 } : { x: box.cx, y: box.floor }
  const boxOf = (name: string | undefined) => box.nodes[nodes.indexOf(name ?? '')]
  const last = boxOf(record.node)
  const there: Curve[] = []
  let back: Curve[] = []
  if (record.direct) {
    if (last) there.push(...around(home, last, box))
    back = there.map(reversed).toReversed()
  } else {
    there.push(straight(home, gate))
    const lost = movedFrom(record)
    const dead = lost === record.node ? undefined : boxOf(lost)
    if (dead) {
      // The wire to where the user belongs is cut: the request turns back where it ends.
      const wire = wireTo(box, dead)
      const stub = straight(wire[0], along(wire, 0.35))
      there.push(stub, reversed(stub))
    }
    const tried = record.hops.map(({ upstream }) => boxOf(upstream)).filter((one) => one !== undefined)
    for (const [index, one] of (tried.length > 0 ? tried : last ? [last] : []).entries()) {
      const before = tried[index - 1]
      if (index > 0 && before) there.push(reversed(wireTo(box, before)))
      there.push(wireTo(box, one))
    }
    if (last) back = [reversed(wireTo(box, last)), straight(gate, home)]
    else back = [straight(gate, home)]
  }
  if (last && isShared(record.lane) && (record.session?.storeRoundTrips ?? 0) > 0) {
    const down = straight(
      { x: last.x + last.w / 2, y: last.y },
      { x: last.x + last.w / 2, y: box.shelf.y + box.shelf.h / 2 },
    )
    there.push(down)
    back.unshift(reversed(down))
  }
  if (there.length === 0) there.push(straight(home, gate))
  const legs = [...there, ...back]
  const length = legs.reduce((sum, curve) => sum + lengthOf(curve), 0) || 1
  const parts = legs.map((curve) => ({ curve, part: lengthOf(curve) / length }))
  const real = record.ms * slower
  return {
    record,
    legs: parts,
    turn: parts.slice(0, there.length).reduce((sum, { part }) => sum + part, 0),
    start,
    ms: Math.min(mostMs, Math.max(leastMs, real)),
    capped: real > mostMs,
  }
}

/** The way past the balancer: round that end of it which is nearer to where it comes from. */
function around(home: Point, node: Box, { balancer, cx }: LaneBox): Curve[] {
  if (!balancer) return [straight(home, topOf(node))]
  const x = home.x <= cx ? Math.min(home.x, balancer.x - 14) : Math.max(home.x, balancer.x + balancer.w + 14)
  const above = { x, y: balancer.y - 10 }
  const below = { x, y: balancer.y + balancer.h + 10 }
  return [straight(home, above), straight(above, below), straight(below, topOf(node))]
}

/** The node that the user's affinity cookie names, when it could not be reached. */
function movedFrom({ why }: RequestRecord): string | undefined {
  const pinned = why.find(({ key }) => key === 'affinity.pinned')?.values?.node
  return typeof pinned === 'string' && why.some(({ key }) => key.startsWith('state.')) ? pinned : undefined
}

/** About how long a curve is. */
function lengthOf(curve: Curve): number {
  const [a, , , d] = curve
  const middle = along(curve, 0.5)
  return Math.hypot(middle.x - a.x, middle.y - a.y) + Math.hypot(d.x - middle.x, d.y - middle.y)
}

/** How far a trip is at this moment: below 0 it has not set out, from 1 on it is over. */
export const progress = ({ start, ms }: Trip, now: number): number => (now - start) / ms

/** Where a trip is when this part of it is done. */
export function locate({ legs }: Trip, done: number): Point {
  let left = Math.min(1, Math.max(0, done))
  for (const { curve, part } of legs) {
    if (left <= part && part > 0) return along(curve, left / part)
    left -= part
  }
  return along((legs.at(-1) as Leg).curve, 1)
}
