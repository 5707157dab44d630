import type { LaneId, RequestRecord } from '../../wire/record.ts'
import { calls } from './calls.ts'
import { standOf } from './health.ts'
import type { PageState } from './state.ts'

/** What a step may use: the page's state as it changes, and whom it is about. */
export interface Guide {
  readonly user: string
  state(): PageState
  /** Resolves when the state fits; gives up after a while, and the step goes on with what is there. */
  until(fits: (state: PageState) => boolean): Promise<void>
}

const nodeStands = (state: PageState, node: string, word: string): boolean =>
  state.lanes
    .filter(({ state: standing }) => standing === 'ready')
    .every(({ nodes }) => nodes.some((one) => one.name === node && standOf(one) === word))

/** Brings a server back in every lane where it is gone, and waits until the balancers say so. */
export async function ensureUp(guide: Guide, node: string): Promise<void> {
  const dead = guide
    .state()
    .lanes.flatMap((lane) =>
      lane.nodes.filter(({ name, process }) => name === node && process !== 'running').map(() => lane.id),
    )
  for (const lane of dead) await calls.node(lane, node, 'restart').catch(() => undefined)
  await guide.until((state) => nodeStands(state, node, 'up'))
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
