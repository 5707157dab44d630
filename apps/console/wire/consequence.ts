import { hasAffinity, isShared } from '@session-cluster/contract'
import type { LaneAction, LaneView, NodeAction, NodeView, UserView } from './frame.ts'

/** What an action will come to in one lane: an i18n key without its `consequence.`, and what to fill in. */
export interface Consequence {
  readonly key: string
  readonly values: Readonly<Record<string, string | number>>
  /** How many users will lose their session. */
  readonly losing: number
}

/** Whether a server's process is not there: whatever its memory held is gone, and nothing more can be lost with it. */
export const isGone = ({ process }: Pick<NodeView, 'process'>): boolean =>
  process === 'crashed' || process === 'stopped' || process === 'starting'

/** Foretells an action from what the users' tokens say now: no guess about traffic that is still to come. */
export function consequence(
  action: NodeAction | LaneAction,
  lane: LaneView,
  users: readonly UserView[],
  node?: string,
): Consequence {
  const target = lane.nodes.find(({ name }) => name === node)
  const held = target ? atStake(lane, users, target).length : 0
  const shared = isShared(lane.mode)
  const values = { node: node ?? '', n: held, all: living(lane, users).length, next: nextName(lane) }
  const tell = (key: string, losing = 0): Consequence => ({ key, values: { ...values, n: losing || held }, losing })
  if (target && isGone(target)) {
    if (action === 'restart') return tell(shared ? 'restart.gone.shared' : 'restart.gone')
    return tell(action === 'remove' ? 'remove.gone' : 'gone')
  }
  switch (action) {
    case 'crash':
    case 'stop':
    case 'restart':
      if (shared) return tell(`${action}.shared`)
      return tell(held === 0 ? `${action}.empty` : `${action}.memory`, held)
    case 'remove':
      return shared || held === 0 ? tell('remove.safe') : tell('remove.memory', held)
    case 'freeze':
      return tell(shared ? 'freeze.shared' : lane.mode === 'local' ? 'freeze.local' : 'freeze.memory')
    case 'rolling': {
      const losing = shared ? 0 : lane.nodes.reduce((sum, one) => sum + atStake(lane, users, one).length, 0)
      return tell(shared ? 'rolling.shared' : 'rolling.memory', losing)
    }
    case 'drain':
      return tell(shared ? 'drain.shared' : lane.mode === 'local' ? 'drain.local' : 'drain')
    case 'maintenance':
      return tell(shared || held === 0 ? 'maintenance' : 'maintenance.memory')
    case 'add':
      return tell(`add.${lane.mode}`)
    case 'redis-stop':
    case 'redis-freeze':
      if (!shared) return tell('redis.unaffected')
      // Memory answers until it may not be trusted any more; a connection that breaks says so at once.
      return tell(action === 'redis-freeze' && hasAffinity(lane.mode) ? 'redis-freeze.hybrid' : action)
    default:
      return tell(action)
  }
}

/** The users who have a session that is there: it can be found, or could with its old codec. */
export function living(lane: LaneView, users: readonly UserView[]): UserView[] {
  return users.filter(({ lanes }) => {
    const session = lanes[lane.id]?.session
    return session === 'kept' || session === 'unreadable'
  })
}

/** Whose session would go with this server's process. */
function atStake(lane: LaneView, users: readonly UserView[], { holds }: NodeView): string[] {
  const alive = new Set(living(lane, users).map(({ name }) => name))
  return holds.filter((name) => alive.has(name))
}

/** The name that an added node will get: the first letter that is free. A lane is full long before there is none. */
function nextName({ nodes }: LaneView): string {
  return [...'abcdefghijklmnopqrstuvwxyz'].find((letter) => !nodes.some(({ name }) => name === letter)) ?? ''
}
