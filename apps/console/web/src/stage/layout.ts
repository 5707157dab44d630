import type { LaneId } from '../../../wire/record.ts'

/** A place in the picture, in CSS pixels from its upper left corner. */
export interface Point {
  readonly x: number
  readonly y: number
}

export interface Box extends Point {
  readonly w: number
  readonly h: number
}

/** How much of the picture there is room for: all rows, without the browser's, in large letters, or one band for each lane. */
export type Kind = 'full' | 'tight' | 'present' | 'band'

/** Sizes of letters and figures, and how far down each row begins; a drawing of `base` height has them as they are. */
const kinds = {
  full: {
    base: 634,
    title: 26,
    note: 15,
    count: 36,
    unit: 15,
    head: 40,
    sub: 64,
    floor: 154,
    person: 62,
    balancer: [202, 238],
    pill: 16,
    servers: [292, 362],
    name: 28,
    port: 15,
    shelf: [374, 466],
    basket: 35,
    label: 15,
    browser: 488,
    answer: 17,
  },
  tight: {
    base: 322,
    title: 22,
    note: 14,
    count: 28,
    unit: 14,
    head: 34,
    sub: 54,
    floor: 112,
    person: 44,
    balancer: [142, 168],
    pill: 14,
    servers: [190, 238],
    name: 22,
    port: 14,
    shelf: [250, 312],
    basket: 28,
    label: 14,
    browser: 0,
    answer: 0,
  },
  present: {
    base: 548,
    title: 32,
    note: 0,
    count: 49,
    unit: 21,
    head: 46,
    sub: 76,
    floor: 158,
    person: 64,
    balancer: [204, 242],
    pill: 20,
    servers: [282, 336],
    name: 32,
    port: 19,
    shelf: [350, 432],
    basket: 37,
    label: 20,
    browser: 446,
    answer: 30,
  },
  band: {
    base: 176,
    title: 19,
    note: 0,
    count: 15.5,
    unit: 15.5,
    head: 26,
    sub: 0,
    floor: 70,
    person: 36,
    balancer: [0, 0],
    pill: 0,
    servers: [94, 124],
    name: 17,
    port: 13,
    shelf: [124, 168],
    basket: 27,
    label: 13,
    browser: 0,
    answer: 0,
  },
} as const

export type Sizes = Readonly<{
  title: number
  note: number
  count: number
  unit: number
  pill: number
  name: number
  port: number
  label: number
  answer: number
}>

/** Where everything of one lane is. */
export interface LaneBox extends Box {
  readonly lane: LaneId
  readonly kind: Kind
  readonly sizes: Sizes
  /** The middle. */
  readonly cx: number
  /** Baselines of the head's two lines; `sub` 0: there is only one. */
  readonly head: number
  readonly sub: number
  readonly floor: number
  readonly person: number
  /** One for each user, where they stand. */
  readonly people: readonly number[]
  readonly balancer: Box | undefined
  /** One for each node: the whole box, and the shelf in it, where nodes keep sessions themselves. */
  readonly nodes: readonly Box[]
  readonly shelf: Box
  readonly basket: number
  readonly browser: Box | undefined
  /** Too low for servers: only the head and the people. */
  readonly low: boolean
}

export interface StageLayout {
  readonly w: number
  readonly h: number
  readonly kind: Kind
  /** Room for the rows' names on the left; 0: they have none. */
  readonly gutter: number
  readonly lanes: readonly LaneBox[]
}

export interface LaneShape {
  readonly id: LaneId
  /** Its sessions are kept in one place that all its nodes share. */
  readonly shared: boolean
  readonly nodes: number
}

/** Narrower than this, one lane is drawn under another. */
export const narrow = 820
const gutterFrom = 1180

/** Lays the lanes out in a picture of this size: side by side on the same rows, or as bands where it is narrow. */
export function stageLayout(
  size: { readonly w: number; readonly h: number; readonly present: boolean },
  lanes: readonly LaneShape[],
  users: number,
): StageLayout {
  const { w, h } = size
  const kind: Kind = w < narrow ? 'band' : size.present && h >= 400 ? 'present' : h >= 500 ? 'full' : 'tight'
  const gutter = (kind === 'full' || kind === 'tight') && w >= gutterFrom ? 86 : 0
  const count = Math.max(1, lanes.length)
  const boxes = lanes.map((lane, at): LaneBox => {
    if (kind === 'band') return laneBox(kind, lane, { x: 0, y: (at * h) / count, w, h: h / count }, 12, users)
    const width = (w - gutter) / count
    return laneBox(kind, lane, { x: gutter + at * width, y: 0, w: width, h }, 16, users)
  })
  return { w, h, kind, gutter, lanes: boxes }
}

