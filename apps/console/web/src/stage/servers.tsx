import { hasAffinity } from '@session-cluster/contract'
import { usePage } from '../model/page.ts'
import { Basket, burst, Target, unheard } from './figures.tsx'
import { type Box, type LaneBox, pathOf, textWidth, wireTo } from './layout.ts'
import type { LanePicture, NodePicture } from './picture.ts'

const tumble = [-38, 24, 62, -12, 40] as const

/** The balancer, its wires, the servers, and what is kept where. */
export function Servers({ box, picture }: { box: LaneBox; picture: LanePicture }) {
  return (
    <>
      <Wires box={box} picture={picture} />
      <Balancer box={box} picture={picture} />
      {picture.shared && <Redis box={box} picture={picture} />}
      {picture.nodes.map((node, at) => (
        <Server key={node.name} lane={box} box={box.nodes[at] as Box} node={node} picture={picture} />
      ))}
    </>
  )
}

function Balancer({ box, picture }: { box: LaneBox; picture: LanePicture }) {
  const { t } = usePage()
  const { balancer, sizes, cx } = box
  if (!balancer) return null
  const policy = t.has(`picks.${picture.policy}`) ? t.any(`picks.${picture.policy}`) : picture.policy
  const words = `${t('diagram.balancer')} · ${hasAffinity(picture.id) ? t('picks.affinity') : policy}`
  const fits = textWidth(words, sizes.pill) < balancer.w - 16
  return (
    <g class="balancer">
      <rect {...{ x: balancer.x, y: balancer.y, width: balancer.w, height: balancer.h }} rx={balancer.h / 2} />
      <text x={cx} y={balancer.y + balancer.h / 2 + sizes.pill * 0.36} text-anchor="middle" font-size={sizes.pill}>
        {fits ? words : t('diagram.balancer')}
      </text>
    </g>
  )
}

function Wires({ box, picture }: { box: LaneBox; picture: LanePicture }) {
  return (
    <g class="wires">
      {picture.nodes.map((node, at) => {
        const one = box.nodes[at] as Box
        const cut = node.gone || node.stand === 'down' || node.stand === 'frozen'
        const middle = one.x + one.w / 2
        return (
          <g key={node.name}>
            {box.balancer && <path class={cut ? 'wire cut' : 'wire'} d={pathOf(wireTo(box, one))} />}
            {picture.shared && !node.gone && (
              <path
                class={picture.redis?.state === 'up' ? 'wire' : 'wire cut'}
                d={`M${middle} ${one.y + one.h}V${box.shelf.y}`}
              />
            )}
          </g>
        )
      })}
    </g>
  )
}

function Server({ lane, box, node, picture }: { lane: LaneBox; box: Box; node: NodePicture; picture: LanePicture }) {
  const { t, open } = usePage()
  const { x, y, w, h } = box
  const word = t.any(`state.${node.stand}`)
  const show = () => open({ kind: 'node', lane: picture.id, node: node.name })
  const shelf = picture.shared ? undefined : lane.shelf
  return (
    <g
      class={`server ${node.gone ? 'down' : node.health} ${node.hot ? 'hot' : ''}`}
      data-server={node.name}
      data-stand={node.stand}
      data-holds={node.baskets.map(({ name }) => name).join(' ')}
      data-share={node.percent}
    >
      <g {...unheard}>
        <g class="tilts" style={{ transformOrigin: `${x + w / 2}px ${y + h}px` }}>
          <rect class="box" x={x} y={y} width={w} height={h} rx={Math.min(10, w / 4)} />
          {shelf && (
            <path class="shelf" d={`M${x + 1.5} ${shelf.y}h${w - 3}V${y + h - 9}q0 8 -9 8h${-(w - 21)}q-9 0 -9 -8z`} />
          )}
          {!node.gone && (
            <Label lane={lane} box={box} node={node} of={picture.of} word={word} shared={picture.shared} />
          )}
        </g>
        {node.gone && <Burst lane={lane} box={box} node={node} word={word} shared={picture.shared} />}
        {shelf && <Shelf lane={lane} box={box} node={node} />}
      </g>
      <Target
        box={box}
        label={t('diagram.node', { node: node.name, lane: t(`mode.${picture.id}`), state: word })}
        act={show}
      />
    </g>
  )
}

