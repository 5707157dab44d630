/**
 * What became of a session in one answer, told by the users' own tokens.
 *
 * - `found`: the answer carried the token that this user stored.
 * - `fresh`: a session was begun or written anew; nothing was expected back.
 * - `none`: no session cookie was sent, so nobody could know the user.
 * - `miss`: the answering node does not know a live cookie, though another node may.
 * - `lost`: the session is gone: no node can serve it any more.
 * - `unreadable`: the session is there, and no node can read what is in it now; with its old codec it is found again.
 * - `error`: a 5xx, a broken connection or a time-out; it says nothing about the session.
 */
export const outcomes = ['found', 'fresh', 'none', 'miss', 'lost', 'unreadable', 'error'] as const
export type Outcome = (typeof outcomes)[number]

/** The outcomes that a session's owner can be disappointed or pleased by; the share of `found` is taken over these. */
export const judged = ['found', 'miss', 'lost', 'unreadable', 'error'] as const satisfies readonly Outcome[]

/** Whether an outcome counts in the share of `found`. */
export const isJudged = (outcome: Outcome): boolean => (judged as readonly Outcome[]).includes(outcome)

/** How often each outcome was seen. */
export type Totals = Record<Outcome, number>

/** Nothing seen yet. */
export function noTotals(): Totals {
  return { found: 0, fresh: 0, none: 0, miss: 0, lost: 0, unreadable: 0, error: 0 }
}

/** The whole per cent of judged answers that found their session; `undefined` before the first one. Never rounds up to 100. */
export function foundPercent(totals: Readonly<Totals>): number | undefined {
  const all = judged.reduce((sum, outcome) => sum + totals[outcome], 0)
  return all === 0 ? undefined : Math.floor((totals.found / all) * 100)
}
