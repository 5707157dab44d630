import { useEffect, useRef } from 'preact/hooks'
import type { LaneId } from '../../wire/record.ts'
import { pictures } from './beat.ts'
import { type Flight, landed, locate, plan } from './flight.ts'
import { type NodeBox, width } from './geometry.ts'
import { usePage } from './page.ts'
import { lookOf, strangerLook } from './people.ts'
import { spriteOf, stamp } from './sprite.ts'
import { prefersStill } from './theme.ts'

/** The most dots in one lane at once; beyond it the oldest give way. The totals count every request. */
const mostDots = 90
/** The requests of one frame set out over this time, as they came, not all at once; ms. */
const spreadMs = 120

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
    let flights: Flight[] = []
    let drawn = 0
    const size = fitted(element)
    const draw = (now: number) => {
      flights = flights.filter((flight) => waits(flight, now) || locate(flight, now) !== undefined)
      const moving = paint(element, flights, now, current.current.users)
      if (element.dataset.moving !== String(moving)) element.dataset.moving = String(moving)
      if (flights.length > 0) pictures.ask(draw)
    }
    const leave = stream.onFrame(({ records, full }) => {
      if (full || document.hidden) return
      const { lane, names, boxes } = current.current
      const mine = records.filter((record) => record.lane === lane)
      if (mine.length === 0) return
      const now = performance.now()
      const still = prefersStill()
      mine.forEach((record, index) => {
        const flight = plan(record, names, boxes, still ? now : now + (index / mine.length) * spreadMs)
        flights.push(still ? landed(flight) : flight)
      })
      flights = flights.slice(-mostDots)
      drawn += mine.length
      element.dataset.drawn = String(drawn)
      pictures.ask(draw)
    })
    return () => {
      leave()
      size.disconnect()
      pictures.forget(draw)
    }
  }, [stream])
  return <canvas ref={canvas} class="dots" />
}

/** Keeps a canvas as sharp as its place on the screen; told by the browser, because asking makes it lay out the page. */
function fitted(canvas: HTMLCanvasElement): ResizeObserver {
  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return
    const ratio = Math.min(2, devicePixelRatio || 1)
    canvas.width = Math.round(entry.contentRect.width * ratio)
    canvas.height = Math.round(entry.contentRect.height * ratio)
  })
  observer.observe(canvas)
  return observer
}

/** Whether a flight has not set out yet. */
const waits = ({ start, flyMs }: Flight, now: number): boolean => flyMs > 0 && now < start

/** Draws all flights that are under way or at rest; answers how many move. */
function paint(canvas: HTMLCanvasElement, flights: readonly Flight[], now: number, users: readonly string[]): number {
  const context = canvas.getContext('2d')
  const scale = canvas.width / width
  let moving = 0
  context?.clearRect(0, 0, canvas.width, canvas.height)
  for (const flight of flights) {
    const place = waits(flight, now) ? undefined : locate(flight, now)
    if (!place) continue
    const { rest } = place
    if (rest === undefined) moving++
    if (!context || scale === 0) continue
    const { user, outcome } = flight.record
    const look = user === undefined ? strangerLook : lookOf(users.indexOf(user), user)
    context.globalAlpha = rest === undefined ? 1 : Math.min(1, rest * 2)
    stamp(context, spriteOf(look, rest === undefined ? undefined : outcome, scale), place, scale)
  }
  return moving
}