function Label({
  lane,
  box: { x, y, w },
  node,
  of,
  word,
  shared,
}: {
  lane: LaneBox
  box: Box
  node: NodePicture
  of: number
  word: string
  shared: boolean
}) {
  const { t } = usePage()
  const { name, port } = lane.sizes
  const bottom = shared ? y + (lane.nodes[0]?.h ?? 0) : lane.shelf.y
  const inset = w < 70 ? 6 : 12
  const row = lane.kind === 'full' && bottom - y >= 60
  const stands = node.health === 'well' ? '' : word
  const size = Math.min(14, port)
  const words = of > 0 && node.took !== undefined ? t('diagram.took', { n: node.took, all: of }) : ''
  const fits = textWidth(words, size) < w - 2 * inset - 16
  const bar = w - 2 * inset - textWidth(words, size) - 8
  // A state in words takes the port's place, or the share's where there is one.
  const right = stands && !row ? stands : node.port && `:${node.port}`
  const left = inset + textWidth(node.name, name) + 6
  return (
    <>
      <text class="name" x={x + inset} y={y + name * 0.4 + (row ? 22 : (bottom - y) / 2 - 3)} font-size={name}>
        {node.name}
      </text>
      {right && textWidth(right, port, !stands || row) < w - left - inset && (
        <text
          class={stands && !row ? 'stand' : 'port'}
          x={x + w - inset}
          y={y + port * 0.35 + (row ? 21 : (bottom - y) / 2)}
          text-anchor="end"
          font-size={port}
        >
          {right}
        </text>
      )}
      {row && stands && textWidth(stands, size) < w - 2 * inset && (
        <text class="stand" x={x + inset} y={bottom - 12} font-size={size}>
          {stands}
        </text>
      )}
      {row && !stands && of > 0 && node.took !== undefined && (
        <g class={`took ${node.took / of > 0.8 && of >= 9 ? 'busy' : ''}`}>
          {bar >= 12 && fits && (
            <>
              <rect class="rail-bar" x={x + inset} y={bottom - 21} width={bar} height="8" rx="4" />
              <rect class="took-bar" x={x + inset} y={bottom - 21} width={(bar * node.took) / of} height="8" rx="4" />
            </>
          )}
          {fits && (
            <text x={x + w - inset} y={bottom - 12} text-anchor="end" font-size={size}>
              {words}
            </text>
          )}
        </g>
      )}
    </>
  )
}

function Burst({
  lane,
  box: { x, y, w },
  node,
  word,
  shared,
}: {
  lane: LaneBox
  box: Box
  node: NodePicture
  word: string
  shared: boolean
}) {
  const { name, port } = lane.sizes
  const bottom = shared ? y + (lane.nodes[0]?.h ?? 0) : lane.shelf.y
  const [cx, cy] = [x + w / 2, (y + bottom) / 2]
  if (lane.kind === 'band' || w < 92) {
    const [big, small] = [`✗ ${node.name} ${word}`, `✗ ${node.name}`]
    const size = lane.kind === 'present' ? 20 : 14
    const text = textWidth(big, size) < w - 8 ? big : small
    return (
      <g class="burst" style={{ transformOrigin: `${cx}px ${y + 14}px` }}>
        <rect x={x} y={y} width={w} height={Math.max(26, Math.min(34, bottom - y))} rx="8" />
        <text x={cx} y={y + 20} text-anchor="middle" font-size={size}>
          {text}
        </text>
      </g>
    )
  }
  // Room for the word within its inner rim.
  const reach = Math.min(Math.max((bottom - y) * 0.76, (textWidth(word, port) + 8) / 1.72), 62, w * 0.56)
  const small = bottom - y < 55 && lane.kind === 'tight'
  return (
    <g class="burst" style={{ transformOrigin: `${cx}px ${cy}px` }}>
      <path d={burst(cx, cy, reach, reach * 0.74)} />
      {small ? (
        <text x={cx} y={cy + 8} text-anchor="middle" font-size={name}>
          ✗ {node.name}
        </text>
      ) : (
        <>
          <text x={cx} y={cy - 5} text-anchor="middle" font-size={name}>
            {node.name}
          </text>
          <text x={cx} y={cy + port * 1.2 + 3} text-anchor="middle" font-size={port}>
            {word}
          </text>
        </>
      )}
    </g>
  )
}

