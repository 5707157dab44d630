import type { NodeSession } from '@session-cluster/contract'
import type { UserAction } from '@session-cluster/visitor'
import type { LaneId, RequestRecord } from '../wire/record.ts'
import type { ActOptions, Done } from './actions.ts'
import type { Joined } from './joiner.ts'
import type { LaneTarget } from './lane-target.ts'
import { mask, why } from './why.ts'

/** The lane that a record is of. */
interface Where {
  readonly id: LaneId
  readonly target: Pick<LaneTarget, 'cookieName' | 'shared'>
}

/** What a user's action came to, seen from both ends. */
export function recordOf(
  { id, target }: Where,
  user: string,
  action: UserAction,
  { via, forged }: ActOptions,
  done: Done,
  joined: Joined,
): Omit<RequestRecord, 'seq'> {
  const { attempt, at, outcome, node } = done
  const session = joined.node?.session ?? undefined
  const status = attempt.ok ? attempt.answer.status : 0
  const said = attempt.ok && status < 300 ? firstLine(attempt.answer.body) : undefined
  return {
    lane: id,
    user,
    action,
    line: done.line.join(' '),
    ...(said === undefined ? {} : { said }),
    at,
    ms: Math.round(attempt.ms * 10) / 10,
    status,
    ...(node === undefined ? {} : { node }),
    direct: via !== undefined,
    hops: hopsOf(joined),
    outcome,
    ...(session && { session: noteOf(session) }),
    why: why({
      cookieName: target.cookieName,
      cookie: done.cookie === undefined ? undefined : mask(done.cookie),
      forged: forged && { name: forged.name, id: mask(forged.value) },
      direct: via,
      decisions: joined.decisions,
      node,
      session,
      shared: target.shared,
      outcome,
      status,
      failure: attempt.ok ? undefined : attempt.reason,
      holder: done.holder,
      home: done.home,
      overwrote: done.overwrote,
      overwritten: done.overwritten,
      ended: done.ended,
    }),
  }
}

/** Somebody else's request through the balancer: drawn and counted, but no token can judge its session. */
export function strangerRecord(
  { id, target }: Where,
  joined: Joined & { readonly done: NonNullable<Joined['done']> },
): Omit<RequestRecord, 'seq'> {
  const { decisions, done } = joined
  const session = joined.node?.session ?? undefined
  const outcome = done.status >= 500 ? 'error' : 'none'
  return {
    lane: id,
    action: 'visit',
    at: done.at - done.ms,
    ms: done.ms,
    status: done.status,
    ...(done.upstream === undefined ? {} : { node: done.upstream }),
    direct: false,
    hops: hopsOf(joined),
    outcome,
    ...(session && { session: noteOf(session) }),
    why: why({
      cookieName: target.cookieName,
      cookie: session?.maskedCookie,
      decisions,
      node: done.upstream,
      session,
      shared: target.shared,
      outcome,
      status: done.status,
    }),
  }
}

/** What a browser would show of an answer; of a refusal only its status, because it may name an id. */
const firstLine = (body: string): string => (body.split('\n', 1)[0] ?? '').slice(0, 60)

const hopsOf = ({ decisions }: Joined): RequestRecord['hops'] =>
  decisions.map(({ upstream = '', attempt, reason }) => ({ upstream, attempt, reason }))

function noteOf({ cookie, outcome, commit, storeCommands, storeRoundTrips, storeMs, fromMemory }: NodeSession) {
  const cost = { storeCommands, storeRoundTrips, storeMs, ...(fromMemory ? { fromMemory } : {}) }
  return { cookie, outcome, ...cost, ...(commit === undefined ? {} : { commit }) }
}
