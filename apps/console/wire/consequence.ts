import type { LaneAction, LaneView, NodeAction, UserView } from './frame.ts'

/** What an action will come to in one lane: an i18n key without its `consequence.`, and what to fill in. */
export interface Consequence {
  readonly key: string
  readonly values: Readonly<Record<string, string | number>>
  /** How many users will lose their session. */
  readonly losing: number
}

/** Foretells an action from what the users' tokens say now: no guess about traffic that is still to come. */
export function consequence(
  action: NodeAction | LaneAction,
  lane: LaneView,
  users: readonly UserView[],
  node?: string,
): Consequence {
  const all = users.filter((user) => user.lanes[lane.id]?.cookie && !user.lanes[lane.id]?.lost).length
  const held = lane.nodes.find(({ name }) => name === node)?.holds.length ?? 0
  const shared = lane.mode === 'clustered'
  const values = { node: node ?? '', n: held, all, next: nextName(lane) }
  const tell = (key: string, losing = 0): Consequence => ({ key, values: { ...values, n: losing || held }, losing })
  switch (action) {
    case 'crash':
    case 'stop':
    case 'restart':
      if (shared) return tell(`${action}.shared`)
      return tell(held === 0 ? `${action}.empty` : `${action}.memory`, held)
    case 'remove':
      return shared || held === 0 ? tell('remove.safe') : tell('remove.memory', held)
    case 'freeze':
      return tell(shared ? 'freeze.shared' : 'freeze.memory')
    case 'rolling': {
      const losing = shared ? 0 : lane.nodes.reduce((sum, { holds }) => sum + holds.length, 0)
      return tell(shared ? 'rolling.shared' : 'rolling.memory', losing)
    }
    case 'add':
      return tell(`add.${lane.mode}`)
    case 'redis-stop':
    case 'redis-freeze':
      return tell(shared ? action : 'redis.unaffected')
    default:
      return tell(action)
  }
}

/** The name that an added node will get: the first letter that is free. */
function nextName({ nodes }: LaneView): string {
  for (let code = 97; code < 123; code++) {
    const name = String.fromCharCode(code)
    if (!nodes.some((node) => node.name === name)) return name
  }
  return '?'
}
