import type { IncomingHttpHeaders } from 'node:http'
import type { ResolvedOptions } from '../options.ts'
import { CookieWriter, cookieValues, soleCookie, unquote } from './cookie.ts'
import { isParserReady, parseEach } from './cookie-parser.ts'
import { type Token, TokenFormat } from './token.ts'

/** A response header to be written. */
export interface CarrierHeader {
  readonly name: 'set-cookie' | (string & {})
  readonly value: string
}

/** Carries ids between client and server. */
export interface Carrier {
  /** The id in a request. */
  read(headers: IncomingHttpHeaders): Token | 'absent' | 'malformed'
  /** The header that gives the client this id, to keep for so long; `undefined`: until the browser is closed. */
  give(id: string, isTls: boolean, maxAgeMs: number | undefined): CarrierHeader
  /** The header that makes the client forget it. */
  take(isTls: boolean): CarrierHeader
  /** The header by which the client says, for as long as others may not know of it, that it has just written; none where it cannot. */
  tellOfWrite(isTls: boolean): CarrierHeader | undefined
  /** Whether a request says so. */
  hasWritten(headers: IncomingHttpHeaders): boolean
  /** Whether clients keep ids when their browsers are closed, unless a session says otherwise. */
  readonly isPersistent: boolean
  /** Whether writing needs to know if the request came over TLS. */
  readonly asksTls: boolean
}

/** The carrier that the options ask for: the cookie, or the header. */
export function carrier({ cookie, header, route, store }: ResolvedOptions): Carrier {
  const foreign = store.plainIds === true
  if (header !== undefined) {
    return headerCarrier(header, new TokenFormat({ route, foreign, secrets: [], encoding: 'plain' }))
  }
  if (!cookie) throw new TypeError('createSessions: neither a cookie nor a header')
  const { secrets, encoding, persistent, secure } = cookie
  const format = new TokenFormat({ route, foreign, secrets, encoding })
  const writer = new CookieWriter(cookie)
  const wrote = `${cookie.name}-wrote`
  const wroteWriter = new CookieWriter({ ...cookie, name: wrote })
  // A second more: there are clients that count in whole seconds.
  const wroteForMs = Math.ceil((store.lagMs ?? 0) / 1000) * 1000 + 1000
  return {
    isPersistent: persistent,
    asksTls: secure === 'auto',
    read: (headers) => readCookie(headers.cookie, cookie.name, format),
    give: (id, isTls, maxAgeMs) => ({
      name: 'set-cookie',
      value: writer.set(format.write(id), isTls, maxAgeMs),
    }),
    take: (isTls) => ({ name: 'set-cookie', value: writer.clear(isTls) }),
    tellOfWrite: (isTls) => ({ name: 'set-cookie', value: wroteWriter.set('1', isTls, wroteForMs) }),
    hasWritten: (headers) => headers.cookie?.includes(`${wrote}=`) === true,
  }
}

/** The first well-formed value wins: a stray cookie of the same name from another path must not hide a good one. */
function readCookie(header: string | undefined, name: string, format: TokenFormat): Token | 'absent' | 'malformed' {
  if (header === undefined) return 'absent'
  const sole = soleCookie(header, name)
  const token = sole === undefined ? undefined : format.read(sole)
  if (token) return token
  if (!isParserReady()) return scanCookie(header, name, format)
  const tokens = parseEach(header, (value) => format.read(unquote(value)))
  return tokens[name] ?? (name in tokens ? 'malformed' : 'absent')
}

/** The same without Fastify, where `@fastify/cookie` has no parser to give. */
function scanCookie(header: string, name: string, format: TokenFormat): Token | 'absent' | 'malformed' {
  let found: 'absent' | 'malformed' = 'absent'
  for (const value of cookieValues(header, name)) {
    const token = format.read(value)
    if (token) return token
    found = 'malformed'
  }
  return found
}

function headerCarrier(name: string, format: TokenFormat): Carrier {
  return {
    isPersistent: false,
    asksTls: false,
    read: (headers) => {
      const value = headers[name]
      if (value === undefined || value === '') return 'absent'
      return (typeof value === 'string' && format.read(value)) || 'malformed'
    },
    give: (id) => ({ name, value: format.write(id) }),
    take: () => ({ name, value: '' }),
    tellOfWrite: () => undefined,
    hasWritten: () => false,
  }
}
