import type { ResolvedCookie } from './cookie-options.ts'

/**
 * The values of all cookies of one name in a `Cookie` header, in order; quotes are taken off, nothing is decoded.
 * Never throws: what is not `name=value` is passed over (RFC 6265 §5.4 says how browsers write it).
 */
export function* cookieValues(header: string, name: string): Generator<string> {
  let from = 0
  while (from <= header.length) {
    const end = endOf(header, from)
    const equals = header.indexOf('=', from)
    if (equals !== -1 && equals < end && header.slice(from, equals).trim() === name) {
      yield unquote(header.slice(equals + 1, end).trim())
    }
    from = end + 1
  }
}

/** The value of `name` when the header holds that one cookie and nothing else, the commonest case; else `undefined`. */
export function soleCookie(header: string, name: string): string | undefined {
  if (header.length <= name.length || header.charCodeAt(name.length) !== 61 /* = */) return undefined
  return header.startsWith(name) && !header.includes(';') ? header.slice(name.length + 1) : undefined
}

const endOf = (header: string, from: number): number => {
  const end = header.indexOf(';', from)
  return end === -1 ? header.length : end
}

/** A value without the quotes around it. */
export const unquote = (value: string): string =>
  value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value

/** Writes `Set-Cookie` headers of one cookie; what never changes is put together once. */
export class CookieWriter {
  readonly #cookie: ResolvedCookie
  readonly #attributes: string

  constructor(cookie: ResolvedCookie) {
    this.#cookie = cookie
    const site = cookie.sameSite[0]?.toUpperCase() + cookie.sameSite.slice(1)
    const domain = cookie.domain === undefined ? '' : `; Domain=${cookie.domain}`
    this.#attributes = `; Path=${cookie.path}${domain}; HttpOnly; SameSite=${site}${cookie.partitioned ? '; Partitioned' : ''}`
  }

  /** The header that sets the cookie; `maxAgeMs` only when it shall outlive the browser session. */
  set(value: string, isTls: boolean, maxAgeMs?: number): string {
    const age = maxAgeMs === undefined ? '' : `; Max-Age=${Math.max(0, Math.floor(maxAgeMs / 1000))}`
    return `${this.#cookie.name}=${value}${this.#attributes}${this.#secure(isTls)}${age}`
  }

  /** The header that makes a browser forget the cookie. */
  clear(isTls: boolean): string {
    const past = '; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
    return `${this.#cookie.name}=${this.#attributes}${this.#secure(isTls)}${past}`
  }

  #secure(isTls: boolean): string {
    return this.#cookie.secure === true || (this.#cookie.secure === 'auto' && isTls) ? '; Secure' : ''
  }
}
