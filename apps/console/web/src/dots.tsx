import { useEffect, useRef } from 'preact/hooks'
import type { LaneId } from '../../wire/record.ts'
import { type Flight, landed, locate, plan, restMs } from './flight.ts'
import { height, type NodeBox, width } from './geometry.ts'
import { signs } from './mark.tsx'
import { usePage } from './page.ts'
import { lookOf, outline, strangerLook } from './people.ts'
import { prefersStill } from './theme.ts'

/** The most dots in one lane at once; beyond it the oldest give way. The totals count every request. */
const mostDots = 90

interface Props {
  readonly lane: LaneId
  readonly boxes: readonly NodeBox[]
  readonly names: readonly string[]
  readonly users: readonly string[]
}

/** The requests as dots over a lane's drawing: each one was really sent. Still for whoever wants nothing to move. */
export function Dots(props: Props) {
  const { stream } = usePage()
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = useRef(props)
  current.current = props
  useEffect(() => {
    const element = canvas.current
    if (!element) return undefined
    const flights: Flight[] = []
    let frame = 0
    let drawnAt = 0
    const draw = (now: number) => {
      // Thirty pictures a second are smooth enough for dots, and half the work of sixty.
      if (now - drawnAt < 25) {
        frame = requestAnimationFrame(draw)
        return
      }
      drawnAt = now
      for (let i = flights.length - 1; i >= 0; i--) if (!locate(flights[i] as Flight, now)) flights.splice(i, 1)
      paint(element, flights, now, current.current)
      element.dataset.dots = String(flights.length)
      element.dataset.moving = String(flights.filter((flight) => locate(flight, now)?.rest === undefined).length)
      frame = flights.length > 0 ? requestAnimationFrame(draw) : 0
    }
    const leave = stream.onFrame(({ records, full }) => {
      if (full || document.hidden) return
      const { lane, names, boxes } = current.current
      const now = performance.now()
      for (const record of records) {
        if (record.lane !== lane) continue
        const flight = plan(record, names, boxes, now)
        flights.push(prefersStill() ? landed(flight) : flight)
      }
      if (flights.length > mostDots) flights.splice(0, flights.length - mostDots)
      element.dataset.drawn = String(
        Number(element.dataset.drawn ?? 0) + records.filter((record) => record.lane === lane).length,
      )
      if (frame === 0 && flights.length > 0) frame = requestAnimationFrame(draw)
    })
    return () => {
      leave()
      cancelAnimationFrame(frame)
    }
  }, [stream])
  return <canvas ref={canvas} class="dots" data-rest={restMs} />
}

function paint(canvas: HTMLCanvasElement, flights: readonly Flight[], now: number, { users }: Props): void {
  const ratio = Math.min(2, devicePixelRatio || 1)
  const wide = Math.round(canvas.clientWidth * ratio)
  const high = Math.round(canvas.clientHeight * ratio)
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high })
  const context = canvas.getContext('2d')
  if (!context || wide === 0) return
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.clearRect(0, 0, wide, high)
  context.setTransform(wide / width, 0, 0, high / height, 0, 0)
  context.textAlign = 'center'
  for (const flight of flights) paintOne(context, flight, now, users)
}

const colours = new Map<string, string>()

/** One of the page's colours in its present theme; asked of the browser once, because asking makes it lay out the page. */
function colour(name: string): string {
  const { theme = '' } = document.documentElement.dataset
  const key = `${theme} ${name}`
  let value = colours.get(key)
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || '#667080'
    colours.set(key, value)
  }
  return value
}

const paths = new Map<string, Path2D>()

function shapePath(shape: Parameters<typeof outline>[0]): Path2D {
  let path = paths.get(shape)
  if (!path) {
    path = new Path2D(outline(shape, 7))
    paths.set(shape, path)
  }
  return path
}

function paintOne(context: CanvasRenderingContext2D, flight: Flight, now: number, users: readonly string[]): void {
  const place = locate(flight, now)
  if (!place) return
  const { user, outcome } = flight.record
  const look = user === undefined ? strangerLook : lookOf(users.indexOf(user), user)
  context.save()
  context.translate(place.x, place.y)
  if (place.rest !== undefined) context.globalAlpha = Math.min(1, place.rest * 2)
  context.fillStyle = look.fill
  context.fill(shapePath(look.shape))
  context.fillStyle = look.ink
  context.font = '700 7px system-ui, sans-serif'
  context.fillText(look.initial, 0, 2.6)
  if (place.rest !== undefined) {
    context.translate(9, -8)
    context.fillStyle = colour(outcome)
    context.beginPath()
    context.arc(0, 0, 6.5, 0, 2 * Math.PI)
    context.fill()
    context.fillStyle = colour('panel')
    context.font = '700 9px system-ui, sans-serif'
    context.fillText(signs[outcome], 0, 3.2)
  }
  context.restore()
}
