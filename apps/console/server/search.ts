import type { Outcome } from '@session-cluster/contract'
import { attemptTo, searched, type Testimony } from '@session-cluster/visitor'
import type { LaneTarget } from './lane-target.ts'
import { type Home, type UserState, without } from './user-state.ts'

/** How long a holder that was found stays believed before it is asked again, ms. */
const believeMs = 5000
/** How long a node may take to say whether it knows a session, ms. */
const patienceMs = 1500

/** What became of a session that the answer did not show. */
export interface Found {
  readonly outcome: Outcome
  /** Who has it. */
  readonly holder?: string | undefined
  /** It had ended by itself. */
  readonly ended?: boolean
}

/**
 * Looks for a session that the answer did not show. One that keeps no token, because a write began it, is found when the very node
 * that answered a read has it: there was nothing to answer with.
 */
export async function lookFor(
  lane: LaneTarget,
  user: UserState,
  cookie: string,
  reader: string | undefined,
): Promise<Found> {
  const seen = await look(lane, user, cookie, reader)
  if (user.token === undefined && seen.holder !== undefined && seen.holder === reader) return { outcome: 'found' }
  if (seen.outcome !== 'lost' || user.session === 'gone' || !hasEnded(lane, user)) return seen
  without(user)
  return { outcome: 'none', ended: true }
}

/** Whether a session's own time is over: nobody can have lost what has ended. */
function hasEnded({ lifetime }: LaneTarget, { usedAt, begunAt }: UserState): boolean {
  const now = performance.now()
  return now - usedAt >= lifetime.idleMs || now - begunAt >= lifetime.absoluteMs
}

/** Asks the nodes anew whether they can read a user's session, though the user asks for nothing: they read it with another codec now. */
export async function lookAgain(lane: LaneTarget, user: UserState): Promise<void> {
  const cookie = user.jar.get(lane.cookieName)
  if (cookie === undefined || user.token === undefined || user.session === 'none' || user.session === 'gone') return
  user.held = undefined
  const { outcome } = await look(lane, user, cookie, undefined)
  if (outcome === 'miss') user.session = 'kept'
  else if (outcome === 'unreadable') user.session = 'unreadable'
}

/** Asks every node on its own port whether it has the user's token; a recent answer, or a loss, is not asked for twice. */
async function look(lane: LaneTarget, user: UserState, cookie: string, reader: string | undefined): Promise<Found> {
  if (user.session === 'gone' && user.noticed) return { outcome: 'lost' }
  if (user.goneBy === 'overwrite') return { outcome: 'lost' }
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
  const home = lives(user.home) ? user.home?.node : undefined
  const verdict = searched(testimony, (node) => lane.shared || node === home)
  const process = processes.find(({ name }) => name === verdict.holder)
  user.held = process && {
    node: process.name,
    incarnation: process.incarnation,
    cookie,
    until: performance.now() + believeMs,
  }
  return verdict
}

async function ask(lane: LaneTarget, user: UserState, cookie: string, node: string): Promise<Testimony> {
  const url = lane.nodeUrl(node)
  if (url === undefined) return { node, says: 'has-not' }
  const get = async (path: string) => {
    const attempt = await attemptTo(new URL(path, url), {
      headers: { accept: 'text/plain', cookie: `${lane.cookieName}=${cookie}` },
      agent: false,
      timeoutMs: patienceMs,
    })
    if (!attempt.ok) return attempt.reason === 'refused' ? ('has-not' as const) : ('silent' as const)
    return attempt.answer.status >= 500 ? ('silent' as const) : attempt.answer
  }
  if (user.token !== undefined) {
    const answer = await get('/get')
    if (typeof answer === 'string') return { node, says: answer }
    if (answer.status === 200 && answer.body.trim() === user.token) return { node, says: 'has' }
  }
  const answer = await get('/whoami')
  if (typeof answer === 'string') return { node, says: answer }
  if (!knowsSomebody(answer.body)) return { node, says: 'has-not' }
  return { node, says: user.token === undefined ? 'has' : 'unreadable' }
}

/** Whether a node's answer to `/whoami` names a session. */
function knowsSomebody(body: string): boolean {
  try {
    return Boolean((JSON.parse(body) as { session?: unknown }).session)
  } catch {
    return false
  }
}
