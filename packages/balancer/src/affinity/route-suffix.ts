import { cookieValue } from '../headers/cookies.ts'
import { TOKEN } from '../headers/syntax.ts'
import type { PickKey } from '../policies/policy.ts'
import type { Pool } from '../pool/pool.ts'
import { type Affinity, checkUnavailable, type Pin } from './affinity.ts'

/** How the application's cookie names its node. */
export interface RouteSuffixOptions {
  /** The application's session cookie, `<id>.<node>`. @default 'JSESSIONID' */
  cookie?: string | undefined
  /** When the named upstream cannot serve: pick another, or answer 503. @default 'redispatch' */
  whenUnavailable?: 'redispatch' | 'strict' | undefined
}

/**
 * Affinity by the application's own cookie: what follows the last dot of its value is the upstream's name, as Tomcat's
 * jvmRoute with mod_jk. The nodes write it; the balancer only reads, so anyone who sees a session id can aim at its node.
 */
export function routeSuffixAffinity(options: RouteSuffixOptions = {}): Affinity {
  const name = options.cookie ?? 'JSESSIONID'
  if (!TOKEN.test(name)) throw new TypeError(`affinity cookie: ${JSON.stringify(name)} is not a cookie name (RFC 6265)`)
  checkUnavailable(options.whenUnavailable)
  return {
    name,
    whenUnavailable: options.whenUnavailable ?? 'redispatch',
    pinOf: (request, pool) => pinOf(name, request, pool),
    cookieFor: () => undefined,
  }
}

function pinOf(name: string, request: PickKey, pool: Pool): Pin | undefined {
  const header = request.header('cookie')
  const value = header === undefined ? undefined : cookieValue(header, name)
  if (value === undefined) return undefined
  const dot = value.lastIndexOf('.')
  const route = dot === -1 ? undefined : value.slice(dot + 1)
  if (route === undefined) return { upstream: undefined, step: { key: 'affinity.unrouted', cookie: name } }
  const upstream = pool.get(route)
  if (!upstream) return { upstream, step: { key: 'affinity.unknown', cookie: name } }
  return { upstream, step: { key: 'affinity.pinned', cookie: name, upstream: upstream.name } }
}
