import type { NodeAction, NodeView } from '../../wire/frame.ts'
import type { LaneId, RequestRecord } from '../../wire/record.ts'
import { calls } from './calls.ts'
import { redisSwitch, standOf } from './health.ts'
import type { PageState } from './state.ts'

/** What a step may use: the page's state as it changes, and whom it is about. */
export interface Guide {
  readonly user: string
  state(): PageState
  /** Resolves when the state fits; gives up after a while, and the step goes on with what is there. */
  until(fits: (state: PageState) => boolean): Promise<void>
}

/** What brings a server back that does not serve; `undefined` where nothing has to. */
function remedy(node: NodeView): NodeAction | undefined {
  if (node.process === 'frozen') return 'thaw'
  if (node.process === 'crashed' || node.process === 'stopped') return 'restart'
  return node.state === 'draining' || node.state === 'maintenance' ? 'ready' : undefined
}

/**
 * Sets the stage for a step: whatever somebody has crashed, frozen, drained or stopped before comes back, and the step waits until the
 * balancers say so. What cannot be done here is left as it is.
 */
export async function setStage(guide: Guide): Promise<void> {
  const lanes = guide.state().lanes.filter(({ state }) => state === 'ready')
  for (const lane of lanes) {
    if (lane.redis === undefined || lane.redis.state === 'up') continue
    const action = redisSwitch[lane.redis.state]
    if (lane.disabled[action] === undefined) await calls.lane(lane.id, action).catch(() => undefined)
  }
  const away = lanes.flatMap((lane) =>
    lane.nodes.flatMap((node) => {
      const action = remedy(node)
      return action && lane.disabled[action] === undefined ? [{ lane: lane.id, node: node.name, action }] : []
    }),
  )
  await Promise.all(away.map(({ lane, node, action }) => calls.node(lane, node, action).catch(() => undefined)))
  const stands = (state: PageState, { lane, node }: (typeof away)[number]) =>
    state.lanes.some(({ id, nodes }) => id === lane && nodes.some((one) => one.name === node && standOf(one) === 'up'))
  if (away.length > 0) await guide.until((state) => away.every((one) => stands(state, one)))
}

/** Everyone on the same node in local as in sticky, so that a crash hurts the same people in both. */
export async function settle(guide: Guide): Promise<void> {
  await calls.active(guide.state().users.map(({ name }) => name))
  await calls.act('all', 'login', { lanes: ['sticky', 'clustered'] }).catch(() => undefined)
  await guide.until((state) => state.users.every(({ lanes }) => !lanes.sticky?.lost))
  for (const { name, lanes } of guide.state().users) {
    const home = lanes.sticky?.home
    await calls.act(name, 'login', { lanes: ['local'], ...(home && { via: home }) }).catch(() => undefined)
  }
}

/** The nodes that answered a user's last requests in a lane, each once. */
export function answering(state: PageState, lane: LaneId, user: string, last = 10): string[] {
  const nodes = state.log
    .filter(
      (entry): entry is { kind: 'request' } & RequestRecord =>
        entry.kind === 'request' && entry.lane === lane && entry.user === user,
    )
    .slice(-last)
    .map(({ node }) => node ?? '–')
  return [...new Set(nodes)].toSorted()
}
