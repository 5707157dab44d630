import { usePage } from '../model/page.ts'
import { Coin, Target, Token, unheard } from './figures.tsx'
import type { LaneBox } from './layout.ts'
import type { LanePicture, PersonPicture } from './picture.ts'

/** The people of a lane on their floor. Whoever is logged out falls through it. The arrow keys go from one to the next. */
export function People({ box, picture }: { box: LaneBox; picture: LanePicture }) {
  const { t, go, place } = usePage()
  const inert = box.kind === 'band'
  const { person: height, floor, people: xs } = box
  const gap = height * 0.44
  const holes = picture.people.filter(({ fallen }) => fallen).map(({ index }) => xs[index] ?? 0)
  let path = ''
  let from = box.x
  for (const x of holes) {
    path += `M${from} ${floor}H${x - gap}`
    from = x + gap
  }
  path += `M${from} ${floor}H${box.x + box.w}`
  const chosen = Math.max(
    0,
    picture.people.findIndex((person) => person.chosen),
  )
  const show = (name: string) => go({ user: name, lane: picture.id, drawer: place.drawer ?? 'why' })
  const walk = (event: KeyboardEvent, at: number): boolean => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined) return false
    const next = picture.people[(at + by + picture.people.length) % picture.people.length]
    const row = (event.currentTarget as Element).closest('.people')
    if (next) go({ user: next.name, lane: picture.id })
    row?.querySelector<SVGElement>(`[data-person="${next?.name}"] .reach`)?.focus()
    return true
  }
  return (
    <g class="people" data-floor={picture.id}>
      <path class="floor" d={path} />
      {picture.people.map((person, at) => (
        <g
          key={person.name}
          class={`person ${person.fallen ? 'fallen' : ''} ${person.dim ? 'dim' : ''} ${person.chosen ? 'chosen' : ''}`}
          data-person={person.name}
          data-outcome={person.outcome ?? 'nothing'}
          data-fallen={person.fallen}
        >
          <Person person={person} x={xs[at] ?? 0} y={floor - 1} height={height} />
          {!inert && (
            <Target
              box={reachOf(xs[at] ?? 0, floor - 1, height, box.w / Math.max(1, xs.length))}
              rx={6}
              tab={at === chosen ? 0 : -1}
              label={t('users.mark', {
                user: person.name,
                lane: t(`mode.${picture.id}`),
                outcome: t(person.outcome ? `outcome.${person.outcome}` : 'outcome.nothing'),
              })}
              act={() => show(person.name)}
              onKey={(event) => walk(event, at)}
            />
          )}
        </g>
      ))}
    </g>
  )
}

/** The whole person, coin and all. */
const reachOf = (x: number, y: number, height: number, step: number) => ({
  x: x - Math.max(12, step / 2 - 1),
  y: y - height * 1.02,
  w: Math.max(24, step - 2),
  h: height * 1.5,
})

function Person({ person, x, y, height }: { person: PersonPicture; x: number; y: number; height: number }) {
  const { name, index, outcome, fallen } = person
  const head = height * 0.29
  const w = height * 0.31
  const body = `M${-w} 0v${-height * 0.14}q0 ${-height * 0.28} ${w} ${-height * 0.28}t${w} ${height * 0.28}v${height * 0.14}z`
  return (
    <g class="figure" {...unheard} transform={`translate(${x} ${y})`}>
      <g
        class="stands"
        style={fallen ? { transform: `translateY(${height * 0.44}px) rotate(${index % 2 ? 12 : -12}deg)` } : undefined}
      >
        <path class={`torso h${index % 3}`} d={body} />
        <Token index={index} name={name} x={0} y={-height * 0.62} r={head} />
        {fallen && <Coin outcome="lost" x={0} y={-height * 0.13} r={height * 0.16} />}
      </g>
      {!fallen && outcome && <Coin outcome={outcome} x={0} y={height * 0.2} r={height * 0.165} />}
    </g>
  )
}
