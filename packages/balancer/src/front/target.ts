/** What a request's target says (RFC 9112 §3.2). */
export interface Target {
  /** Origin form, or `*`; anything else is a target that is not served. */
  readonly path: string
  /** Of the absolute form: it stands for the `Host` field. */
  readonly authority: string | undefined
}

/** Reads the target of an HTTP/1 request: the absolute form asks for the same as the origin form with its host. */
export function readTarget(method: string, target: string): Target {
  const absolute = target.charCodeAt(0) === SLASH ? null : ABSOLUTE.exec(target)
  if (absolute === null) return { path: target, authority: undefined }
  const [, authority, rest = ''] = absolute
  if (rest.startsWith('/')) return { path: rest, authority }
  return { path: rest === '' && method === 'OPTIONS' ? '*' : `/${rest}`, authority }
}

const ABSOLUTE = /^https?:\/\/([^/?#]+)([\s\S]*)$/i
const SLASH = 0x2f

/**
 * Whether a path with its query can be sent on: RFC 3986 §3.3 and §3.4, and besides what browsers send as it is (WHATWG URL):
 * `|`, `[` and `]`, and in a query a backslash, a backquote, `^`, `{` and `}` too. A fragment is never sent.
 */
export const isPath = (path: string): boolean => PATH.test(path)

const PATH = /^\/[\w.~%!$&'()*+,;=:@/|[\]-]*(?:\?[\w.~%!$&'()*+,;=:@/?|[\]\\`^{}-]*)?$/

/** RFC 9110 §7.2, without `,` and `;`, which are never in a name and mean something in lists. */
export const isHost = (text: string): boolean => HOST.test(text)

const HOST = /^(?:[\w.~%!$&'()*+=-]*|\[[\da-f:.]+\])(?::\d{0,5})?$/i
