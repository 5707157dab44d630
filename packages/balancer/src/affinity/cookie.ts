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
}

/**
 * Affinity by a cookie that the balancer inserts. It keeps no state: the cookie's value is an HMAC of the upstream's
 * name. Over HTTPS the cookie is `Secure; SameSite=None`, so that framed applications keep theirs; over HTTP `SameSite=Lax`.
 */
export function cookieAffinity(options: CookieAffinityOptions): Affinity {
  const name = options.name ?? 'AFFINITY'
  if (!TOKEN.test(name)) throw new TypeError(`affinity name: ${JSON.stringify(name)} is not a cookie name (RFC 6265)`)
  if (typeof options.secret !== 'string' || options.secret.length < 16)
    throw new TypeError('affinity secret: shorter than 16 characters')
  checkUnavailable(options.whenUnavailable)
  const age = options.maxAgeMs === undefined ? '' : `; Max-Age=${Math.floor(options.maxAgeMs / 1000)}`
  const tokens = new WeakMap<Upstream, string>()
  const tokenOf = (upstream: Upstream): string => {
    let token = tokens.get(upstream)
    if (token === undefined) {
      token = affinityToken(options.secret, upstream.name)
      tokens.set(upstream, token)
    }
    return token
  }
  return {
    name,
    hiddenCookie: name,
    whenUnavailable: options.whenUnavailable ?? 'redispatch',
    pinOf: (request, pool) => pinOf(name, request, pool, tokenOf),
    cookieFor: (upstream, secure) =>
      `${name}=${tokenOf(upstream)}; Path=/${age}; HttpOnly; ${secure ? 'Secure; SameSite=None' : 'SameSite=Lax'}`,
  }
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
