import { isGone } from '../../wire/consequence.ts'
import type { LaneView, NodeView, UserLane } from '../../wire/frame.ts'
import { Dots } from './dots.tsx'
import {
  balancer,
  height,
  type NodeBox,
  nodeBoxes,
  nodeTop,
  pathOf,
  redisTop,
  width,
  wireTo,
  wireToRedis,
} from './geometry.ts'
import { type Health, healthOf, healthSigns, isUp, standOf, wordFor } from './health.ts'
import { usePage } from './page.ts'
import { lookOf } from './people.ts'
import { Token } from './token.tsx'

/** A lane's processes as a drawing, with its text twin for whoever cannot see it. */
export function Diagram({ lane }: { lane: LaneView }) {
  const { t, state } = usePage()
  const shared = lane.mode === 'clustered'
  const boxes = nodeBoxes(lane.nodes.length, shared)
  return (
    <figure class="diagram">
      <div class="stage">
        {/* biome-ignore lint/a11y/useSemanticElements: a drawing with buttons in it; a fieldset cannot be drawn */}
        <svg viewBox={`0 0 ${width} ${height}`} role="group" aria-label={t('diagram.balancer')}>
          {lane.nodes.map((node, index) => (
            <Wires key={node.name} node={node} box={boxes[index] as NodeBox} lane={lane} />
          ))}
          <rect class="box" {...balancer} rx="10" />
          <text x="150" y="23" text-anchor="middle" class="strong">
            {t('diagram.balancer')}
          </text>
          <text x="150" y="40" text-anchor="middle" class="mute">
            {policyWords(lane, t)}
          </text>
          {lane.nodes.map((node, index) => (
            <NodeDrawing key={node.name} node={node} box={boxes[index] as NodeBox} lane={lane} />
          ))}
          {shared && <RedisDrawing lane={lane} />}
        </svg>
        <Dots
          lane={lane.id}
          boxes={boxes}
          names={lane.nodes.map(({ name }) => name)}
          users={state.users.map(({ name }) => name)}
        />
      </div>
      <figcaption class="sr">{twin(lane, t)}</figcaption>
    </figure>
  )
}

function twin(lane: LaneView, t: ReturnType<typeof usePage>['t']): string {
  const nodes = lane.nodes
    .map((node) =>
      t('diagram.twin.node', {
        node: node.name,
        state: t.any(`state.${standOf(node)}`),
        share: shareText(lane, node.name),
        users: node.holds.join(', ') || t('diagram.twin.nobody'),
      }),
    )
    .join('; ')
  const redis = lane.redis && t('diagram.twin.redis', { state: redisWord(lane, t), n: lane.redis.sessions ?? '?' })
  return [t('diagram.twin', { lane: t(`mode.${lane.id}`), nodes }), redis].filter(Boolean).join(' ')
}

function redisWord({ redis }: LaneView, t: ReturnType<typeof usePage>['t']): string {
  if (redis?.state === 'frozen') return t('diagram.redis.frozen')
  return redis?.state === 'down' ? t('diagram.redis.down') : t('state.up')
}

/** How the balancer picks, as it says itself. */
function policyWords({ mode, policy }: LaneView, t: ReturnType<typeof usePage>['t']): string {
  const words = t.has(`policy.${policy}`) ? t.any(`policy.${policy}`) : policy
  return mode === 'sticky' ? t('diagram.policy.sticky', { policy: words }) : words
}

/** A node's part of the last requests, whole per cent; `undefined` for one that is not there to take any. */
export function sharePercent(lane: LaneView, node: string): number | undefined {
  const part = lane.share[node]
  const all = Object.values(lane.share).reduce((sum, n) => sum + n, 0)
  return part === undefined ? undefined : all === 0 ? 0 : Math.round((part / all) * 100)
}

/** The same, to be read. */
export function shareText(lane: LaneView, node: string): string {
  const share = sharePercent(lane, node)
  return share === undefined ? '–' : `${share}\u00a0%`
}

