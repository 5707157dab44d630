import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { isShared } from '@session-cluster/contract'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { LaneId } from '../../../wire/record.ts'
import { chosenUser, type Page, usePage } from '../model/page.ts'
import { steady } from '../model/steady.ts'
import { unheard } from './figures.tsx'
import { Lane } from './lane.tsx'
import { type LaneBox, type StageLayout, stageLayout } from './layout.ts'
import { type LanePicture, pictureOf } from './picture.ts'
import { Trips } from './trips.tsx'

/** The clusters as one wide picture, all on the same rows. */
export function Stage() {
  const page = usePage()
  const { t, place } = page
  const frame = useRef<HTMLElement>(null)
  const size = useSignal({ w: 0, h: 0 })
  useEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      const { offsetWidth: w, offsetHeight: h } = element
      if (w !== size.peek().w || h !== size.peek().h) size.value = { w, h }
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const shape = useMemo(() => steady(() => shapeOf(page)), [page]).value
  const { w, h } = size.value
  const layout = useMemo(
    () =>
      stageLayout(
        { w: Math.max(0, w - 2), h: Math.max(0, h - 2), present: place.present },
        shape.lanes,
        shape.users.length,
      ),
    [w, h, place.present, shape],
  )
  const user = useComputed(() => chosenUser(page)).value
  const names = useMemo(
    () => ({ ...Object.fromEntries(shape.lanes.map(({ id, names: nodes }) => [id, nodes])), users: shape.users }),
    [shape],
  )
  return (
    <main class="stage" id="stage" tabIndex={-1} ref={frame} aria-label={t('stage.title')}>
      {w > 0 && (
        <>
          {/* biome-ignore lint/a11y/useSemanticElements: a drawing with buttons in it; a fieldset cannot be drawn */}
          <svg
            width={layout.w}
            height={layout.h}
            viewBox={`0 0 ${layout.w} ${layout.h}`}
            role="group"
            aria-label={t('stage.title')}
          >
            <Hatches />
            <Gutter layout={layout} user={user} />
            {layout.lanes.map((box, at) => (
              <g key={box.lane}>
                {(at > 0 || layout.gutter > 0) && <path class="parting" d={parting(layout, at)} />}
                <LaneAt box={box} user={user} />
              </g>
            ))}
          </svg>
          <Trips layout={layout} names={names} />
        </>
      )}
    </main>
  )
}

/** Draws one lane again when its picture has changed, and only then. */
function LaneAt({ box, user }: { box: LaneBox; user: string | undefined }) {
  const page = usePage()
  const picture = useMemo(() => pictureSignal(page, box.lane), [page, box.lane]).value
  return picture ? <Lane box={box} picture={picture} user={user} /> : null
}

function pictureSignal(page: Page, id: LaneId): ReadonlySignal<LanePicture | undefined> {
  return steady(() => {
    const { state, shown } = page
    const lane = state.lanes.find((one) => one.id === id)
    return lane && pictureOf(lane, state, shown, { user: chosenUser(page), focus: page.tour.focus })
  })
}

interface Shape {
  readonly lanes: readonly {
    readonly id: LaneId
    readonly shared: boolean
    readonly nodes: number
    readonly names: readonly string[]
  }[]
  readonly users: readonly string[]
}

/** What the layout depends on. */
const shapeOf = ({ state }: Page): Shape => ({
  lanes: state.lanes.map(({ id, mode, nodes }) => ({
    id,
    shared: isShared(mode),
    nodes: nodes.length,
    names: nodes.map(({ name }) => name),
  })),
  users: state.users.map(({ name }) => name),
})

function parting({ gutter, kind, w, h, lanes }: StageLayout, at: number): string {
  if (kind === 'band') return `M0 ${(at * h) / lanes.length}H${w}`
  return `M${gutter + (at * (w - gutter)) / lanes.length} 16V${h - 16}`
}

/** The rows' names. */
function Gutter({ layout, user }: { layout: StageLayout; user: string | undefined }) {
  const { t } = usePage()
  const box = layout.lanes[0]
  if (layout.gutter === 0 || !box) return null
  const { balancer, shelf, nodes, browser } = box
  const rows: readonly (readonly [number, string])[] = [
    [box.floor - 24, t('rows.people')],
    [balancer ? balancer.y + balancer.h / 2 + 5 : 0, t('rows.balancer')],
    [nodes[0] ? (nodes[0].y + shelf.y) / 2 + 2 : 0, t('rows.servers')],
    [shelf.y + shelf.h / 2 + 5, t('rows.sessions')],
    [browser ? browser.y + 40 : 0, t('rows.browser', { user: user ?? '' })],
    [browser ? browser.y + 57 : 0, t('rows.browser.of')],
  ]
  return (
    <g class="rows" {...unheard}>
      {rows.map(([y, text]) =>
        y > 0 ? (
          <text key={text} x="16" y={y} font-size="13.5">
            {text}
          </text>
        ) : null,
      )}
    </g>
  )
}

function Hatches() {
  return (
    <defs>
      <pattern id="hatch" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="9" height="9" class="hatch-ground" />
        <rect width="3" height="9" class="hatch-line" />
      </pattern>
      <pattern id="hatch-ink" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="2.5" height="9" class="hatch-ink" />
      </pattern>
    </defs>
  )
}
