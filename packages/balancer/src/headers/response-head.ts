import { namedBy } from './kinds.ts'
import { isLink } from './link.ts'
import { withoutNamed } from './request-head.ts'
import { announced } from './trailers.ts'

// 1 dropped, 2 Connection, 3 Trailer, 4 Cache-Control, 5 Content-Length, 6 Upgrade, 7 Transfer-Encoding
const special = new Map<string, number>([
  ['keep-alive', 1],
  ['proxy-connection', 1],
  ['te', 1],
  ['upgrade', 6],
  ['connection', 2],
  ['trailer', 3],
  ['cache-control', 4],
  ['content-length', 5],
  ['x-request-id', 1],
  ['transfer-encoding', 7],
])
const MAX_CACHED = 2000

function kindOf(name: string): number {
  const cached = special.get(name)
  if (cached !== undefined) return cached
  const kind = special.get(name.toLowerCase()) ?? 0
  if (special.size < MAX_CACHED) special.set(name, kind)
  return kind
}

/** What the balancer adds to a response, and what the client's protocol can carry. */
export interface ResponseHeadOptions {
  readonly requestId: string
  /** The affinity cookie to set; the response is then not to be stored by caches. */
  readonly setCookie: string | undefined
  /** Whether trailers can follow: the client speaks HTTP/1.1 or later and the body has no declared length. */
  readonly trailers: boolean
  readonly status: number
}

/**
 * A node's response headers as the client gets them: hop-by-hop ones gone, the node's own cookies untouched.
 * @throws when the body is in a transfer coding that nobody here takes off
 */
export function responseHeaders(raw: string[], options: ResponseHeadOptions): string[] {
  const out: string[] = []
  let connection: string | undefined
  let trailer: string | undefined
  let upgrade: string | undefined
  let hasLength = false
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const kind = kindOf(name)
    if (kind === 0) out.push(name, value)
    else if (kind === 2) connection = connection === undefined ? value : `${connection},${value}`
    else if (kind === 3) trailer = trailer === undefined ? value : `${trailer}, ${value}`
    else if (kind === 4) {
      if (options.setCookie === undefined) out.push(name, value)
    } else if (kind === 5) {
      hasLength = true
      // RFC 9110 §8.6
      if (options.status !== 101 && options.status !== 204) out.push(name, value)
    } else if (kind === 6) upgrade = value
    else if (kind === 7) checkCoding(value)
  }
  const kept = connection === undefined ? out : withoutNamed(out, namedBy(connection))
  if (trailer !== undefined && options.trailers && !hasLength) {
    const names = announced(trailer, connection)
    if (names !== undefined) kept.push('Trailer', names)
  }
  // RFC 9110 §15.5.22: what the client should have asked for, where it can be had here.
  if (options.status === 426 && upgrade?.toLowerCase() === 'websocket') {
    kept.push('Upgrade', upgrade, 'Connection', 'Upgrade')
  }
  if (options.setCookie !== undefined) kept.push('Set-Cookie', options.setCookie, 'Cache-Control', 'no-store')
  kept.push('X-Request-Id', options.requestId)
  return kept
}

/** The fields of an interim answer (1xx) as the client gets them: what frames or belongs to a connection is gone, and links that cannot be read. */
export function informationHeaders(raw: readonly string[]): string[] {
  const out: string[] = []
  let connection: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const kind = kindOf(name)
    if (kind === 2) connection = connection === undefined ? value : `${connection},${value}`
    else if (kind === 4 || (kind === 0 && (name.toLowerCase() !== 'link' || isLink(value)))) out.push(name, value)
  }
  return connection === undefined ? out : withoutNamed(out, namedBy(connection))
}

function checkCoding(coding: string): void {
  if (coding.toLowerCase() !== 'chunked') throw new Error(`a transfer coding that was not asked for: ${coding}`)
}