function Wires({ node, box, lane }: { node: NodeView; box: NodeBox; lane: LaneView }) {
  const up = isUp(node)
  const kind = up ? (lane.mode === 'sticky' && node.pinned.length > 0 ? 'wire pin' : 'wire') : 'wire cut'
  const cut = !up || lane.redis?.state !== 'up'
  return (
    <g>
      <path class={kind} d={pathOf(wireTo(box.x))} />
      {lane.mode === 'clustered' && <path class={cut ? 'wire cut' : 'wire'} d={pathOf(wireToRedis(box.x))} />}
    </g>
  )
}

const inks: Readonly<Record<Health, string>> = { well: 'good', aside: 'apart', ill: 'bad' }
const boxes: Readonly<Record<Health, string>> = { well: '', aside: 'aside', ill: 'down' }

function NodeDrawing({ node, box, lane }: { node: NodeView; box: NodeBox; lane: LaneView }) {
  const { t, open } = usePage()
  const stand = standOf(node)
  const health = healthOf(node)
  const left = box.x - box.width / 2
  const share = sharePercent(lane, node.name)
  const word = t.any(`state.${stand}`)
  const show = () => open({ kind: 'node', lane: lane.id, node: node.name })
  const narrow = box.width < 84
  // In a thin card everything stands in its middle, and the sign below the name.
  const { thin, inset } = box
  const words = stateWords(stand, t)
  // In a narrow card the name leaves no room beside it: whatever is not well says so in place of the share, which the bar shows too.
  const below = narrow && health !== 'well' ? wordFor(words, box.width - 6) : ''
  const beside = below ? '' : wordFor(words, box.width - 44)
  return (
    <g
      class="node"
      data-server={node.name}
      data-share={share}
      data-stand={stand}
      data-holds={lane.mode === 'clustered' ? undefined : node.holds.join(' ')}
    >
      <rect class={`box ${boxes[health]}`} x={left} y={nodeTop} width={box.width} height={box.height} rx="11" />
      <text x={thin ? box.x : left + inset} y={nodeTop + 23} text-anchor={thin ? 'middle' : undefined} class="name">
        {node.name}
      </text>
      <text
        x={thin ? box.x : left + box.width - 8}
        y={nodeTop + (thin ? 58 : 22)}
        text-anchor={thin ? 'middle' : 'end'}
        class={inks[health]}
      >
        {healthSigns[health]} {beside}
      </text>
      <Load box={box} share={share ?? 0} />
      {!thin && (
        <text x={box.x} y={nodeTop + 58} text-anchor="middle" class={below ? inks[health] : 'mute'}>
          {below || (narrow ? shareText(lane, node.name) : t('diagram.share', { share: shareText(lane, node.name) }))}
        </text>
      )}
      {lane.mode !== 'clustered' && <Held node={node} box={box} />}
      {/* biome-ignore lint/a11y/useSemanticElements: HTML's button cannot be drawn inside an SVG */}
      <rect
        class="hit"
        x={left}
        y={nodeTop}
        width={box.width}
        height={box.height}
        rx="11"
        role="button"
        // In lower case: SVG's attributes keep theirs, and the browser knows only this one.
        tabindex={0}
        aria-label={t('diagram.node', { node: node.name, lane: t(`mode.${lane.id}`), state: word })}
        onClick={show}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return
          event.preventDefault()
          event.stopPropagation()
          show()
        }}
      />
    </g>
  )
}

/** A node's part of the last requests, as a bar. */
function Load({ box, share }: { box: NodeBox; share: number }) {
  const { bar } = box
  const at = { x: box.x - bar / 2, y: nodeTop + 34, height: 6, rx: 3 }
  return (
    <>
      <rect {...at} width={bar} class="track" />
      <rect {...at} width={(bar * share) / 100} class="load" />
    </>
  )
}

/** A node's word, and shorter ones that are as true. */
function stateWords(stand: string, t: ReturnType<typeof usePage>['t']): string[] {
  const short = t.has(`state.${stand}.short`) ? [t.any(`state.${stand}.short`)] : []
  const down = stand === 'crashed' || stand === 'stopped' ? [t('state.down')] : []
  return [t.any(`state.${stand}`), ...short, ...down]
}

