import { randomBytes } from 'node:crypto'
import type { Agent } from 'node:http'
import type { Outcome } from '../wire/outcome.ts'
import type { UserAction } from '../wire/record.ts'
import { type Jar, jar } from './jar.ts'
import { firstVerdict, searched, type Testimony } from './verdict.ts'
import { type Answer, visit } from './visit.ts'

/** The lane as one of its users meets it. */
export interface LaneTarget {
  readonly balancerUrl: string
  readonly host: string
  readonly agent: Agent
  /** The session cookie's name. */
  readonly cookieName: string
  nodeUrl(name: string): string | undefined
  /** Hears of each answer to a user as soon as it has come: what is made of it may take a while. */
  answered?(answer: Answer): void
  /** Every node that may hold a session, with the number of times that its process was begun. */
  processes(): readonly { readonly name: string; readonly incarnation: number }[]
}

/** The very process in which a session was begun. */
export interface Home {
  readonly node: string
  readonly incarnation: number
}

/** One user in one lane: a jar, the token that was stored, and what is known of the session. */
export interface Standing {
  readonly jar: Jar
  token?: string | undefined
  home?: Home | undefined
  pinned?: string | undefined
  /** The tokens said so, and only a login changes it. */
  lost: boolean
  /** How it was lost: with its process, or because an answer replaced the cookie. */
  lostBy?: 'process' | 'overwrite' | undefined
  last?: Outcome | undefined
  /** Who held the session when it was last looked for, and with which cookie. */
  held?:
    | { readonly node: string; readonly incarnation: number; readonly cookie: string; readonly until: number }
    | undefined
}

/** A user who has not been here yet. */
export function standing(): Standing {
  return { jar: jar(), lost: false }
}

/** What came of one action. */
export interface Deed {
  readonly answer: Answer
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
  /** This very request showed the loss; later ones only meet it again. */
  readonly firstLoss: boolean
}

export interface DeedOptions {
  /** Sends it to this node's own port. */
  readonly via?: string | undefined
  /** As in a new browser: the jar is emptied first, the affinity cookie too. */
  readonly fresh?: boolean | undefined
  /** For `forge`: a cookie to send in place of the jar's of that name. */
  readonly forged?: { readonly name: string; readonly value: string } | undefined
}

/** How long a holder that was found stays believed before it is asked again, ms. */
const believeMs = 5000

/** The method and target of each action's request. */
function lineOf(action: UserAction, token: string): readonly ['GET' | 'POST', string] {
  switch (action) {
    case 'login':
      return ['GET', `/set?q=${token}`]
    case 'write':
      return ['POST', '/cart/add?item=tea']
    case 'count':
      return ['POST', '/counter']
    case 'logout':
      return ['POST', '/logout']
    default:
      return ['GET', '/get']
  }
}

/** Does one action as this user, really, and judges the answer by the user's token. */
export async function deed(
  lane: LaneTarget,
  user: Standing,
  action: UserAction,
  options: DeedOptions = {},
): Promise<Deed> {
  const at = Date.now()
  if (options.fresh) {
    for (const { name } of user.jar.all()) user.jar.delete(name)
    user.pinned = undefined
  }
  if (action === 'forget' || options.fresh) forget(lane, user)
  const token = randomBytes(9).toString('base64url')
  const [method, target] = lineOf(action, token)
  const cookie = user.jar.get(lane.cookieName)?.value
  const base = options.via === undefined ? lane.balancerUrl : lane.nodeUrl(options.via)
  const answer: Answer =
    base === undefined
      ? { ok: false, reason: 'refused', ms: 0 }
      : await visit(new URL(target, base).href, {
          method,
          cookie: options.forged ? headerWith(user.jar, options.forged) : user.jar.header(at),
          ...(options.via === undefined ? { host: lane.host, agent: lane.agent } : {}),
        })
  lane.answered?.(answer)
  if (action === 'forge')
    return {
      answer,
      at,
      outcome: settled(firstVerdict(action, {}, answer, false)),
      cookie,
      node: servedBy(answer),
      overwrote: false,
      firstLoss: false,
    }
  if (answer.ok) user.jar.take(answer.setCookies, Date.now())
  const now = user.jar.get(lane.cookieName)?.value
  const sent = { cookie, token: user.token }
  const verdict = firstVerdict(action, sent, answer, now !== undefined && now !== cookie)
  const before = user.home?.node
  const wasLost = user.lost
  const search =
    verdict === 'unknown'
      ? await lookFor(lane, user, cookie as string, action === 'open' ? servedBy(answer) : undefined)
      : { outcome: verdict }
  const overwrote =
    cookie !== undefined && now !== undefined && now !== cookie && (action === 'write' || action === 'count')
  remember(lane, user, action, { answer, token, outcome: search.outcome, overwrote, via: options.via })
  const firstLoss = search.outcome === 'lost' && !wasLost
  const overwritten = search.outcome === 'lost' && user.lostBy === 'overwrite'
  return { answer, at, cookie, node: servedBy(answer), home: before, overwrote, overwritten, firstLoss, ...search }
}

const settled = (verdict: Outcome | 'unknown'): Outcome => (verdict === 'unknown' ? 'none' : verdict)

