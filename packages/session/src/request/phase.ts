import type { StoredSession } from '../store/store.ts'

/** The session that the request brought, or made and saved. */
export interface StoredPhase {
  readonly name: 'stored'
  readonly id: string
  /** What the store has, as far as this request knows. */
  readonly record: StoredSession
  /** When this request made it, epoch ms; absent when the client brought it. */
  readonly madeAt?: number
  /** Whether the response must give the client the id: because it is new, or to renew what the client holds already. */
  readonly cookie: 'held' | 'renew' | 'new'
}

/** Where one request stands with its session. It is in exactly one of these phases; `RequestSession` alone moves it on. */
export type Phase =
  /** The store was not asked yet. */
  | { readonly name: 'unread' }
  /** There is no session: no id came, or none that the store knows, or this request ended it. A write makes one. */
  | { readonly name: 'none' }
  /** The store did not answer, and readers are let pass as anonymous. */
  | { readonly name: 'unavailable' }
  /** This request made a session, and has not saved it yet. */
  | { readonly name: 'new'; readonly id: string; readonly madeAt: number }
  | StoredPhase
  /** Another request ended the session, or gave it another id, while this one worked on it. */
  | { readonly name: 'gone'; readonly id: string }
  /** The id that the client sent was replaced a moment ago; the response to that is on its way to it. Reads are anonymous. */
  | { readonly name: 'rotated'; readonly id: string }
  /** Another application wrote the session in a form of its own. Reads are anonymous; no write may make another beside it. */
  | { readonly name: 'unreadable'; readonly id: string }
  /** This request ended it, and wants no other. */
  | { readonly name: 'ended' }
