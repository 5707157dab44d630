/** Passed on as they are: every name that is not listed. */
export const PLAIN = 0
/** Between two neighbours only (RFC 9110 §7.6.1), or never believed from a client: dropped. */
export const DROP = 1
export const HOST = 2
export const COOKIE = 3
export const LENGTH = 4
export const TRANSFER_ENCODING = 5
export const CONNECTION = 6
export const EXPECT = 7
export const UPGRADE = 8
export const TE = 9
/** Who the client is, as proxies before this one say. */
export const FORWARDED_FOR = 10
export const FORWARDED_PROTO = 11
export const FORWARDED_HOST = 12
export const FORWARDED = 13
/** The rest of `X-Forwarded-*`: kept from trusted peers only. */
export const FORWARDED_OTHER = 14
export const VIA = 15
/** HTTP/2's name for the host. */
export const AUTHORITY = 16
export const TRAILER = 17
export const MAX_FORWARDS = 18
export const FORWARDED_PORT = 19

const kinds = {
  'keep-alive': DROP,
  'proxy-connection': DROP,
  'proxy-authorization': DROP,
  'http2-settings': DROP,
  'x-request-id': DROP,
  'x-balancer-token': DROP,
  host: HOST,
  cookie: COOKIE,
  'content-length': LENGTH,
  'transfer-encoding': TRANSFER_ENCODING,
  connection: CONNECTION,
  expect: EXPECT,
  upgrade: UPGRADE,
  te: TE,
  trailer: TRAILER,
  'x-forwarded-for': FORWARDED_FOR,
  'x-forwarded-proto': FORWARDED_PROTO,
  'x-forwarded-host': FORWARDED_HOST,
  'x-forwarded-port': FORWARDED_PORT,
  forwarded: FORWARDED,
  'x-real-ip': FORWARDED_OTHER,
  via: VIA,
  'max-forwards': MAX_FORWARDS,
  ':authority': AUTHORITY,
} as const

const known = new Map<string, number>(Object.entries(kinds))
const MAX_CACHED = 2000

/**
 * The kind of a header by its name as it came. Spellings are remembered, so that a usual request costs a look-up per
 * header and no lower-casing; the memory is bounded.
 */
export function kindOf(name: string): number {
  return known.get(name) ?? learn(name)
}

function learn(name: string): number {
  const lower = name.toLowerCase()
  const kind = known.get(lower) ?? kindOfOther(lower)
  if (known.size < MAX_CACHED) known.set(name, kind)
  return kind
}

function kindOfOther(lower: string): number {
  if (lower.startsWith('x-forwarded-')) return FORWARDED_OTHER
  if (lower[0] === ':') return DROP
  // CGI and its heirs read `_` as `-`: X_Forwarded_For would be believed where X-Forwarded-For is not.
  return lower.includes('_') && kindOf(lower.replaceAll('_', '-')) !== PLAIN ? DROP : PLAIN
}

const NOTHING: readonly string[] = []

/** The fields, lower case, that a `Connection` line makes hop-by-hop: none of those that carry the message. */
export function namedBy(connection: string): readonly string[] {
  const lower = connection.toLowerCase()
  if (lower === 'keep-alive' || lower === 'close') return NOTHING
  const named = lower.split(',').map((token) => token.trim())
  return named.filter((name) => name !== '' && !isProtected(name))
}

/** Headers that a client's or a node's `Connection` line cannot make disappear. */
function isProtected(lower: string): boolean {
  return PROTECTED.has(lower) || lower.startsWith('x-forwarded-')
}

const PROTECTED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'cookie',
  'set-cookie',
  'forwarded',
  'authorization',
  'x-request-id',
  'x-balancer-token',
])