/** What a server keeps itself: a basket for each of its sessions; tumbled when they went with it. */
function Shelf({ lane, box: { x, w }, node }: { lane: LaneBox; box: Box; node: NodePicture }) {
  const { t } = usePage()
  const { shelf, sizes } = lane
  const many = node.baskets.length
  const size = Math.min(lane.basket, many === 0 ? lane.basket : (w - 6) / many / 1.06)
  const label = sizes.label
  const middle = shelf.y + (shelf.h - label - 6) / 2 + 3
  const abandoned = Math.max(0, (node.held ?? 0) - many)
  const words = node.gone
    ? t('diagram.gone', { n: many })
    : node.held === undefined
      ? ''
      : abandoned > 0
        ? t('diagram.sessions.abandoned', { n: node.held, abandoned })
        : t(node.held === 1 ? 'diagram.sessions.one' : 'diagram.sessions', { n: node.held })
  const short = node.gone ? `${many} ✗` : node.held === undefined ? '' : String(node.held)
  const plain =
    node.held === undefined || node.gone
      ? short
      : t(node.held === 1 ? 'diagram.sessions.one' : 'diagram.sessions', { n: node.held })
  return (
    <g class="holds">
      {node.baskets.map((basket, at) => (
        <g key={basket.name} class={basket.dim ? 'dim' : ''}>
          <Basket
            {...basket}
            x={x + w / 2 + (at - (many - 1) / 2) * size * 1.06}
            y={middle + (node.gone ? ([4, -2, 5][at % 3] ?? 0) : 0)}
            size={size * (node.gone ? 0.92 : 1)}
            broken={node.gone}
            turn={node.gone ? (tumble[at % tumble.length] ?? 0) : 0}
          />
        </g>
      ))}
      {lane.kind !== 'band' && (
        <text
          class={node.gone && many > 0 ? 'label lost-ink' : 'label'}
          x={x + w / 2}
          y={shelf.y + shelf.h - 9}
          text-anchor="middle"
          font-size={label}
          {...(node.held !== undefined && { 'data-held': node.held })}
          {...(node.gone && { 'data-went': many })}
        >
          {[words, plain, short].find((text) => textWidth(text, label) < w - 6) ?? ''}
        </text>
      )}
    </g>
  )
}

/** The one shelf under all servers. */
function Redis({ box, picture }: { box: LaneBox; picture: LanePicture }) {
  const { t, go } = usePage()
  const { shelf, sizes } = box
  const { redis, shelf: baskets } = picture
  const many = baskets.length
  const band = box.kind === 'band'
  const left = band ? 58 : 0
  const size = Math.min(box.basket, ((shelf.w - left - 8) / Math.max(1, many)) * 0.92)
  const middle = band ? shelf.y + shelf.h / 2 + 3 : shelf.y + (shelf.h - sizes.label - 6) / 2 + 3
  const step = (shelf.w - left) / Math.max(1, many)
  const state = redis?.state ?? 'down'
  const crisis = picture.nodes.some(({ gone }) => gone)
  const says =
    state !== 'up'
      ? t(state === 'frozen' ? 'diagram.redis.frozen' : 'diagram.redis.down')
      : redis?.sessions === undefined
        ? ''
        : t(crisis && picture.gone === 0 ? 'diagram.redis.kept' : 'diagram.redis', { n: redis.sessions })
  const show = () => go({ lane: picture.id, drawer: 'redis' })
  return (
    <g class={`redis ${state} ${crisis ? 'hot' : ''}`} data-redis={redis?.sessions} data-redis-state={state}>
      <g {...unheard}>
        <rect class="box" x={shelf.x} y={shelf.y} width={shelf.w} height={shelf.h} rx="10" />
        {state !== 'up' && <rect class="veil" x={shelf.x} y={shelf.y} width={shelf.w} height={shelf.h} rx="10" />}
        {baskets.map((basket, at) => (
          <g key={basket.name} class={basket.dim ? 'dim' : ''}>
            <Basket {...basket} x={shelf.x + left + step * (at + 0.5)} y={middle} size={size} />
          </g>
        ))}
        <text
          class="name"
          x={shelf.x + 12}
          y={band ? shelf.y + shelf.h / 2 + 5 : shelf.y + shelf.h - 9}
          font-size={sizes.label}
        >
          Redis
        </text>
        {!band && (
          <text
            class={state !== 'up' ? 'stand' : crisis && picture.gone === 0 ? 'label found-ink' : 'label'}
            x={shelf.x + shelf.w - 14}
            y={shelf.y + shelf.h - 9}
            text-anchor="end"
            font-size={sizes.label}
          >
            {says}
          </text>
        )}
      </g>
      <Target
        box={shelf}
        label={t('diagram.redis.open', {
          state: t(state === 'up' ? 'state.up' : state === 'frozen' ? 'diagram.redis.frozen' : 'diagram.redis.down'),
        })}
        act={show}
      />
    </g>
  )
}
