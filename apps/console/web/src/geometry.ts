/** Where things are in a lane's drawing, in its own units: 300 wide, whatever the screen. */
export const width = 300

/** The balancer's box. */
export const balancer = { x: 70, y: 2, width: 160, height: 48 }
export const nodeTop = 112

/** One node's box. */
export interface NodeBox {
  /** The middle. */
  readonly x: number
  readonly width: number
  readonly height: number
  /** Too little room for the name and the state side by side. */
  readonly thin: boolean
  /** How far what stands in it keeps from its sides. */
  readonly inset: number
  /** The width of its bar. */
  readonly bar: number
  /** Tokens that fit side by side, and their radius. */
  readonly perRow: number
  readonly radius: number
}

/** The nodes' boxes, side by side. */
export function nodeBoxes(count: number, shared: boolean): NodeBox[] {
  const pitch = width / Math.max(3, count)
  const box = Math.min(90, pitch - Math.min(8, pitch / 3))
  const thin = box < 40
  const inset = thin ? 4 : 10
  const radius = Math.max(2, Math.min(box >= 84 ? 11 : 9, box / 2 - 2))
  return Array.from({ length: count }, (_, index) => ({
    x: (width - pitch * count) / 2 + pitch * (index + 0.5),
    width: box,
    height: shared ? 72 : 188,
    thin,
    inset,
    bar: Math.max(0, box - 2 * inset),
    perRow: Math.max(1, Math.floor((box - 8) / (radius * 2 + 2))),
    radius,
  }))
}

/** The drawing's height: one for all lanes, so that they stand side by side level. */
export const height = 302
export const redisTop = 228

interface Point {
  readonly x: number
  readonly y: number
}

/** A cubic curve by its four points. */
export type Curve = readonly [Point, Point, Point, Point]

/** From the balancer down to a node. */
export const wireTo = (x: number): Curve => [
  { x: 150, y: 50 },
  { x: 150, y: 86 },
  { x, y: 76 },
  { x, y: nodeTop },
]

/** From a node down to Redis. */
export const wireToRedis = (x: number): Curve => [
  { x, y: nodeTop + 72 },
  { x, y: 214 },
  { x: 150, y: 200 },
  { x: 150, y: redisTop },
]

export const pathOf = ([a, b, c, d]: Curve): string => `M${a.x} ${a.y}C${b.x} ${b.y} ${c.x} ${c.y} ${d.x} ${d.y}`

/** The point of a curve at t from 0 to 1. */
export function along([a, b, c, d]: Curve, t: number): Point {
  const u = 1 - t
  const mix = (k: 'x' | 'y') => u ** 3 * a[k] + 3 * u * u * t * b[k] + 3 * u * t * t * c[k] + t ** 3 * d[k]
  return { x: mix('x'), y: mix('y') }
}
