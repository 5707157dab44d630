import type { ResolvedOptions } from '../options.ts'

/** A session's cookie, for programs that look at it. Browsers are given the same. */
export interface CookieView {
  readonly path: string | undefined
  readonly domain: string | undefined
  readonly httpOnly: true
  readonly secure: boolean | 'auto' | undefined
  readonly sameSite: string | undefined
  /** How long a persistent cookie lives, ms; `null` for one that ends with the browser. */
  readonly maxAge: number | null
  readonly originalMaxAge: number | null
  readonly expires: Date | null
}

const ADVICE =
  'the cookie is the same for all sessions of one createSessions(): give its options there. ' +
  'A lifetime for one session is sessions.of(request).setLifetime({ … })'

/** What the cookie is like. Whoever assigns to it is told so, also where JavaScript would keep silent. */
export function cookieView({ cookie, lifetime, now }: ResolvedOptions): CookieView {
  const maxAge = cookie?.persistent ? lifetime.idleTimeoutMs : null
  const view: CookieView = {
    path: cookie?.path,
    domain: cookie?.domain,
    httpOnly: true,
    secure: cookie?.secure,
    sameSite: cookie?.sameSite || undefined,
    maxAge,
    originalMaxAge: maxAge,
    expires: maxAge === null ? null : new Date(now() + maxAge),
  }
  return new Proxy(view, {
    set: (_view, name) => {
      throw new TypeError(`request.session.cookie.${String(name)} cannot be set: ${ADVICE}`)
    },
  })
}

const COOKIE_OPTIONS = ['domain', 'expires', 'httpOnly', 'maxAge', 'partitioned', 'path', 'sameSite', 'secure']

/** Throws for cookie options; others, such as a CSRF plugin's `userInfo`, are none of ours. */
export function refuseCookieOptions(options: object): void {
  const name = COOKIE_OPTIONS.find((option) => option in options)
  if (name !== undefined) throw new TypeError(`request.session.options({ ${name} }): ${ADVICE}`)
}
