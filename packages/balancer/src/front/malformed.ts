import type { Duplex } from 'node:stream'
import type { Peer } from '../headers/peer.ts'
import type { Problem } from '../headers/request-head.ts'
import { concludeUnheard } from '../proxy/accounting.ts'
import type { Context } from '../proxy/context.ts'
import { refuseRaw } from './own-response.ts'
import { inProgress } from './pipelining.ts'

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
export function onClientError(context: Context, peer: Peer, error: NodeJS.ErrnoException, socket: Duplex) {
  const problem = problemOf(error.code ?? '')
  // Whoever got no further than the handshake, or ends in the middle, is gone.
  if (!problem) return void socket.destroy()
  if (peer.isRefused) return
  peer.isRefused = true
  const last = inProgress(socket).at(-1)
  if (last === undefined) return refuse(context, peer, problem, socket)
  if (!last.req.complete) return void last.req.emit('error', new MalformedBodyError(problem))
  // RFC 9112 §9.6: behind a request that says `Connection: close` nothing is read, and its answer closes the connection.
  if (error.code === 'HPE_CLOSED_CONNECTION') return
  last.once('close', () => {
    if (socket.writable) refuse(context, peer, problem, socket)
  })
}

function refuse(context: Context, peer: Peer, problem: Problem, socket: Duplex): void {
  const { status } = problem
  // A connection on which nothing was said is closed, and was no request.
  if ((socket as { bytesRead?: number }).bytesRead !== 0) {
    concludeUnheard(context, peer, { termination: status === 408 ? 'request_timeout' : 'bad_request', status })
  }
  refuseRaw(socket, problem, context.stalls)
}

function problemOf(code: string): Problem | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, text: 'the request headers are too large' }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, text: 'the request headers did not arrive in time' }
  if (!code.startsWith('HPE_') || code === 'HPE_INVALID_EOF_STATE') return undefined
  return { status: 400, text: 'malformed HTTP/1.1 request' }
}
