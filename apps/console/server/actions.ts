import { randomInt } from 'node:crypto'
import type { Outcome } from '@session-cluster/contract'
import { type Attempt, attemptTo, type CookieJar, firstVerdict, type UserAction } from '@session-cluster/visitor'
import type { LaneTarget } from './lane-target.ts'
import { lookFor } from './search.ts'
import { type Home, type UserState, without } from './user-state.ts'

/** What came of one action. */
export interface Done {
  readonly attempt: Attempt
  /** The request line's method and target. */
  readonly line: readonly [string, string]
  readonly at: number
  readonly outcome: Outcome
  /** The session cookie that was sent. */
  readonly cookie?: string | undefined
  readonly node?: string | undefined
  readonly holder?: string | undefined
  /** Where the session had lived. */
  readonly home?: string | undefined
  readonly overwrote: boolean
  /** An earlier answer had replaced the cookie. */
  readonly overwritten?: boolean | undefined
  /** The session had ended by itself: nobody used it for long enough. */
  readonly ended?: boolean | undefined
}

export interface ActOptions {
  /** Sends it to this node's own port. */
  readonly via?: string | undefined
  /** As in a new browser: the jar is emptied first, the affinity cookie too. */
  readonly fresh?: boolean | undefined
  /** For `forge`: a cookie to send in place of the jar's of that name. */
  readonly forged?: { readonly name: string; readonly value: string } | undefined
}

/** The most of a body that is kept: more than a token needs. */
const maxBodyBytes = 64 * 1024
/** The bound for one visit, ms: longer than the balancer's own, so that a 504 is the balancer's word. */
const visitMs = 35_000

/** The method and target of each action's request. */
function lineOf(action: UserAction, token: string, name: string): readonly ['GET' | 'POST', string] {
  switch (action) {
    case 'login':
      return ['GET', `/set?q=${token}`]
    case 'write':
      return ['POST', '/cart/add?item=tea']
    case 'count':
      return ['POST', '/counter']
    case 'context':
      return ['POST', `/context?user=${name}`]
    case 'logout':
      return ['POST', '/logout']
    default:
      return ['GET', '/get']
  }
}

/** The tutorial's password, with an ending that nobody else's has: whoever gives it back has found this very session. */
const newToken = (): string =>
  `password-${randomInt(36 ** 6)
    .toString(36)
    .padStart(6, '0')}`

/** Does one action as this user, really, and judges the answer by the user's token. */
export async function act(
  lane: LaneTarget,
  user: UserState,
  action: UserAction,
  options: ActOptions = {},
  name = '',
): Promise<Done> {
  const at = Date.now()
  if (options.fresh) {
    user.jar.clear()
    user.pinned = undefined
  }
  if (action === 'forget') user.jar.delete(lane.cookieName)
  if (action === 'forget' || options.fresh) without(user)
  const token = newToken()
  const line = lineOf(action, token, name)
  const cookie = user.jar.get(lane.cookieName)
  const attempt = await send(lane, user, line, options)
  lane.answered?.(attempt)
  const node = servedBy(attempt)
  if (action === 'forge') {
    const verdict = firstVerdict(action, {}, attempt, false)
    return { attempt, line, at, cookie, node, outcome: verdict === 'unknown' ? 'none' : verdict, overwrote: false }
  }
  if (attempt.ok) user.jar.store(attempt.answer.headers['set-cookie'] ?? [])
  const now = user.jar.get(lane.cookieName)
  const renewed = now !== undefined && now !== cookie
  const verdict = firstVerdict(action, { cookie, token: user.token }, attempt, renewed)
  const home = user.home?.node
  const search =
    verdict === 'unknown' && cookie !== undefined
      ? await lookFor(lane, user, cookie, action === 'open' ? node : undefined)
      : { outcome: verdict === 'unknown' ? ('none' as const) : verdict }
  const overwrote =
    cookie !== undefined && renewed && (action === 'write' || action === 'count' || action === 'context')
  remember(lane, user, action, { attempt, token, outcome: search.outcome, overwrote, via: options.via })
  const overwritten = search.outcome === 'lost' && user.goneBy === 'overwrite'
  return { attempt, line, at, cookie, node, home, overwrote, overwritten, ...search }
}

async function send(
  lane: LaneTarget,
  user: UserState,
  [method, target]: readonly ['GET' | 'POST', string],
  { via, forged }: ActOptions,
): Promise<Attempt> {
  const base = via === undefined ? lane.balancerUrl : lane.nodeUrl(via)
  if (base === undefined) return { ok: false, reason: 'refused', ms: 0 }
  const cookie = forged ? headerWith(user.jar, forged) : user.jar.header
  return attemptTo(new URL(target, base), {
    method,
    headers: {
      accept: 'text/plain',
      ...(cookie !== undefined && { cookie }),
      ...(method === 'POST' && { 'content-length': '0' }),
      ...(via === undefined && { host: lane.host }),
    },
    // Straight to a node each visit makes its own connection, so that a restarted node's stale socket is never met.
    agent: via === undefined ? lane.agent : false,
    timeoutMs: visitMs,
    maxBodyBytes,
  })
}

/** The node that says it answered. */
const servedBy = (attempt: Attempt): string | undefined => (attempt.ok ? attempt.answer.node : undefined)

/** The Cookie header of a jar in which one value was put by hand; the jar itself keeps its own. */
function headerWith(jar: CookieJar, { name, value }: { name: string; value: string }): string | undefined {
  const copy = jar.clone()
  copy.delete(name)
  const others = copy.header
  return others === undefined ? `${name}=${value}` : `${name}=${value}; ${others}`
}

interface Memory {
  readonly attempt: Attempt
  readonly token: string
  readonly outcome: Outcome
  readonly overwrote: boolean
  readonly via: string | undefined
}

/** Brings the user's knowledge up to date after an answer. */
function remember(
  lane: LaneTarget,
  user: UserState,
  action: UserAction,
  { attempt, token, outcome, overwrote, via }: Memory,
): void {
  user.last = outcome
  const node = servedBy(attempt)
  const process = lane.processes().find(({ name }) => name === node)
  const home: Home | undefined = process && { node: process.name, incarnation: process.incarnation }
  if (home && via === undefined && user.jar.names.some((name) => name !== lane.cookieName)) user.pinned = home.node
  const now = performance.now()
  if (outcome === 'fresh') {
    without(user)
    Object.assign(user, { session: 'kept', token: action === 'login' ? token : undefined, home, begunAt: now })
  } else if (action === 'logout' && attempt.ok && attempt.answer.status < 400) without(user)
  // A cookie that was overwritten cannot be brought back: the session is there, and out of this user's reach for good.
  else if (overwrote) Object.assign(user, { session: 'gone', goneBy: 'overwrite', held: undefined, home: undefined })
  else if (outcome === 'found' && action === 'open') Object.assign(user, { session: 'kept', goneBy: undefined })
  else if (outcome === 'unreadable') user.session = 'unreadable'
  else if (outcome === 'lost') Object.assign(user, { session: 'gone', goneBy: user.goneBy ?? 'process' })
  if (outcome === 'fresh' || outcome === 'found') user.usedAt = now
}
