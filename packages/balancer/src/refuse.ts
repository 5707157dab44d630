import type { IncomingMessage } from 'node:http'
import type { Problem, RequestHead } from './headers/request-head.ts'

/**
 * Why a request that the parser let through is refused all the same: what balancer and node could read differently is
 * never passed on.
 */
export function problemOf(req: IncomingMessage, head: RequestHead): Problem | undefined {
  if (req.url?.charCodeAt(0) !== SLASH) return { status: 400, text: 'the request target is not in origin form' }
  if (head.host === undefined && req.httpVersion !== '1.0') return { status: 400, text: 'no Host header' }
  if (head.chunked && req.httpVersion === '1.0') {
    return { status: 400, text: 'HTTP/1.0 knows no Transfer-Encoding' }
  }
  if (head.upgrade !== undefined && /(^|,)\s*h2c\s*(,|$)/i.test(head.upgrade)) {
    return { status: 400, text: 'no upgrade to h2c here' }
  }
  return undefined
}

const SLASH = 0x2f
