import { changedAtLatest, mayHaveChanged, type Violation, type Visit } from './history.ts'

/** A visit that was answered from the session whose id it bore: nobody else's, and no new one. */
const isServed = ({ status, reason, given }: Visit): boolean =>
  (status === 200 && given === '') || reason === 'no-attribute'

/** A visit that was told that the session whose id it bore is not there. */
const isGone = (visit: Visit): boolean =>
  ['unknown-session', 'expired-session', 'session-ended'].includes(visit.reason) ||
  // A change makes a new session where there is none; a login answers a new id in any case.
  (visit.status === 200 && visit.given !== '' && visit.operation !== 'login')

const isEnder = ({ operation }: Visit): boolean => operation === 'login' || operation === 'logout'

/** A login or logout after which the session whose id it bore may be no more. */
export const mayHaveEnded = (visit: Visit): boolean => isEnder(visit) && (visit.status === 200 || mayHaveChanged(visit))

/** Sessions end by a login (which gives another id) or a logout, and by nothing else; what has ended stays so. */
export function judgeEnds(visits: readonly Visit[]): Violation[] {
  const byId = Map.groupBy(
    visits.filter(({ bore }) => bore !== ''),
    ({ bore }) => bore,
  )
  return [...byId.values()].flatMap((own) => [...judgeServed(own), ...judgeGone(own)])
}

function judgeServed(own: readonly Visit[]): Violation[] {
  const over = (visit: Visit): boolean => (isEnder(visit) && visit.status === 200) || isGone(visit)
  const first = own.filter(over).toSorted((a, b) => a.doneAt - b.doneAt)[0]
  if (!first) return []
  return own
    .filter((visit) => isServed(visit) && visit.operation !== 'logout' && visit.sentAt > first.doneAt)
    .map((visit) => ({ what: `a session is there after it had ended (${first.operation}, ${first.status})`, visit }))
}

function judgeGone(own: readonly Visit[]): Violation[] {
  const enders = own.filter(mayHaveEnded)
  // A logout says yes whether there is a session or not.
  const served = own.filter((visit) => isServed(visit) && visit.operation !== 'logout')
  const lastServed = Math.max(-Infinity, ...served.map(({ sentAt }) => sentAt))
  return own
    .filter((visit) => isGone(visit))
    .filter((visit) => !enders.some((ender) => ender.sentAt < visit.doneAt && lastServed <= changedAtLatest(ender)))
    .map((visit) => ({ what: 'a session is gone that nobody ended', visit }))
}

/** An id is given once, to one client. */
export function judgeGiven(visits: readonly Visit[]): Violation[] {
  const owners = new Map<string, string>()
  return visits.flatMap((visit) => {
    const { given, client } = visit
    if (given === '') return []
    const isTheirs = owners.has(given) && owners.get(given) !== client
    owners.set(given, client)
    return isTheirs ? [{ what: 'an id that another client was given', visit }] : []
  })
}
