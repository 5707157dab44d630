import type { Duplex } from 'node:stream'
import type { Peer } from '../headers/peer.ts'
import type { Problem } from '../headers/request-head.ts'
import { TOKEN } from '../headers/syntax.ts'
import { concludeUnheard } from '../proxy/accounting.ts'
import type { Context } from '../proxy/context.ts'
import { refuseRaw } from './own-response.ts'
import { afterAnswers, inProgress } from './pipelining.ts'

/** What Node's parser tells of bytes that it refuses. */
interface ParseError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

/** The request's body cannot be read any further; told to its request as an `error`. */
export class MalformedBodyError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.text)
    this.problem = problem
  }
}

/**
 * What the parser refuses never becomes a request, and nothing behind it on its connection does. Requests before it get their
 * answers all the same: a node may have executed them.
 */
export function onClientError(context: Context, peer: Peer, error: ParseError, socket: Duplex) {
  const problem = problemOf(error)
  // Whoever got no further than the handshake, or ends in the middle, is gone.
  if (!problem) return void socket.destroy()
  if (peer.isRefused) return
  peer.isRefused = true
  const last = inProgress(socket).at(-1)
  if (last && !last.req.complete) return void last.req.emit('error', new MalformedBodyError(problem))
  // RFC 9112 §9.6: behind a request that says `Connection: close` nothing is read, and its answer closes the connection.
  if (last && error.code === 'HPE_CLOSED_CONNECTION') return
  afterAnswers(socket, () => refuse(context, peer, problem, socket))
}

function refuse(context: Context, peer: Peer, problem: Problem, socket: Duplex): void {
  const { status } = problem
  // A connection on which nothing was said is closed, and was no request.
  if ((socket as { bytesRead?: number }).bytesRead !== 0) {
    concludeUnheard(context, peer, { termination: status === 408 ? 'request_timeout' : 'bad_request', status })
  }
  refuseRaw(socket, problem, context.stalls)
}

function problemOf(error: ParseError): Problem | undefined {
  const { code = '' } = error
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, text: 'the request headers are too large' }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, text: 'the request headers did not arrive in time' }
  if (!code.startsWith('HPE_') || code === 'HPE_INVALID_EOF_STATE') return undefined
  if (code === 'HPE_INVALID_METHOD' && isMethodUnknown(error))
    return { status: 501, text: 'the method is not known here' }
  return { status: 400, text: WORDS[code] ?? 'malformed HTTP/1.1 request' }
}

/** What the parser's codes mean, in the words of RFC 9112. */
const WORDS: Readonly<Record<string, string>> = {
  HPE_INVALID_METHOD: 'malformed request line',
  HPE_INVALID_CONSTANT: 'malformed request line',
  HPE_INVALID_VERSION: 'malformed HTTP version, or a line end that is not CRLF',
  HPE_PAUSED_H2_UPGRADE: 'HTTP/2 needs TLS and ALPN here',
  HPE_INVALID_URL: 'malformed request target',
  HPE_INVALID_HEADER_TOKEN: 'malformed header field',
  HPE_CR_EXPECTED: 'a line end that is not CRLF',
  HPE_LF_EXPECTED: 'a line end that is not CRLF',
  HPE_INVALID_CONTENT_LENGTH: 'malformed Content-Length, or Content-Length with Transfer-Encoding',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'more than one Content-Length, or Content-Length with Transfer-Encoding',
  HPE_INVALID_TRANSFER_ENCODING: 'unsupported Transfer-Encoding, or Content-Length with Transfer-Encoding',
  HPE_INVALID_CHUNK_SIZE: 'malformed chunk',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'chunk extensions are too large',
  HPE_STRICT: 'malformed chunk',
}

// The parser knows a list of methods; what is none of them may still be one (RFC 9110 §9.1), and no line of nonsense.
function isMethodUnknown({ rawPacket, bytesParsed = 0 }: ParseError): boolean {
  const from = rawPacket ? rawPacket.lastIndexOf(LF, Math.max(bytesParsed - 1, 0)) + 1 : 0
  const line = rawPacket?.toString('latin1', from, from + 8192) ?? ''
  const [, method = ''] = /^(\S+) \S+ HTTP\/1\.[01]\r\n/.exec(line) ?? []
  return TOKEN.test(method)
}

const LF = 10
