import type { Outcome } from '../wire/outcome.ts'
import type { UserAction } from '../wire/record.ts'
import type { Answer } from './visit.ts'

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
export function firstVerdict(action: UserAction, sent: Expectation, answer: Answer, renewed: boolean): FirstVerdict {
  if (!answer.ok || answer.status >= 500) return 'error'
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
    case 'write':
    case 'count':
      if (sent.cookie === undefined) return 'fresh'
      return renewed || answer.status >= 400 ? 'unknown' : 'found'
  }
}

/** What asking one node brought. `silent`: it did not answer, so nothing is known of it. */
export type Testimony = { readonly node: string; readonly says: 'has' | 'has-not' | 'silent' }

/**
 * Tells a miss from a loss once every node was asked. A node that is silent yet still runs the process in which the session
 * was begun (it is frozen, say) may still hold it: that is a miss.
 * @param home the node whose living process began the session; `undefined` when that process is gone or there is none
 */
export function searched(
  testimony: readonly Testimony[],
  home: string | undefined,
): { outcome: 'miss' | 'lost'; holder?: string } {
  const holder =
    testimony.find(({ says }) => says === 'has') ??
    testimony.find(({ node, says }) => says === 'silent' && node === home)
  return holder ? { outcome: 'miss', holder: holder.node } : { outcome: 'lost' }
}