/** The node that says it answered. */
const servedBy = (answer: Answer): string | undefined => (answer.ok ? answer.headers['x-served-by'] : undefined)

/** The Cookie header of a jar in which one value was put by hand; the jar itself keeps its own. */
function headerWith(jar: Jar, { name, value }: { name: string; value: string }): string {
  const others = jar.all().filter((cookie) => cookie.name !== name)
  return [{ name, value }, ...others].map((cookie) => `${cookie.name}=${cookie.value}`).join('; ')
}

function forget(lane: LaneTarget, user: Standing): void {
  user.jar.delete(lane.cookieName)
  Object.assign(user, { token: undefined, home: undefined, held: undefined, lost: false, lostBy: undefined })
}

/**
 * Looks for a session that the answer did not show. One that keeps no token, because a write began it, is found when the very node
 * that answered a read has it: there was nothing to answer with.
 */
async function lookFor(
  lane: LaneTarget,
  user: Standing,
  cookie: string,
  reader: string | undefined,
): Promise<{ outcome: Outcome; holder?: string }> {
  const seen = await look(lane, user, cookie, reader)
  return user.token === undefined && seen.holder !== undefined && seen.holder === reader ? { outcome: 'found' } : seen
}

/** Asks every node on its own port whether it has the user's token; a recent answer, or a loss, is not asked for twice. */
async function look(
  lane: LaneTarget,
  user: Standing,
  cookie: string,
  reader: string | undefined,
): Promise<{ outcome: 'miss' | 'lost'; holder?: string }> {
  if (user.lost) return { outcome: 'lost' }
  const processes = lane.processes()
  const lives = (home: Home | undefined) =>
    processes.some(({ name, incarnation }) => name === home?.node && incarnation === home.incarnation)
  // What keeps no token is asked for anew each time: where all share the sessions, the node that answers must say so itself.
  const held = user.token === undefined ? undefined : user.held
  if (held && held.cookie === cookie && held.until > performance.now() && lives(held))
    return { outcome: 'miss', holder: held.node }
  // The node that answered speaks first: where all share the sessions, all have it.
  const asked = processes.toSorted((one, other) => Number(other.name === reader) - Number(one.name === reader))
  const testimony = await Promise.all(asked.map(({ name }) => ask(lane, user, cookie, name)))
  const verdict = searched(testimony, lives(user.home) ? user.home?.node : undefined)
  const process = processes.find(({ name }) => name === verdict.holder)
  user.held = process && {
    node: process.name,
    incarnation: process.incarnation,
    cookie,
    until: performance.now() + believeMs,
  }
  return verdict
}

async function ask(lane: LaneTarget, user: Standing, cookie: string, node: string): Promise<Testimony> {
  const url = lane.nodeUrl(node)
  if (url === undefined) return { node, says: 'has-not' }
  const target = new URL(user.token === undefined ? '/whoami' : '/get', url).href
  const answer = await visit(target, { cookie: `${lane.cookieName}=${cookie}`, timeoutMs: 1500 })
  if (!answer.ok) return { node, says: answer.reason === 'refused' ? 'has-not' : 'silent' }
  if (answer.status >= 500) return { node, says: 'silent' }
  const has = user.token === undefined ? knowsSomebody(answer.body) : answer.body.trim() === user.token
  return { node, says: answer.status === 200 && has ? 'has' : 'has-not' }
}

/** Whether a node's answer to `/whoami` names a session. */
function knowsSomebody(body: string): boolean {
  try {
    return Boolean((JSON.parse(body) as { session?: unknown }).session)
  } catch {
    return false
  }
}

interface Memory {
  readonly answer: Answer
  readonly token: string
  readonly outcome: Outcome
  readonly overwrote: boolean
  readonly via: string | undefined
}

/** Brings the user's knowledge up to date after an answer. */
function remember(
  lane: LaneTarget,
  user: Standing,
  action: UserAction,
  { answer, token, outcome, overwrote, via }: Memory,
): void {
  user.last = outcome
  const node = servedBy(answer)
  const process = lane.processes().find(({ name }) => name === node)
  if (process && via === undefined && user.jar.all().some(({ name }) => name !== lane.cookieName))
    user.pinned = process.name
  if (outcome === 'fresh') {
    user.token = action === 'login' ? token : undefined
    user.home = process && { node: process.name, incarnation: process.incarnation }
    Object.assign(user, { lost: false, lostBy: undefined, held: undefined })
  } else if (action === 'logout' && answer.ok && answer.status < 400) {
    Object.assign(user, { token: undefined, home: undefined, held: undefined, lost: false, lostBy: undefined })
  } else if (overwrote) {
    // A cookie that was overwritten cannot be brought back: the session is there, and out of this user's reach for good.
    Object.assign(user, { lost: true, lostBy: 'overwrite', held: undefined, home: undefined })
  } else if (outcome === 'found' && action === 'open' && user.lostBy === 'process') {
    // The bytes were there all the time: servers that can read them are back.
    Object.assign(user, { lost: false, lostBy: undefined })
  } else if (outcome === 'lost' && !user.lost) {
    Object.assign(user, { lost: true, lostBy: 'process', held: undefined })
  }
}
