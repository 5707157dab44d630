import { hasAffinity, isShared, modes } from '@session-cluster/contract'
import { applies } from '../../../wire/applies.ts'
import type { CodecTrial } from '../../../wire/codec.ts'
import type { LaneView, NodeView } from '../../../wire/frame.ts'
import type { LaneId, RequestRecord } from '../../../wire/record.ts'
import { calls } from '../model/calls.ts'
import { redisSwitch, standOf } from '../model/health.ts'
import type { PageState } from '../model/state.ts'

/** What a step may use: the page's state as it changes, and whom it is about. */
export interface Guide {
  readonly user: string
  state(): PageState
  /** Has a user act; the step is not revealed before the page has heard of it. */
  act(...args: Parameters<typeof calls.act>): Promise<readonly RequestRecord[]>
  /** Shows what a codec made of a value. */
  tried(trial: CodecTrial): void
  /** Resolves when the state fits; gives up after a while, and the step goes on with what is there. */
  until(fits: (state: PageState) => boolean): Promise<void>
}

/** The servers that the tour speaks of. */
const cast = ['a', 'b', 'c']

const readyLanes = (guide: Guide): LaneView[] => guide.state().lanes.filter(({ state }) => state === 'ready')

/** What somebody did to a server before, undone; what cannot be done here is left as it is. */
async function bringBack(lane: LaneView, node: NodeView): Promise<void> {
  const can = (action: keyof LaneView['disabled']) => lane.disabled[action] === undefined
  const gone = !applies('crash', node)
  if (node.process === 'frozen' && can('thaw')) await calls.node(lane.id, node.name, 'thaw')
  else if (gone && can('restart')) await calls.node(lane.id, node.name, 'restart')
  if (node.state === 'draining' || node.state === 'maintenance') await calls.node(lane.id, node.name, 'ready')
  if (node.weight !== 1 && node.state !== 'gone') await calls.node(lane.id, node.name, 'weight', { weight: 1 })
  if (node.slowMs > 0 && can('slow')) await calls.node(lane.id, node.name, 'slow', { slowMs: 0 })
}

/** Adds what was removed: each server added gets the first name that is free. */
async function complete(lane: LaneView): Promise<void> {
  if (lane.disabled.add !== undefined) return
  const missing = cast.filter((name) => !lane.nodes.some((node) => node.name === name))
  for (const _ of missing) await calls.lane(lane.id, 'add')
}

/**
 * Sets the stage for a step: whatever somebody has switched off, crashed, frozen, drained, stopped, slowed, weighted or removed before
 * comes back, and the step waits until the balancers say so. What cannot be done here is left as it is.
 */
export async function setStage(guide: Guide): Promise<void> {
  for (const lane of readyLanes(guide)) {
    if (!lane.on) await calls.power(lane.id, true)
    if (lane.redis === undefined || lane.redis.state === 'up') continue
    const action = redisSwitch[lane.redis.state]
    if (lane.disabled[action] !== undefined) continue
    await calls.lane(lane.id, action).catch(() => undefined)
    await guide.until(({ lanes }) => lanes.some(({ id, redis }) => id === lane.id && redis?.state === 'up'))
  }
  const before = readyLanes(guide)
  const settled = before.flatMap((lane) => [
    ...lane.nodes.map((node) => bringBack(lane, node).catch(() => undefined)),
    complete(lane).catch(() => undefined),
  ])
  await Promise.all(settled)
  const owned = before.filter(({ disabled }) => disabled.restart === undefined).map(({ id }) => id)
  await guide.until(({ lanes }) =>
    lanes
      .filter(({ id }) => owned.includes(id))
      .every(({ nodes }) => cast.every((name) => nodes.some((node) => node.name === name && standOf(node) === 'up'))),
  )
}

/**
 * Everyone begins anew, as in new browsers, so that the balancer spreads them over all servers again; and in local each on the same
 * server as where users are sent back, so that a crash hurts the same people in both. Answers who is where.
 *
 * @param onB somebody who has to come to live on b
 */
export async function settle(guide: Guide, onB?: string): Promise<ReadonlyMap<string, string>> {
  await calls.active(guide.state().users.map(({ name }) => name))
  // What was lost before belongs to another story.
  await calls.countAnew()
  // Logged out first, each where the session is: sessions that nobody has the cookie of any more would only puzzle whoever counts them.
  await guide.act('all', 'logout', { lanes: modes.filter((mode) => isShared(mode) || hasAffinity(mode)) })
  for (const { name, lanes } of guide.state().users)
    if (lanes.local?.home !== undefined) await guide.act(name, 'logout', { lanes: ['local'], via: lanes.local.home })
  const homes = new Map<string, string>()
  for (const lane of readyLanes(guide).filter(({ mode }) => hasAffinity(mode)))
    for (const [user, node] of await pinned(guide, lane, onB)) homes.set(user, homes.get(user) ?? node)
  await guide.act('all', 'login', { lanes: modes.filter((mode) => isShared(mode) && !hasAffinity(mode)) })
  for (const { name } of guide.state().users) {
    const home = homes.get(name) ?? (name === onB ? 'b' : undefined)
    await guide.act(name, 'login', { lanes: ['local'], ...(home && { via: home }) })
  }
  return homes
}

/** Logs everybody in where the balancer sends them back. Answers to which server each of them is sent. */
async function pinned(guide: Guide, { id, nodes }: LaneView, onB?: string): Promise<ReadonlyMap<string, string>> {
  const homes = new Map<string, string>()
  const login = async (who: string) => {
    const records = await guide.act(who, 'login', { lanes: [id], fresh: true })
    for (const { user, node } of records) if (user && node) homes.set(user, node)
    return records[0]?.node
  }
  // The balancer's turn is brought to the first server, so that everybody begins where their colour says.
  const [first] = guide.state().users
  for (const _ of first ? nodes : []) {
    const node = await login(first?.name ?? '')
    await guide.act(first?.name ?? '', 'logout', { lanes: [id] })
    if (node === undefined || node === nodes.at(-1)?.name) break
  }
  await login('all')
  for (let turn = 0; onB !== undefined && homes.get(onB) !== 'b' && turn < nodes.length; turn++) await login(onB)
  return homes
}

/** A user's last records in a lane, oldest first. */
export function lastOf(state: PageState, lane: LaneId, user: string, last = 10): RequestRecord[] {
  return state.log
    .filter(
      (entry): entry is { kind: 'request' } & RequestRecord =>
        entry.kind === 'request' && entry.lane === lane && entry.user === user,
    )
    .slice(-last)
}

/** The nodes that answered a user's last requests in a lane, each once. */
export function answering(state: PageState, lane: LaneId, user: string): string[] {
  return [...new Set(lastOf(state, lane, user).map(({ node }) => node ?? '–'))].toSorted()
}
