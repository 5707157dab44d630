import { signs } from '../../../wire/marks.ts'
import { usePage } from '../model/page.ts'
import { Browser } from './browser.tsx'
import { type LaneBox, textWidth } from './layout.ts'
import { People } from './people.tsx'
import type { LanePicture } from './picture.ts'
import { Servers } from './servers.tsx'

/** One lane of the picture: read down, it is cause and effect. */
export function Lane({ box, picture, user }: { box: LaneBox; picture: LanePicture; user: string | undefined }) {
  const { t } = usePage()
  const name = t(`mode.${picture.id}`)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a part of a drawing
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it is not interactive, only grouped
    <g
      class={`lane ${picture.on ? '' : 'off'}`}
      role="group"
      aria-label={twin(picture, t)}
      data-lane={picture.id}
      data-lane-state={picture.state}
      data-lane-gone={picture.gone}
      data-lane-unreadable={picture.unreadable}
      data-fallen-count={picture.people.filter(({ fallen }) => fallen).length}
    >
      <Head box={box} picture={picture} name={name} />
      {picture.state === 'ready' ? (
        <>
          <People box={box} picture={picture} />
          {!box.low && <Servers box={box} picture={picture} />}
          {user !== undefined && <Browser box={box} picture={picture} user={user} />}
        </>
      ) : (
        <Absent box={box} picture={picture} />
      )}
    </g>
  )
}

/** The lane's name and the one number that matters now. In the tour it is what the step is about. */
function Head({ box, picture, name }: { box: LaneBox; picture: LanePicture; name: string }) {
  const { t, tour } = usePage()
  const { x, w, head, sub, sizes } = box
  const { verdict, state } = picture
  const told = tour.happened(picture.id)
  const right = x + w
  const note = picture.on ? t(`mode.${picture.id}.where`) : t('lane.off')
  if (state !== 'ready') return <Title x={x} y={head} size={sizes.title} text={name} />
  const mark = told ? told.mark : verdict.mark
  const big = told ? told.text : t('verdict.count', { n: verdict.n, all: verdict.all })
  const small = told ? (told.note ?? '') : t(`verdict.${verdict.says}`)
  const sign = mark ? `${signs[mark]} ` : ''
  const ink = mark ? `o-${mark}` : ''
  const room = w - textWidth(name, sizes.title) - 16
  if (sub === 0) {
    const words = `${sign}${big} ${small}`.trim()
    const size = fit(words, sizes.count, room)
    return (
      <>
        <Title x={x} y={head} size={sizes.title} text={name} />
        <text
          class={`verdict ${ink}`}
          x={right}
          y={head}
          text-anchor="end"
          font-size={size}
          {...data(picture, told !== undefined)}
        >
          {words}
        </text>
      </>
    )
  }
  // Korean letters are higher than figures.
  const most = t.lang === 'ko' && box.kind === 'present' ? sizes.count * 0.78 : sizes.count
  const size = fit(`${sign}${big}`, most, room)
  const smallSize = fit(small, sizes.unit, w - 8)
  const notes = sizes.note > 0 && textWidth(note, sizes.note) + textWidth(small, smallSize) < w - 10
  return (
    <>
      <Title x={x} y={head} size={sizes.title} text={name} />
      {notes && (
        <text class="mute" x={x} y={sub} font-size={sizes.note}>
          {note}
        </text>
      )}
      <g class={`verdict ${ink}`} {...data(picture, told !== undefined)}>
        <text x={right} y={head} text-anchor="end" font-size={size} class="count">
          {sign}
          {big}
        </text>
        <text x={right} y={sub} text-anchor="end" font-size={smallSize} class="unit">
          {small}
        </text>
      </g>
    </>
  )
}

const data = ({ id, verdict }: LanePicture, told: boolean) =>
  told ? { 'data-happened': id } : { 'data-head': verdict.says, 'data-n': verdict.n, 'data-all': verdict.all }

function Title({ x, y, size, text }: { x: number; y: number; size: number; text: string }) {
  return (
    <text class="title" x={x} y={y} font-size={size}>
      {text}
    </text>
  )
}

const fit = (text: string, size: number, room: number): number =>
  Math.max(11, Math.min(size, (size * room) / Math.max(1, textWidth(text, size))))

/** A lane whose processes are not there yet, or did not come. */
function Absent({ box, picture }: { box: LaneBox; picture: LanePicture }) {
  const { t } = usePage()
  const y = box.floor + (box.low ? 0 : 30)
  return (
    <g class="absent">
      {!box.low &&
        [0, 1, 2].map((at) => {
          const w = (box.w - 24) / 3
          return (
            <rect
              key={at}
              class="box"
              x={box.x + at * (w + 12)}
              y={box.shelf.y - 80}
              width={w}
              height={80 + box.shelf.h}
              rx="10"
            />
          )
        })}
      <text
        x={box.cx}
        y={y}
        text-anchor="middle"
        font-size="17"
        role={picture.state === 'failed' ? 'alert' : undefined}
      >
        {t(picture.state === 'failed' ? 'lane.failed' : 'lane.starting')}
      </text>
    </g>
  )
}

/** The lane in words, for whoever cannot see it. */
export function twin(picture: LanePicture, t: ReturnType<typeof usePage>['t']): string {
  const name = t(`mode.${picture.id}`)
  if (picture.state !== 'ready') return `${name}: ${t(picture.state === 'failed' ? 'lane.failed' : 'lane.starting')}`
  const share = (percent: number | undefined) => (percent === undefined ? '–' : `${percent}%`)
  const nodes = picture.nodes
    .map((node) =>
      t('diagram.twin.node', {
        node: node.name,
        state: t.any(`state.${node.stand}`),
        share: share(node.percent),
        users: node.baskets.map((basket) => basket.name).join(', ') || t('diagram.twin.nobody'),
      }),
    )
    .join('; ')
  const { verdict, redis } = picture
  const state =
    redis &&
    t(redis.state === 'up' ? 'state.up' : redis.state === 'frozen' ? 'diagram.redis.frozen' : 'diagram.redis.down')
  return [
    `${name}: ${t('verdict.count', { n: verdict.n, all: verdict.all })} ${t(`verdict.${verdict.says}`)}.`,
    t('diagram.twin', { nodes }),
    redis && t('diagram.twin.redis', { state: state ?? '', n: redis.sessions ?? '?' }),
  ]
    .filter(Boolean)
    .join(' ')
}
