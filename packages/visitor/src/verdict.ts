import type { Outcome } from '@session-cluster/contract'
import type { Attempt } from './client.ts'

/** What a user can do, each with one request; `visit` is what somebody else does. */
export type UserAction = 'login' | 'open' | 'write' | 'count' | 'context' | 'logout' | 'forget' | 'forge' | 'visit'

/** What a user held when the request left: the other half of every verdict. */
export interface Expectation {
  /** The session cookie that was sent with it. */
  readonly cookie?: string | undefined
  /** The random token that the user stored in the session, and expects back. */
  readonly token?: string | undefined
}

/** An outcome, or `unknown`: the node does not know the session, so the other nodes must be asked whether they do. */
export type FirstVerdict = Outcome | 'unknown'

/**
 * Judges one answer by the user's token alone. What the balancer or the node say about it plays no part.
 * @param renewed the answer set a session cookie other than the one that was sent
 */
export function firstVerdict(action: UserAction, sent: Expectation, attempt: Attempt, renewed: boolean): FirstVerdict {
  if (!attempt.ok || attempt.answer.status >= 500) return 'error'
  const { answer } = attempt
  switch (action) {
    case 'login':
      return answer.status < 400 ? 'fresh' : 'none'
    case 'logout':
    case 'visit':
      return 'none'
    case 'forget':
    case 'forge':
      return answer.status === 200 ? 'found' : 'none'
    case 'open':
      if (sent.cookie === undefined) return 'none'
      return answer.status === 200 && (sent.token === undefined || answer.body.trim() === sent.token)
        ? 'found'
        : 'unknown'
    case 'context':
    case 'write':
    case 'count':
      // A value that the codec refused, whoever asked: it says nothing about the session.
      if (answer.status === 422) return 'none'
      if (sent.cookie === undefined) return 'fresh'
      return renewed || answer.status >= 400 ? 'unknown' : 'found'
  }
}

/**
 * What asking one node brought. `has`: it gave the token back. `unreadable`: it knows the session and cannot read the token in it.
 * `silent`: it did not answer, so nothing is known of it.
 */
export type Testimony = { readonly node: string; readonly says: 'has' | 'unreadable' | 'has-not' | 'silent' }

/**
 * Tells a miss from a loss once every node was asked. A node that is silent and may hold the session all the same (it is frozen, say)
 * makes it a miss: nothing is called lost before nobody can have it.
 * @param mayHold whether a node may hold the session, answer or not: where all share them each may, else the process that began it
 */
export function searched(
  testimony: readonly Testimony[],
  mayHold: (node: string) => boolean,
): { outcome: 'miss' | 'unreadable' | 'lost'; holder?: string } {
  const holder =
    testimony.find(({ says }) => says === 'has') ??
    testimony.find(({ node, says }) => says === 'silent' && mayHold(node))
  if (holder) return { outcome: 'miss', holder: holder.node }
  return { outcome: testimony.some(({ says }) => says === 'unreadable') ? 'unreadable' : 'lost' }
}