function laneBox(kind: Kind, lane: LaneShape, box: Box, padding: number, users: number): LaneBox {
  const P = kinds[kind]
  const k = box.h / P.base
  const y = (row: number) => box.y + row * k
  // One lane alone gets no longer than it can be read.
  const w = Math.min(box.w - 2 * padding, kind === 'band' ? 900 : 1100)
  const x = box.x + (box.w - w) / 2
  const low = kind === 'band' && box.h < 120
  const shelfTop = y(P.shelf[0])
  const shelf = { x, y: shelfTop, w, h: y(P.shelf[1]) - shelfTop }
  const gap = lane.nodes > 6 ? 4 : lane.nodes > 4 ? 7 : kind === 'band' ? 8 : 12
  const nodeWidth = (w - gap * Math.max(0, lane.nodes - 1)) / Math.max(1, lane.nodes)
  const top = y(P.servers[0])
  const bottom = lane.shared ? y(P.servers[1]) : shelf.y + shelf.h
  const step = w / Math.max(1, users)
  const pillWidth = Math.min(w, P.pill * 17)
  const browser = P.browser === 0 ? undefined : { x, y: y(P.browser), w, h: box.y + box.h - 12 - y(P.browser) }
  return {
    ...box,
    x,
    w,
    lane: lane.id,
    kind,
    sizes: P,
    cx: x + w / 2,
    head: low ? box.y + Math.min(26, box.h * 0.4) : box.y + P.head,
    sub: P.sub === 0 ? 0 : box.y + P.sub,
    floor: low ? box.y + box.h - 12 : y(P.floor),
    person: Math.min(
      P.person * Math.min(1.25, Math.max(0.8, k)),
      step * 1.46,
      low ? box.h * 0.45 : Number.POSITIVE_INFINITY,
    ),
    people: Array.from({ length: users }, (_, at) => x + step * (at + 0.5)),
    balancer:
      P.pill === 0
        ? undefined
        : {
            x: x + (w - pillWidth) / 2,
            y: y(P.balancer[0]),
            w: pillWidth,
            h: Math.min(44, y(P.balancer[1]) - y(P.balancer[0])),
          },
    nodes: Array.from({ length: lane.nodes }, (_, at) => ({
      x: x + at * (nodeWidth + gap),
      y: top,
      w: Math.max(2, nodeWidth),
      h: bottom - top,
    })),
    shelf,
    basket: Math.min(P.basket * Math.min(1.2, Math.max(0.85, k)), shelf.h * 0.5),
    browser,
    low,
  }
}

/** A cubic curve by its four points. */
export type Curve = readonly [Point, Point, Point, Point]

/** The middle of a node's upper edge. */
export const topOf = ({ x, y, w }: Box): Point => ({ x: x + w / 2, y })

/** From the balancer, or where there is none from the floor, down to a node. */
export function wireTo(lane: Pick<LaneBox, 'balancer' | 'cx' | 'floor'>, node: Box): Curve {
  const from = lane.balancer ? { x: lane.cx, y: lane.balancer.y + lane.balancer.h } : { x: lane.cx, y: lane.floor }
  const to = topOf(node)
  const middle = (from.y + to.y) / 2
  return [from, { x: from.x, y: middle + 8 }, { x: to.x, y: middle - 8 }, to]
}

/** A straight way as a curve. */
export const straight = (from: Point, to: Point): Curve => [
  from,
  { x: from.x + (to.x - from.x) / 3, y: from.y + (to.y - from.y) / 3 },
  { x: from.x + ((to.x - from.x) * 2) / 3, y: from.y + ((to.y - from.y) * 2) / 3 },
  to,
]

export const reversed = ([a, b, c, d]: Curve): Curve => [d, c, b, a]

export const pathOf = ([a, b, c, d]: Curve): string => `M${a.x} ${a.y}C${b.x} ${b.y} ${c.x} ${c.y} ${d.x} ${d.y}`

/** The point of a curve at t from 0 to 1. */
export function along([a, b, c, d]: Curve, t: number): Point {
  const u = 1 - t
  const mix = (k: 'x' | 'y') => u ** 3 * a[k] + 3 * u * u * t * b[k] + 3 * u * t * t * c[k] + t ** 3 * d[k]
  return { x: mix('x'), y: mix('y') }
}

/** About how wide a text is; Korean letters are as wide as they are high. A little too much rather than too little. */
export function textWidth(text: string, size: number, mono = false): number {
  let ems = 0
  for (const char of text) ems += char > '\u1100' ? 0.95 : mono ? 0.61 : char === ' ' ? 0.29 : 0.56
  return ems * size
}
