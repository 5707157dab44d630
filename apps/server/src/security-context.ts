import { registered } from '@session-cluster/session'

/** What an authenticated user is and may do, as a framework such as Spring Security puts it in the session. */
export class SecurityContext {
  readonly #user: string
  readonly #authorities: readonly string[]

  /** Takes its values at construction, and only there: without them it has no form. */
  constructor(user: string, authorities: readonly string[]) {
    this.#user = user
    this.#authorities = authorities
  }

  get user(): string {
    return this.#user
  }

  get authorities(): readonly string[] {
    return this.#authorities
  }

  /** Whether the user holds an authority. A method: what a plain copy of the data no longer has. */
  may(authority: string): boolean {
    return this.#authorities.includes(authority)
  }
}

/** How the `registry` codec writes a `SecurityContext` and makes one again. Every other codec refuses it. */
export const storedContext = registered({
  name: 'SecurityContext',
  class: SecurityContext,
  write: ({ user, authorities }) => ({ user, authorities: [...authorities] }),
  read: ({ user, authorities }) => new SecurityContext(user, authorities),
})
