import { newId } from '../carrier/id.ts'

/** A new id that waits for the commit, and whose session it becomes with it. */
export interface Rotation {
  readonly id: string
  readonly user?: string | undefined
  readonly authenticatedAt?: number | undefined
}

/** What a request wants changed and has not saved yet. */
export class Changes {
  /** What attributes become; `undefined` removes. */
  readonly attributes: Map<string, Uint8Array | undefined>
  #rotation: Rotation | undefined

  constructor(attributes: Iterable<readonly [string, Uint8Array | undefined]> = []) {
    this.attributes = new Map(attributes)
  }

  get rotation(): Rotation | undefined {
    return this.#rotation
  }

  get isEmpty(): boolean {
    return this.#rotation === undefined && this.attributes.size === 0
  }

  /** Has the session get a new id. A user who was named before stays named. */
  rotate(user: string | undefined, now: number): void {
    const before = this.#rotation
    const authenticatedAt = user === undefined ? before?.authenticatedAt : now
    this.#rotation = { id: newId(), user: user ?? before?.user, authenticatedAt }
  }
}
