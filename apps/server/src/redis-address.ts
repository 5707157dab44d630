import { quote } from '@session-cluster/contract'

/** Where one Redis process listens. */
export interface Endpoint {
  host: string
  port: number
}

/**
 * Which Redis the sessions live in, as `REDIS_URL` says it.
 *
 * | form | kind |
 * |---|---|
 * | `redis://[user:password@]host[:port][/db]` | one server |
 * | `redis+sentinel://[user:password@]host:port,host:port/name[/db]` | the primary that Sentinel calls `name` |
 * | `redis+cluster://[user:password@]host:port,host:port` | a Redis Cluster, found from any of its members |
 *
 * `rediss` in place of `redis` means TLS in each form. A password with special characters is percent-encoded.
 */
export interface RedisAddress {
  kind: 'single' | 'sentinel' | 'cluster'
  tls: boolean
  endpoints: readonly [Endpoint, ...Endpoint[]]
  username?: string
  password?: string
  /** The name under which Sentinel knows the primary; only for `sentinel`. */
  primary?: string
  /** Database number; a Cluster has only 0. */
  db: number
}

/** The forms that `REDIS_URL` accepts, for messages. */
export const REDIS_URL_FORMS =
  'redis://host:6379/0, rediss://…, redis+sentinel://host:26379,host:26379/name or redis+cluster://host:7000,host:7001'

const SHAPE =
  /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^@/?#]+)(?<path>\/[^?#]*)?$/

/** Reads a `REDIS_URL`. Throws a `TypeError` that says what is wrong with it and never shows its password. */
export function parseRedisAddress(url: string): RedisAddress {
  const parts = SHAPE.exec(url)?.groups
  if (!parts) throw new TypeError(`${quote(withoutPassword(url))} is not understood; use ${REDIS_URL_FORMS}`)
  const kind = (parts.kind ?? 'single') as RedisAddress['kind']
  const endpoints = (parts.hosts ?? '')
    .split(',')
    .map((host) => parseEndpoint(host, kind === 'sentinel' ? 26379 : 6379))
  const [first, ...rest] = endpoints
  if (!first || (kind === 'single' && rest.length > 0)) {
    throw new TypeError('several hosts need redis+sentinel:// or redis+cluster://')
  }
  const path = (parts.path ?? '')
    .split('/')
    .slice(1)
    .filter((part) => part !== '')
  const primary = kind === 'sentinel' ? path.shift() : undefined
  if (kind === 'sentinel' && !primary)
    throw new TypeError('redis+sentinel:// needs the name of the primary: …/mymaster')
  return {
    kind,
    tls: parts.tls === 's',
    endpoints: [first, ...rest],
    ...parseLogin(parts.login),
    ...(primary === undefined ? {} : { primary: decode(primary) }),
    db: parseDatabase(path, kind),
  }
}

/** The address as it may be shown: no user, no password. */
export function showRedisAddress(address: RedisAddress): string {
  const scheme = `redis${address.tls ? 's' : ''}${address.kind === 'single' ? '' : `+${address.kind}`}`
  const path = [address.primary, address.db === 0 ? undefined : address.db].filter((part) => part !== undefined)
  return `${scheme}://${address.endpoints.map(showEndpoint).join(',')}${path.map((part) => `/${part}`).join('')}`
}

/** `host:port`, an IPv6 host in brackets. */
function showEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function parseEndpoint(text: string, defaultPort: number): Endpoint {
  const parts = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<name>[A-Za-z0-9._-]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups
  const port = Number(parts?.port ?? defaultPort)
  const host = parts?.ipv6 ?? parts?.name
  if (host === undefined || port < 1 || port > 65535) {
    throw new TypeError(`${quote(text)} is not a host with a port from 1 to 65535; use ${REDIS_URL_FORMS}`)
  }
  return { host, port }
}

function parseLogin(login: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (login === undefined || login === '') return {}
  const colon = login.indexOf(':')
  if (colon === -1) throw new TypeError('the part before @ must be user:password, or :password')
  const username = decode(login.slice(0, colon))
  const password = decode(login.slice(colon + 1))
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) }
}

function parseDatabase(path: string[], kind: RedisAddress['kind']): number {
  const [text, ...more] = path
  if (text === undefined) return 0
  if (kind === 'cluster') throw new TypeError('redis+cluster:// takes no database: a Cluster has only number 0')
  if (more.length > 0 || !/^\d{1,4}$/.test(text))
    throw new TypeError(`${quote(path.join('/'))} is not a database number`)
  return Number(text)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError('a % in it must start a percent-encoded byte, such as %40 for @')
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/, '//…@')
}
