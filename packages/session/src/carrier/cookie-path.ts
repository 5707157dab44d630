/** A request as far as it says which page it asked for. */
interface Asking {
  readonly url?: string
  /** Express's: `url` without what a router has cut off. */
  readonly originalUrl?: string
}

/**
 * Finds out when a client is given a cookie on a page that it will not send it back to: every such request makes a session that
 * nobody sees again. Says so once, as a warning and not as an error, because a proxy may have cut off a prefix.
 */
export class CookiePathWatch {
  readonly #path: string
  #isSaid = false

  constructor(path: string) {
    this.#path = path
  }

  /** Looks at a request whose response gives the cookie. */
  look(request: object): void {
    if (this.#isSaid || this.#path === '/') return
    const { url, originalUrl } = request as Asking
    const asked = pathOf(originalUrl ?? url)
    if (asked === undefined || isWithin(asked, this.#path)) return
    this.#isSaid = true
    process.emitWarning(
      `A request for ${asked} was given a session cookie with Path=${this.#path}, so its client will not send it back there. ` +
        'Set cookie.path to cover every page that writes to the session. (Ignore this if a proxy cuts off a prefix.)',
      { type: 'SessionWarning', code: 'SESSION_COOKIE_PATH' },
    )
  }
}

/** Whether a browser sends a cookie with this path along (RFC 6265 §5.1.4). */
const isWithin = (asked: string, path: string): boolean =>
  asked === path || asked.startsWith(path.endsWith('/') ? path : `${path}/`)

/** The path of a request's target; absolute ones are what proxies are sent. */
function pathOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined
  const [, path = ''] = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(url) ?? []
  return path === '' ? '/' : path
}
