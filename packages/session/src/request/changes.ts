import { newId } from '../carrier/id.ts'
import { show } from '../show.ts'
import type { OwnLifetime } from '../store/store.ts'
import type { RequestSession } from './request-session.ts'

/** A new id that waits for the commit, and whose session it becomes with it; `null`: nobody's. */
export interface Rotation {
  readonly id: string
  readonly user?: string | null | undefined
  readonly authenticatedAt?: number | undefined
}

/** Which attributes outlast a change of hands: all, none, or those of these names. */
export type Kept = boolean | readonly string[]

/** What a request wants changed and has not saved yet. */
export class Changes {
  /** What attributes become; `undefined` removes. */
  readonly attributes: Map<string, Uint8Array | undefined>
  #rotation: Rotation | undefined
  #isAnew = false
  /** A lifetime of the session's own; `null`: none any longer. */
  lifetime: OwnLifetime | null | undefined

  constructor(attributes: Iterable<readonly [string, Uint8Array | undefined]> = []) {
    this.attributes = new Map(attributes)
  }

  get rotation(): Rotation | undefined {
    return this.#rotation
  }

  /** Whether the session is replaced by a new one that has nothing but these attributes. */
  get isAnew(): boolean {
    return this.#isAnew
  }

  get isEmpty(): boolean {
    return this.#rotation === undefined && this.attributes.size === 0 && this.lifetime === undefined
  }

  /** Has the session get a new id. A user who was named before stays named. */
  rotate(user: string | null | undefined, now: number): void {
    const before = this.#rotation
    if (user === undefined)
      this.#rotation = { id: newId(), user: before?.user, authenticatedAt: before?.authenticatedAt }
    else this.#rotation = { id: newId(), user, authenticatedAt: user === null ? undefined : now }
  }

  /** Replaces the session by a new one with these attributes. */
  beginAnew(kept: ReadonlyMap<string, Uint8Array>): void {
    this.attributes.clear()
    for (const [name, bytes] of kept) this.attributes.set(name, bytes)
    this.lifetime = undefined
    this.#isAnew = true
  }
}

/** Throws a `TypeError` unless `keep` says which attributes stay. */
export function checkKeep(where: string, keep: unknown): asserts keep is Kept {
  const isKept = typeof keep === 'boolean' || (Array.isArray(keep) && keep.every((name) => typeof name === 'string'))
  if (!isKept) throw new TypeError(`${where}: keep is ${show(keep)}, but must be true, false or a list of names`)
}

/** The attributes that are to be kept, as this request sees them. The session must be loaded. */
export function keptOf({ record, changes }: RequestSession, keep: Kept): Map<string, Uint8Array> {
  const kept = new Map<string, Uint8Array>()
  if (keep === false) return kept
  const all = new Map<string, Uint8Array | undefined>(changes?.isAnew ? [] : record?.attributes)
  for (const [name, bytes] of changes?.attributes ?? []) all.set(name, bytes)
  for (const [name, bytes] of all) if (bytes && (keep === true || keep.includes(name))) kept.set(name, bytes)
  return kept
}
