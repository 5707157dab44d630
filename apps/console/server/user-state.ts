import type { Outcome } from '@session-cluster/contract'
import { CookieJar } from '@session-cluster/visitor'

/** The very process in which a session was begun. */
export interface Home {
  readonly node: string
  readonly incarnation: number
}

/**
 * What became of a user's session. `none`: there is none. `kept`: some server can serve it. `unreadable`: it is there, and no server can
 * read what is in it now. `gone`: no server can serve it any more, whether or not its user has noticed.
 */
export type SessionState = 'none' | 'kept' | 'unreadable' | 'gone'

/** One user in one lane: a jar, the token that was stored, and what is known of the session. */
export interface UserState {
  readonly jar: CookieJar
  token?: string | undefined
  home?: Home | undefined
  pinned?: string | undefined
  session: SessionState
  /** How it went: with its process, or because an answer replaced the cookie. */
  goneBy?: 'process' | 'overwrite' | undefined
  /** It was counted among those that are gone. */
  counted: boolean
  /** A request of the user's has met the loss. */
  noticed: boolean
  last?: Outcome | undefined
  /** Who held the session when it was last looked for, and with which cookie. */
  held?: (Home & { readonly cookie: string; readonly until: number }) | undefined
  /** When the session was begun, and when it was last used, ms of a clock that only goes forward. */
  begunAt: number
  usedAt: number
}

/** A user who has not been here yet. */
export function newUser(): UserState {
  return { jar: new CookieJar(), session: 'none', counted: false, noticed: false, begunAt: 0, usedAt: 0 }
}

/** The user has no session any more, and misses none. */
export function without(user: UserState): void {
  Object.assign(user, {
    session: 'none',
    token: undefined,
    home: undefined,
    held: undefined,
    goneBy: undefined,
    counted: false,
    noticed: false,
  })
}
