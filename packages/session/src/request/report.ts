import { maskId } from '../carrier/id.ts'
import type { RequestSession } from './request-session.ts'

/** What one request did with its session: for logs and consoles. It never contains an id. */
export interface SessionReport {
  /** What the client sent. */
  readonly cookie: 'absent' | 'malformed' | 'present'
  /** The end of the id that the client sent, such as `…7f`. */
  readonly maskedCookie?: string
  /**
   * What came of it. `untouched`: the request did not ask for its session, so the store was not asked either. `rotated`:
   * the id was replaced a moment ago, after this request had left its client.
   */
  readonly outcome:
    | 'untouched'
    | 'absent'
    | 'malformed'
    | 'unknown'
    | 'expired'
    | 'rotated'
    | 'unreadable'
    | 'found'
    | 'created'
    | 'failed'
  /** What became of the changes; absent when there were none. `discarded`: the handler failed. */
  readonly commit?: 'ok' | 'gone' | 'conflict' | 'failed' | 'discarded'
  /** Commands that this request sent to the store. */
  readonly storeCommands: number
  /** How often it waited for the network. */
  readonly storeRoundTrips: number
  /** How long it waited for the store, ms. */
  readonly storeMs: number
  /** The session was answered from this process's memory: by a near cache, not by the store behind it. */
  readonly fromMemory?: boolean
}

/** See `Session.report`. */
export function reportOf({ token, outcome, commit, usage, isFromMemory }: RequestSession): SessionReport {
  const sent = typeof token === 'string' ? undefined : maskId(token.id)
  return {
    cookie: typeof token === 'string' ? token : 'present',
    ...(sent === undefined ? {} : { maskedCookie: sent }),
    outcome,
    ...(commit === undefined ? {} : { commit }),
    storeCommands: usage.commands,
    storeRoundTrips: usage.roundTrips,
    storeMs: usage.storeMs,
    ...(isFromMemory ? { fromMemory: true } : {}),
  }
}

/** The part that all events of a session share. */
export function eventOf(
  request: RequestSession,
  id: string = request.id ?? '',
): { at: number; session: string; user?: string } {
  const { user, manager } = request
  const event = { at: manager.options.now(), session: id && manager.events.hash(id) }
  return user === undefined ? event : { ...event, user }
}