/** The sessions in a node's memory: those of our users as tokens, and how many the node itself says it holds. */
function Held({ node, box }: { node: NodeView; box: NodeBox }) {
  const { t, state } = usePage()
  const gone = isGone(node)
  const rows = 3
  const most = box.perRow * rows
  const shown = node.holds.slice(0, node.holds.length > most ? most - 1 : most)
  const rest = node.holds.length - shown.length
  const pitch = box.radius * 2 + 3
  const names = state.users.map(({ name }) => name)
  const n = gone ? node.holds.length : (node.held ?? node.holds.length)
  // Nobody has the cookie of these any more: of a login before the last one, or somebody else's.
  const abandoned = gone ? 0 : Math.max(0, (node.held ?? 0) - node.holds.length)
  const caption = gone ? t('diagram.gone', { n }) : n === 1 ? t('diagram.sessions.one') : t('diagram.sessions', { n })
  const count = shown.length + (rest > 0 ? 1 : 0)
  const first = nodeTop + 114 - ((Math.ceil(count / box.perRow) - 1) * (pitch + 1)) / 2
  const at = (slot: number) => {
    const row = Math.floor(slot / box.perRow)
    const inRow = Math.min(box.perRow, count - row * box.perRow)
    return { x: box.x + ((slot % box.perRow) - (inRow - 1) / 2) * pitch, y: first + row * (pitch + 1) }
  }
  return (
    <g>
      {shown.map((name, slot) => (
        <Token key={name} look={lookOf(names.indexOf(name), name)} {...at(slot)} r={box.radius} faded={gone} />
      ))}
      {rest > 0 && (
        <text x={at(shown.length).x} y={at(shown.length).y + 4} text-anchor="middle" class="mute">
          {t('diagram.more', { n: rest })}
        </text>
      )}
      <text
        x={box.x}
        y={nodeTop + (abandoned > 0 ? 164 : 172)}
        text-anchor="middle"
        class={gone && n > 0 ? 'bad small' : 'mute'}
        data-held={gone ? undefined : n}
        data-went={gone ? n : undefined}
      >
        {box.thin ? n : caption}
      </text>
      {abandoned > 0 && !box.thin && (
        <text x={box.x} y={nodeTop + 180} text-anchor="middle" class="mute small" data-abandoned={abandoned}>
          {t('diagram.abandoned', { n: abandoned })}
        </text>
      )}
    </g>
  )
}

/** Whether a user's session is somewhere, readable or not. */
const holdsOne = (user: UserLane | undefined): boolean => user?.session === 'kept' || user?.session === 'unreadable'

function RedisDrawing({ lane }: { lane: LaneView }) {
  const { t, state } = usePage()
  const { redis } = lane
  const up = redis?.state === 'up'
  const holders = state.users.filter(({ lanes }) => holdsOne(lanes[lane.id]))
  const abandoned = Math.max(0, (redis?.sessions ?? 0) - holders.length)
  const pitch = Math.min(31, 270 / Math.max(1, holders.length))
  const ms = redis?.ms === undefined ? '–' : redis.ms.toFixed(1)
  return (
    <g>
      <rect
        data-redis={redis?.sessions}
        data-users={holders.length}
        class={up ? 'box' : 'box down'}
        x="5"
        y={redisTop}
        width="290"
        height="72"
        rx="11"
      />
      <text x="20" y={redisTop + 24} class={up ? 'name' : 'name bad'}>
        Redis
      </text>
      <text x="280" y={redisTop + 23} text-anchor="end" class={up ? 'mute' : 'bad'}>
        {up
          ? [
              t('diagram.redis', { n: redis.sessions ?? '–', ms }),
              abandoned > 0 && t('diagram.abandoned', { n: abandoned }),
            ]
              .filter(Boolean)
              .join(' · ')
          : `✗ ${redisWord(lane, t)}`}
      </text>
      {holders.map(({ name }, slot) => (
        <Token
          key={name}
          look={lookOf(
            state.users.findIndex((user) => user.name === name),
            name,
          )}
          x={150 + (slot - (holders.length - 1) / 2) * pitch}
          y={redisTop + 50}
          r={Math.min(11.5, pitch / 2 - 1)}
          faded={!up}
        />
      ))}
    </g>
  )
}
