import { maskId } from '../carrier/id.ts'
import type { RequestSession } from './request-session.ts'

/** What is known of a session beside its attributes. */
export interface SessionInfo {
  /**
   * The secret that the client holds. It is left out of JSON, spreads and logs, so that it gets nowhere by accident;
   * `maskedId` and the events' hashes may be shown.
   */
  readonly id: string
  /** The end of the id, such as `…7f`. */
  readonly maskedId: string
  /** Where it lies in the store, when the store can tell. */
  readonly storageKey?: string
  /** Whether this request made it. */
  readonly isNew: boolean
  /** Epoch ms. */
  readonly createdAt: number
  /** The access before this request's, epoch ms; written down at most every `touchEveryMs`. */
  readonly lastAccessedAt: number
  readonly user?: string
  /** When the user last proved who they are (`rotate({ user })`), epoch ms. */
  readonly authenticatedAt?: number
}

/** What a request knows of its session; `undefined` when there is none. The session must be loaded. */
export function infoOf({ phase, record, madeAt, changes, user, manager }: RequestSession): SessionInfo | undefined {
  if (phase.name !== 'stored' && phase.name !== 'new') return undefined
  const rotation = changes?.rotation
  const id = (record && rotation?.id) ?? phase.id
  const createdAt = record?.createdAt ?? madeAt ?? manager.options.now()
  const authenticatedAt = rotation?.user === undefined ? record?.authenticatedAt : rotation.authenticatedAt
  const storageKey = manager.options.store.keyOf?.(id)
  const shown: Omit<SessionInfo, 'id'> = {
    maskedId: maskId(id),
    isNew: madeAt !== undefined,
    createdAt,
    lastAccessedAt: record?.lastAccessedAt ?? createdAt,
    ...(storageKey === undefined ? {} : { storageKey }),
    ...(user === undefined ? {} : { user }),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
  }
  return Object.defineProperty(shown, 'id', { value: id }) as SessionInfo
}
