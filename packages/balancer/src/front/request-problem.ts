import type { IncomingMessage } from 'node:http'
import type { Problem, RequestHead } from '../headers/request-head.ts'

/**
 * Why a request that the parser let through is refused all the same: what balancer and node could read differently is
 * never passed on.
 */
export function problemOf(req: IncomingMessage, head: RequestHead): Problem | undefined {
  if (req.url?.charCodeAt(0) !== SLASH) return { status: 400, text: 'the request target is not in origin form' }
  if (head.host === undefined && req.httpVersion !== '1.0') return { status: 400, text: 'no Host header' }
  if (head.host !== undefined && !HOST.test(head.host)) return { status: 400, text: 'the Host is none' }
  // It would show the client what the balancer says to nodes alone (RFC 9110 §9.3.8).
  if (req.method === 'TRACE') return { status: 405, text: 'no TRACE here' }
  if (head.chunked && req.httpVersion === '1.0') {
    return { status: 400, text: 'HTTP/1.0 knows no Transfer-Encoding' }
  }
  if (head.upgrade !== undefined && /(^|,)\s*h2c\s*(,|$)/i.test(head.upgrade)) {
    return { status: 400, text: 'no upgrade to h2c here' }
  }
  return undefined
}

// RFC 9110 §7.2, without `,` and `;`, which are never in a name and mean something in lists.
const HOST = /^(?:[\w.~%!$&'()*+=-]*|\[[\da-f:.]+\])(?::\d{0,5})?$/i

const SLASH = 0x2f
