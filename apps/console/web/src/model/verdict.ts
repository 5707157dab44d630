import type { Outcome } from '@session-cluster/contract'
import { isGone } from '../../../wire/consequence.ts'
import type { LaneView, UserView } from '../../../wire/frame.ts'
import type { LaneId, RequestRecord } from '../../../wire/record.ts'

/** The request that the picture shows at each person: the last one, once its trip has landed. By `lane/user`. */
export type Shown = Readonly<Record<string, RequestRecord>>

/** The one big number at a lane's head: so many of its people are in this case. */
export interface Verdict {
  /** `undefined`: it is neither good nor bad. */
  readonly mark: Outcome | undefined
  readonly n: number
  readonly all: number
  /** An i18n key without its `verdict.`. */
  readonly says: 'loggedIn' | 'loggedOut' | 'found' | 'error' | 'unreadable'
}

const shownOf = (lane: LaneId, shown: Shown) => (user: UserView) => shown[`${lane}/${user.name}`]?.outcome

/** Who has noticed that the session is gone: whose last request met the loss. */
export function fallen(lane: LaneId, users: readonly UserView[], shown: Shown): UserView[] {
  const last = shownOf(lane, shown)
  return users.filter((user) => user.lanes[lane]?.session === 'gone' && last(user) === 'lost')
}

/** Whether something has happened that can have taken sessions away. */
export const inCrisis = (lanes: readonly LaneView[], users: readonly UserView[]): boolean =>
  lanes.some(
    ({ id, state, nodes }) =>
      state === 'ready' && (nodes.some(isGone) || users.some((user) => user.lanes[id]?.session === 'gone')),
  )

/** What a lane's head says of its people. `crisis`: then every lane says who is logged out, so that they can be compared. */
export function verdictOf(id: LaneId, users: readonly UserView[], shown: Shown, crisis: boolean): Verdict {
  const here = users.filter((user) => user.lanes[id])
  const all = here.length
  const last = shownOf(id, shown)
  const count = (...wanted: (Outcome | undefined)[]) => here.filter((user) => wanted.includes(last(user))).length
  const errors = count('error')
  if (errors > 0) return { mark: 'error', n: errors, all, says: 'error' }
  const unreadable = here.filter((user) => user.lanes[id]?.session === 'unreadable').length
  if (unreadable > 0) return { mark: 'unreadable', n: unreadable, all, says: 'unreadable' }
  if (crisis) {
    const n = fallen(id, here, shown).length
    return { mark: n > 0 ? 'lost' : 'found', n, all, says: 'loggedOut' }
  }
  if (count('found', 'miss', 'lost') > 0) {
    // Of those who have asked for it: whoever has only just logged in has not.
    const [n, asked] = [count('found'), count('found', 'miss', 'lost')]
    return { mark: n < asked ? 'miss' : 'found', n, all: asked, says: 'found' }
  }
  const n = here.filter((user) => user.lanes[id]?.session === 'kept').length
  return { mark: undefined, n, all, says: 'loggedIn' }
}
