import { cookieValues } from '../headers/cookies.ts'
import { TOKEN } from '../headers/syntax.ts'
import type { PickKey } from '../policies/policy.ts'
import type { Pool } from '../pool/pool.ts'
import type { Upstream } from '../pool/upstream.ts'
import { type Affinity, checkUnavailable, type Pin } from './affinity.ts'
import { affinityToken } from './token.ts'

/** How the balancer's own cookie is made. */
export interface CookieAffinityOptions {
  /** Key of the HMAC, at least 16 characters; balancers that share it agree on every client. */
  secret: string
  /** @default 'AFFINITY' */
  name?: string | undefined
  /** When the pinned upstream cannot serve: pick another, or answer 503. @default 'redispatch' */
  whenUnavailable?: 'redispatch' | 'strict' | undefined
  /** Life of the cookie, whole seconds in ms; without it the cookie lives as long as the browser runs. */
  maxAgeMs?: number | undefined
  /** @default '/' */
  path?: string | undefined
  /** Hosts below this one get the cookie too. @default the host that was asked alone */
  domain?: string | undefined
  /** Whether browsers send it over HTTPS alone. @default as the client's own connection is */
  secure?: boolean | undefined
  /** `none` needs `secure`. @default none over HTTPS, so that framed applications keep theirs; lax over HTTP */
  sameSite?: 'lax' | 'strict' | 'none' | undefined
  /** A jar of its own for each site that frames the application (CHIPS); needs `secure`. @default false */
  partitioned?: boolean | undefined
}

/**
 * Affinity by a cookie that the balancer inserts. It keeps no state: the cookie's value is an HMAC of the upstream's name.
 * @throws TypeError that names the option, its value and what is allowed
 */
export function cookieAffinity(options: CookieAffinityOptions): Affinity {
  checkCookie(options)
  const { secret, name = DEFAULT_NAME } = options
  const overHttp = cookieAttributes(options, false)
  const overHttps = cookieAttributes(options, true)
  const tokens = new WeakMap<Upstream, string>()
  const tokenOf = (upstream: Upstream): string => {
    let token = tokens.get(upstream)
    if (token === undefined) {
      token = affinityToken(secret, upstream.name)
      tokens.set(upstream, token)
    }
    return token
  }
  return {
    name,
    hiddenCookie: name,
    whenUnavailable: options.whenUnavailable ?? 'redispatch',
    pinOf: (request, pool) => pinOf(name, request, pool, tokenOf),
    cookieFor: (upstream, isSecure) => `${name}=${tokenOf(upstream)}; ${isSecure ? overHttps : overHttp}`,
  }
}

/** The cookie's name unless another is given. */
export const DEFAULT_NAME = 'AFFINITY'

/** What follows `name=value; ` in the cookie of a client that came over HTTP or HTTPS. */
export function cookieAttributes(options: CookieAffinityOptions, isHttps: boolean): string {
  const { path = '/', domain, maxAgeMs, secure = isHttps, sameSite = secure ? 'none' : 'lax', partitioned } = options
  const attributes = [
    `Path=${path}`,
    domain !== undefined && `Domain=${domain}`,
    maxAgeMs !== undefined && `Max-Age=${Math.floor(maxAgeMs / 1000)}`,
    'HttpOnly',
    secure && 'Secure',
    `SameSite=${{ lax: 'Lax', strict: 'Strict', none: 'None' }[sameSite]}`,
    partitioned && 'Partitioned',
  ]
  return attributes.filter((attribute) => attribute !== false && attribute !== undefined).join('; ')
}

function checkCookie(options: CookieAffinityOptions): void {
  const { secret, name = DEFAULT_NAME, path = '/', domain, secure, sameSite, partitioned } = options
  const wrong = (what: keyof CookieAffinityOptions, why: string): TypeError => {
    const value = what === 'secret' ? '' : ` ${JSON.stringify(options[what])}`
    return new TypeError(`affinity ${what}:${value} ${why}`)
  }
  if (!TOKEN.test(name)) throw wrong('name', 'is not a cookie name (RFC 6265)')
  if (typeof secret !== 'string' || secret.length < 16)
    throw new TypeError('affinity secret: shorter than 16 characters')
  checkUnavailable(options.whenUnavailable)
  if (!/^\/[\x20-\x3a\x3c-\x7e]*$/.test(path))
    throw wrong('path', 'does not begin with /, or holds what no cookie path may')
  if (domain !== undefined && !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(domain)) throw wrong('domain', 'is not a host name')
  if (sameSite !== undefined && !['lax', 'strict', 'none'].includes(sameSite)) {
    throw wrong('sameSite', 'is not lax, strict or none')
  }
  // Browsers drop such cookies (RFC 6265bis), and with them affinity.
  if (sameSite === 'none' && secure !== true) throw wrong('sameSite', 'needs secure: true')
  if (partitioned && secure !== true) throw wrong('partitioned', 'needs secure: true')
  const isHostOnly = name.toLowerCase().startsWith('__host-')
  if ((isHostOnly || name.toLowerCase().startsWith('__secure-')) && secure !== true)
    throw wrong('name', 'needs secure: true')
  if (isHostOnly && (path !== '/' || domain !== undefined)) throw wrong('name', "needs path '/' and no domain")
}

function pinOf(name: string, request: PickKey, pool: Pool, tokenOf: (upstream: Upstream) => string): Pin | undefined {
  const header = request.header('cookie')
  const values = header === undefined ? [] : cookieValues(header, name)
  if (values.length === 0) return undefined
  // A planted or outdated cookie of the same name must not hide the genuine one.
  const upstream = pool.all.find((candidate) => values.includes(tokenOf(candidate)))
  if (!upstream) return { upstream, step: { key: 'affinity.unknown', cookie: name } }
  return { upstream, step: { key: 'affinity.pinned', cookie: name, upstream: upstream.name } }
}
