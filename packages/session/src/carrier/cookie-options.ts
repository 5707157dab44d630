import { checkNames, type Names } from '../names.ts'
import { show } from '../show.ts'

/** How the cookie that carries the id is written. It is always HttpOnly: no script has a use for it. */
export interface CookieOptions {
  /** An RFC 6265 token. `__Host-` and `__Secure-` prefixes are checked. @default 'SESSION' */
  readonly name?: string
  /** @default '/' */
  readonly path?: string
  /** Widens the cookie to subdomains; best left unset. @default undefined */
  readonly domain?: string
  /**
   * Whether browsers send it over TLS only. `auto` asks each request: in Fastify `request.protocol` (set `trustProxy`
   * behind a TLS proxy), in plain Node the socket. Browsers take `http://localhost` for secure. @default true
   */
  readonly secure?: boolean | 'auto'
  /** RFC 6265bis. `none` needs `secure: true`. @default 'lax' */
  readonly sameSite?: 'strict' | 'lax' | 'none'
  /** CHIPS: a separate cookie jar per top-level site. Needs `secure: true`. @default false */
  readonly partitioned?: boolean
  /**
   * `false`: the cookie ends with the browser session. `true`: it has a Max-Age of the idle timeout (never beyond the
   * absolute one) and is sent again whenever the session is touched. @default false
   */
  readonly persistent?: boolean
  /**
   * Signs the cookie (HMAC-SHA-256) with the first secret and accepts all of them; one signed with an older secret is
   * signed again, so rotating a secret logs nobody out. Each at least 32 characters. @default []
   */
  readonly secrets?: readonly string[]
  /** `base64` writes the id as Spring Session does. @default 'plain' */
  readonly encoding?: 'plain' | 'base64'
}

/** `CookieOptions` with defaults, checked. */
export type ResolvedCookie = Required<Omit<CookieOptions, 'domain'>> & { readonly domain: string | undefined }

const NAMES: Names<Required<CookieOptions>> = {
  name: true,
  path: true,
  domain: true,
  secure: true,
  sameSite: true,
  partitioned: true,
  persistent: true,
  secrets: true,
  encoding: true,
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/
const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/
const DOMAIN = /^\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/

/** Browsers drop a cookie whose name and value are longer (RFC 6265bis §5.6). */
export const MAX_COOKIE_BYTES = 4096

/** Checks the rules that browsers enforce silently. Throws a `TypeError` that names the option. */
export function checkCookieOptions(options: CookieOptions = {}): ResolvedCookie {
  if (typeof options !== 'object' || options === null) refuse('', options, 'an object of cookie options, or false')
  checkNames<CookieOptions>('createSessions', options, NAMES, 'cookie')
  const { name = 'SESSION', path = '/', domain, secure = true, sameSite = 'lax' } = options
  const { partitioned = false, persistent = false, secrets = [], encoding = 'plain' } = options
  const cookie = { name, path, domain, secure, sameSite, partitioned, persistent, secrets, encoding }
  checkWords(cookie)
  checkPrefix(cookie)
  checkSecure(cookie)
  checkSecrets(cookie.secrets)
  return cookie
}

function checkWords(cookie: ResolvedCookie): void {
  const { name, path, domain, sameSite, secure, encoding } = cookie
  if (!isText(name, TOKEN)) refuse('name', name, '1 to 128 characters of an RFC 6265 token')
  if (!isText(path, PATH)) refuse('path', path, 'a path that begins with / and has no ; or control character')
  if (domain !== undefined && !isText(domain, DOMAIN)) refuse('domain', domain, 'a host name')
  if (!['strict', 'lax', 'none'].includes(sameSite)) refuse('sameSite', sameSite, "'strict', 'lax' or 'none'")
  if (secure !== 'auto' && typeof secure !== 'boolean') refuse('secure', secure, "true, false or 'auto'")
  for (const option of ['partitioned', 'persistent'] as const) {
    if (typeof cookie[option] !== 'boolean') refuse(option, cookie[option], 'true or false')
  }
  if (encoding !== 'plain' && encoding !== 'base64') refuse('encoding', encoding, "'plain' or 'base64'")
}

/** `RegExp.test` takes a number for a text. */
const isText = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value)

function checkPrefix({ name, path, domain, secure }: ResolvedCookie): void {
  // Browsers compare the prefixes without regard to case (RFC 6265bis §4.1.3).
  const prefix = /^__(host|secure)-/i.exec(name)?.[1]?.toLowerCase()
  if (!prefix) return
  if (secure !== true) refuse('secure', secure, `true with the name ${name}`)
  if (prefix === 'secure') return
  if (path !== '/') refuse('path', path, `'/' with the name ${name}`)
  if (domain !== undefined) refuse('domain', domain, `unset with the name ${name}`)
}

function checkSecure({ sameSite, partitioned, secure }: ResolvedCookie): void {
  if (sameSite === 'none' && secure !== true) refuse('secure', secure, "true with sameSite: 'none'")
  if (partitioned && secure !== true) refuse('secure', secure, 'true with partitioned: true')
}

function checkSecrets(secrets: readonly string[]): void {
  if (!Array.isArray(secrets)) refuse('secrets', secrets, 'an array of strings')
  for (const secret of secrets) {
    if (typeof secret !== 'string' || secret.length < 32) {
      throw new TypeError('createSessions: each of cookie.secrets must be a string of at least 32 characters')
    }
  }
}

function refuse(option: string, value: unknown, allowed: string): never {
  throw new TypeError(`createSessions: cookie${option && `.${option}`} is ${show(value)}, but must be ${allowed}`)
}
