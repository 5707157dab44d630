import { isShared } from '@session-cluster/contract'
import type { RequestRecord } from '../../wire/record.ts'
import { along, type Curve, type NodeBox, nodeTop, wireTo, wireToRedis } from './geometry.ts'

/** One stretch of a dot's way. */
interface Leg {
  readonly curve: Curve
  readonly ms: number
}

/** A request on its way through the drawing. */
export interface Flight {
  readonly record: RequestRecord
  readonly legs: readonly Leg[]
  /** When it set out, in the drawing's clock. */
  readonly start: number
  readonly flyMs: number
}

/** Slower than the request really was, so that an eye can follow. */
const legMs = 420
const backMs = 240
/** How long the mark stays at the end. */
export const restMs = 650

const reversed = ([a, b, c, d]: Curve): Curve => [d, c, b, a]
const still = (x: number, y: number): Curve => [
  { x, y },
  { x, y },
  { x, y },
  { x, y },
]

/** Plans a request's way: down each wire that it really took, back up from a node that failed it, on to Redis if it went there. */
export function plan(
  record: RequestRecord,
  names: readonly string[],
  boxes: readonly NodeBox[],
  start: number,
): Flight {
  const boxOf = (name: string | undefined) => boxes[names.indexOf(name ?? '')]
  const legs: Leg[] = []
  const last = boxOf(record.node)
  if (record.direct) {
    if (last)
      legs.push({
        curve: [
          { x: last.x, y: 62 },
          { x: last.x, y: 80 },
          { x: last.x, y: 96 },
          { x: last.x, y: nodeTop },
        ],
        ms: legMs,
      })
  } else {
    const tried = record.hops.map(({ upstream }) => boxOf(upstream)).filter((box) => box !== undefined)
    for (const [index, box] of (tried.length > 0 ? tried : last ? [last] : []).entries()) {
      if (index > 0) legs.push({ curve: reversed(wireTo((tried[index - 1] as NodeBox).x)), ms: backMs })
      legs.push({ curve: wireTo(box.x), ms: legMs })
    }
  }
  if (last && isShared(record.lane) && (record.session?.storeRoundTrips ?? 0) > 0) {
    legs.push({ curve: still(last.x, nodeTop + 30), ms: 60 }, { curve: wireToRedis(last.x), ms: legMs * 0.7 })
  }
  if (legs.length === 0) legs.push({ curve: still(150, 60), ms: legMs })
  return { record, legs, start, flyMs: legs.reduce((sum, { ms }) => sum + ms, 0) }
}

/** The same flight for whoever wants nothing to move: at its end from the start. */
export function landed(flight: Flight): Flight {
  const end = along((flight.legs.at(-1) as Leg).curve, 1)
  return { ...flight, legs: [{ curve: still(end.x, end.y), ms: 0 }], flyMs: 0 }
}

/** Where a flight is now: on its way, at rest with its mark (fading from 1 to 0), or over (`undefined`). */
export function locate(flight: Flight, now: number): { x: number; y: number; rest: number | undefined } | undefined {
  let left = Math.max(0, now - flight.start)
  for (const { curve, ms } of flight.legs) {
    if (left < ms) return { ...along(curve, ease(Math.max(0, left / ms))), rest: undefined }
    left -= ms
  }
  if (left > restMs) return undefined
  return { ...along((flight.legs.at(-1) as Leg).curve, 1), rest: 1 - left / restMs }
}

const ease = (t: number): number => (t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2)
