import { withoutCookie } from './cookies.ts'
import type { Peer } from './peer.ts'
import type { RequestHead } from './request-head.ts'

/** What the balancer adds to every request. */
export interface OutgoingOptions {
  /** Sent as `X-Balancer-Token`, so that nodes believe `X-Request-Id`. */
  readonly token: string | undefined
  /** The affinity cookie, which nodes do not see. */
  readonly hiddenCookie: string | undefined
  /** Pseudonym for `Via` (RFC 9110 §7.6.3); none is sent without it. */
  readonly via: string | undefined
}

/** What of a request its headers are made from. */
export interface Sent {
  readonly head: RequestHead
  readonly peer: Peer
  readonly requestId: string
  readonly method: string
  readonly req: { readonly httpVersion: string }
}

/** Methods whose requests have no body unless they say so. */
const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'])

/** The name by which a balancer knows itself in `Via`; what follows in its option is a comment. */
export const ownName = (via: string): string => via.split(/[ \t]/)[0]?.toLowerCase() ?? ''

/**
 * The headers of a request as its upstream gets them: hop-by-hop ones gone, who the client is said by the balancer, and
 * by proxies before it only if they are trusted.
 */
export function outgoingHeaders(request: Sent, options: OutgoingOptions): string[] {
  const { head, peer, requestId, method, req } = request
  const out = head.kept
  const host = head.host ?? ''
  out.push('Host', host, 'X-Request-Id', requestId)
  if (options.token !== undefined) out.push('X-Balancer-Token', options.token)
  const cookie = visibleCookie(head.cookie, options.hiddenCookie)
  if (cookie !== undefined) out.push('Cookie', cookie)
  if (head.length !== undefined && !head.chunked) out.push('Content-Length', String(head.length))
  // RFC 9110 §8.6: some servers refuse a POST that says nothing of its body.
  else if (head.length === undefined && !head.chunked && !BODILESS.has(method)) out.push('Content-Length', '0')
  if (head.trailer !== undefined && head.chunked) out.push('Trailer', head.trailer)
  if (head.te !== undefined && /(^|,)\s*trailers\s*(;|,|$)/i.test(head.te))
    out.push('TE', 'trailers', 'Connection', 'TE')
  if (head.maxForwards !== undefined) out.push('Max-Forwards', oneLess(head.maxForwards, method))
  if (peer.isTrusted) pushTrusted(out, head, peer, host)
  else {
    out.push('X-Forwarded-For', peer.address, 'X-Forwarded-Proto', peer.scheme)
    out.push('X-Forwarded-Host', host, 'X-Forwarded-Port', peer.port, 'Forwarded', peer.forwarded(host))
  }
  if (options.via !== undefined) {
    const hop = `${req.httpVersion} ${options.via}`
    out.push('Via', head.via === undefined ? hop : `${head.via}, ${hop}`)
  } else if (head.via !== undefined) out.push('Via', head.via)
  return out
}

/** The headers with another Host, if one is given. */
export function withHost(headers: string[], host: string | undefined): string[] {
  if (host === undefined) return headers
  const at = headers.findIndex((name, i) => i % 2 === 0 && name === 'Host')
  return headers.with(at + 1, host)
}

function pushTrusted(out: string[], head: RequestHead, peer: Peer, host: string): void {
  const before = head.forwardedFor === undefined ? '' : `${head.forwardedFor}, `
  out.push('X-Forwarded-For', before + peer.address)
  out.push('X-Forwarded-Proto', head.forwardedProto ?? peer.scheme)
  out.push('X-Forwarded-Host', head.forwardedHost ?? host)
  out.push('X-Forwarded-Port', head.forwardedPort ?? peer.port)
  const hop = peer.forwarded(host)
  out.push('Forwarded', head.forwarded === undefined ? hop : `${head.forwarded}, ${hop}`)
  if (head.forwardedOther) out.push(...head.forwardedOther)
}

// RFC 9110 §7.6.2: only OPTIONS and TRACE go by it, and TRACE is refused.
const oneLess = (value: string, method: string): string =>
  method === 'OPTIONS' && /^\d{1,15}$/.test(value) ? String(Number(value) - 1) : value

function visibleCookie(cookie: string | undefined, hidden: string | undefined): string | undefined {
  return cookie === undefined || hidden === undefined ? cookie : withoutCookie(cookie, hidden)
}
