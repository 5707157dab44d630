import { ownName } from '../headers/outgoing.ts'
import type { Problem } from '../headers/request-head.ts'
import type { ProxiedRequest } from '../proxy/request.ts'
import { isHost, isPath } from './target.ts'

/**
 * Why a request that the parser let through is refused all the same: what balancer and node could read differently is
 * never passed on. `via` is the balancer's own name there.
 */
export function problemOf(
  { head, method, path, req, isAbsolute }: ProxiedRequest,
  via: string | undefined,
): Problem | undefined {
  if (head.problem) return head.problem
  const { httpVersion } = req
  if (!isPath(path) && !(path === '*' && method === 'OPTIONS')) return TARGET
  // Of the absolute form: a user's name in it, or a port that is none.
  if (isAbsolute && !isHost(head.host ?? '')) return TARGET
  if (head.host === undefined && httpVersion !== '1.0') return { status: 400, text: 'missing Host header' }
  if (head.host !== undefined && !isHost(head.host)) return { status: 400, text: 'malformed Host header' }
  // It would show the client what the balancer says to nodes alone (RFC 9110 §9.3.8).
  if (method === 'TRACE') return { status: 405, text: 'TRACE is not allowed' }
  if (head.chunked && httpVersion === '1.0') return { status: 400, text: 'Transfer-Encoding in an HTTP/1.0 request' }
  if (head.upgrade !== undefined && /(^|,)\s*h2c\s*(,|$)/i.test(head.upgrade)) {
    return { status: 400, text: 'upgrades to h2c are not supported' }
  }
  // RFC 9110 §7.6.3: by its own name there a loop is noticed.
  if (via !== undefined && head.via !== undefined && namesIn(head.via).includes(ownName(via))) return LOOP
  return undefined
}

const TARGET: Problem = { status: 400, text: 'malformed or unsupported request target' }
const LOOP: Problem = { status: 508, text: 'Via says that the request has been here before' }

// Each element is a version, a name and perhaps a comment.
const namesIn = (via: string): string[] =>
  via
    .replace(/\([^()]*\)/g, '')
    .split(',')
    .map(
      (hop) =>
        hop
          .trim()
          .split(/[ \t]+/)[1]
          ?.toLowerCase() ?? '',
    )
