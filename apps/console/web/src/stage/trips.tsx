import { useEffect, useRef } from 'preact/hooks'
import { pictures } from '../model/beat.ts'
import { usePage } from '../model/page.ts'
import { lookOf, outline } from '../model/people.ts'
import { pathOf, type StageLayout, wireTo } from './layout.ts'
import { locate, progress, type Trip } from './way.ts'

/** A tail is as long as the way of this time, ms: what is fast has a long one. */
const tailMs = 200
const radius = 11

/** The requests as tokens over the picture. Where they are many, a stream whose width is their rate. */
export function Trips({ layout, names }: { layout: StageLayout; names: Readonly<Record<string, readonly string[]>> }) {
  const { fleet, now: state } = usePage()
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = useRef({ layout, names })
  current.current = { layout, names }
  useEffect(() => {
    const element = canvas.current
    if (!element) return
    fleet.ground = (lane) => {
      const box = current.current.layout.lanes.find((one) => one.lane === lane)
      return box && { box, nodes: current.current.names[lane] ?? [], users: current.current.names.users ?? [] }
    }
    const draw = (now: number) => {
      const going = fleet.land(now)
      const moving = paint(element, fleet.trips, now, current.current, fleet)
      if (element.dataset.moving !== String(moving)) element.dataset.moving = String(moving)
      if (going) pictures.ask(draw)
    }
    fleet.onSend = () => {
      element.dataset.drawn = String(fleet.told)
      pictures.ask(draw)
    }
    return () => {
      fleet.ground = () => undefined
      fleet.onSend = () => undefined
      pictures.forget(draw)
      // Nobody waits for a trip that is not drawn any more.
      fleet.land(Number.POSITIVE_INFINITY)
    }
  }, [fleet, state.run])
  const ratio = Math.min(2, devicePixelRatio || 1)
  return <canvas ref={canvas} class="dots" width={Math.round(layout.w * ratio)} height={Math.round(layout.h * ratio)} />
}

function paint(
  canvas: HTMLCanvasElement,
  trips: readonly Trip[],
  now: number,
  { layout, names }: { layout: StageLayout; names: Readonly<Record<string, readonly string[]>> },
  { oneOf, rates }: { oneOf: { peek(): number }; rates: ReadonlyMap<string, number> },
): number {
  const context = canvas.getContext('2d')
  if (!context || layout.w === 0) return 0
  const scale = canvas.width / layout.w
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, layout.w, layout.h)
  if (oneOf.peek() > 1 && trips.length > 0) {
    context.strokeStyle = colour('--muted')
    context.globalAlpha = 0.35
    for (const box of layout.lanes)
      for (const [index, node] of box.nodes.entries()) {
        const rate = rates.get(`${box.lane}/${names[box.lane]?.[index] ?? ''}`) ?? 0
        if (rate === 0) continue
        context.lineWidth = Math.min(16, 2 + rate / 4)
        context.stroke(new Path2D(pathOf(wireTo(box, node))))
      }
    context.globalAlpha = 1
  }
  let moving = 0
  for (const trip of trips) {
    const done = progress(trip, now)
    if (done < 0 || done >= 1) continue
    moving++
    token(context, trip, done, names.users ?? [])
  }
  return moving
}

function token(context: CanvasRenderingContext2D, trip: Trip, done: number, users: readonly string[]): void {
  const { user, outcome } = trip.record
  const look = lookOf(users.indexOf(user ?? ''), user ?? '·')
  const fill = user === undefined ? colour('--muted') : colour(`--u${look.hue}`)
  const tail = Math.min(0.5, tailMs / trip.ms)
  context.beginPath()
  for (let step = 0; step <= 8; step++) {
    const { x, y } = locate(trip, done - tail * (1 - step / 8))
    if (step === 0) context.moveTo(x, y)
    else context.lineTo(x, y)
  }
  context.strokeStyle = fill
  context.lineWidth = 6
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.globalAlpha = 0.4
  context.stroke()
  context.globalAlpha = 1
  const { x, y } = locate(trip, done)
  context.save()
  context.translate(x, y)
  const shape = shapeOf(look.shape)
  const back = done > trip.turn
  // On its way back it carries what came of it as a rim.
  context.strokeStyle = back && ['found', 'miss', 'lost'].includes(outcome) ? colour(`--${outcome}`) : colour('--stage')
  context.lineWidth = back ? 5 : 3
  context.stroke(shape)
  context.fillStyle = fill
  context.fill(shape)
  context.fillStyle = colour('--on-u')
  context.font = '800 12px sans-serif'
  context.textAlign = 'center'
  context.fillText(look.initial, 0, 4.3)
  if (trip.capped) clock(context, done)
  context.restore()
}

/** A small clock: this one really took longer than it is shown to. */
function clock(context: CanvasRenderingContext2D, done: number): void {
  context.beginPath()
  context.arc(15, -13, 8, 0, 2 * Math.PI)
  context.fillStyle = colour('--stage')
  context.fill()
  context.strokeStyle = colour('--ink')
  context.lineWidth = 2
  context.stroke()
  context.beginPath()
  context.moveTo(15, -13)
  context.arc(15, -13, 6, -Math.PI / 2, -Math.PI / 2 + done * 2 * Math.PI)
  context.fillStyle = colour('--ink')
  context.fill()
}

const shapes = new Map<string, Path2D>()
function shapeOf(shape: Parameters<typeof outline>[0]): Path2D {
  let path = shapes.get(shape)
  if (!path) {
    path = new Path2D(outline(shape, radius))
    shapes.set(shape, path)
  }
  return path
}

let colours = new Map<string, string>()
let coloursOf: string | undefined

/** One of the page's colours in its present theme; asked of the browser once, because asking makes it lay out the page. */
function colour(name: string): string {
  const { theme } = document.documentElement.dataset
  if (theme !== coloursOf) {
    colours = new Map()
    coloursOf = theme
  }
  let value = colours.get(name)
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#667080'
    colours.set(name, value)
  }
  return value
}
