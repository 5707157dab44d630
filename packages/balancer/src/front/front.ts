import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { Peer } from '../headers/peer.ts'
import type { Problem } from '../headers/request-head.ts'
import { concludeUnheard } from '../proxy/accounting.ts'
import type { Context } from '../proxy/context.ts'
import { Exchange, type Known } from '../proxy/exchange.ts'
import { Tunnel } from '../proxy/tunnel.ts'
import { boundSessions } from './http2-idle.ts'
import { answering, awaitTurn } from './pipelining.ts'

/** Bounds on what clients may do; all in ms but the last. */
export interface FrontOptions {
  /** How long a client may take to send its headers. @default 10_000 */
  headersTimeoutMs?: number | undefined
  /**
   * How long it may take to send a whole request. Not needed for clients that stop, which `idleTimeoutMs` bounds: an upload
   * may take as long as it moves, as with nginx and HAProxy. @default Infinity
   */
  requestTimeoutMs?: number | undefined
  /** How long an idle connection is kept. @default 60_000 */
  keepAliveMs?: number | undefined
  /** Headers of one request, bytes. @default 16_384 */
  maxHeaderBytes?: number | undefined
  /** Serves HTTPS, HTTP/2 and HTTP/1.1 by ALPN, with this certificate chain and key (PEM). */
  tls?: TlsOptions | undefined
}

const HEADERS_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 60_000

/** A certificate chain and its key, PEM. */
export interface TlsOptions {
  cert: string | Buffer
  key: string | Buffer
}

/** A server of either kind. */
export type Front = Server | Http2SecureServer

/** The server that clients connect to. It accepts and refuses; exchanges and tunnels do the work. */
export function createFront(context: Context, options: FrontOptions): Front {
  const { tls } = options
  const server = tls ? secureServer(options, tls) : createServer(serverOptions(options))
  const { maxHeaderSize, keepAliveTimeout } = serverOptions(options)
  if (keepAliveTimeout < 1000) hideKeepAlive(server as Server)
  wireFront(server as Server, context, maxHeaderSize)
  return server
}

function secureServer(options: FrontOptions, tls: TlsOptions): Http2SecureServer {
  const firstMs = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS
  const http1 = serverOptions(options)
  const server = createSecureServer({ ...{ ...http1, allowHTTP1: true, handshakeTimeout: firstMs, ...tls } })
  // Of HTTP/1's options it passes shouldUpgradeCallback over, and in Node 22 all of them: no bound would be kept.
  Object.assign(server, http1)
  boundSessions(server, { firstMs, idleMs: options.keepAliveMs ?? KEEP_ALIVE_MS })
  return server
}

// Node tells clients how long in whole seconds, and `timeout=0` means: not at all.
function hideKeepAlive(server: Server): void {
  const hide = (_: IncomingMessage, res: ServerResponse): void => {
    Object.assign(res, { _keepAliveTimeout: 0 })
  }
  server.on('request', hide).on('checkContinue', hide)
}

const serverOptions = (options: FrontOptions) => ({
  headersTimeout: options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
  // Where bodies are read they are bounded too, over HTTP/2 as well.
  requestTimeout: 0,
  keepAliveTimeout: options.keepAliveMs ?? KEEP_ALIVE_MS,
  maxHeaderSize: options.maxHeaderBytes ?? 16_384,
  connectionsCheckingInterval: 1000,
  // A request without a body comes with its stream already ended: no events, no work.
  optimizeEmptyRequests: true,
  shouldUpgradeCallback: isWebSocket,
  // Refused here, with all else that is.
  requireHostHeader: false,
})

function wireFront(server: Server, context: Context, maxHeaderBytes: number) {
  const peers = new WeakMap<object, Peer>()
  const peerOf = (socket: Socket): Peer => {
    let peer = peers.get(socket)
    if (!peer) {
      peer = new Peer(socket.remoteAddress, (socket as TLSSocket).encrypted === true, context.trusted)
      peers.set(socket, peer)
    }
    return peer
  }
  const begin = (req: IncomingMessage, res: ServerResponse, known: Known) => {
    awaitTurn(res)
    const peer = peerOf(req.socket)
    const { expectsContinue, problem = isTooLarge(req, maxHeaderBytes) ? TOO_LARGE : undefined } = known
    // Node 22 goes on parsing after an answer that closes the connection; 24 and later do not.
    if (!peer.isRefused) new Exchange(context, req, res, peer, { expectsContinue, problem }).start()
  }
  server.on('request', (req, res) => begin(req, res, USUAL))
  server.on('checkContinue', (req, res) => begin(req, res, EXPECTING))
  server.on('checkExpectation', (req, res) => begin(req, res, NOT_EXPECTED))
  server.on('upgrade', (req, socket, head) => {
    const peer = peerOf(req.socket)
    if (peer.isRefused) socket.destroy()
    else new Tunnel(context, req, socket, head, peer).start()
  })
  server.on('connect', (req, socket) => {
    // In HTTP/2 it comes with a response of its own.
    if (req.httpVersionMajor === 2) return begin(req, socket as unknown as ServerResponse, NO_CONNECT)
    concludeUnheard(context, peerOf(req.socket), { req, termination: 'bad_request', status: 405 })
    refuseRaw(socket, '405 Method Not Allowed', NO_CONNECT.problem.text)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const refusal = refusalOf(error.code ?? '')
    // Who ends in the middle has left, and who never began was never there.
    const isHeard = error.code !== 'HPE_INVALID_EOF_STATE' && (socket as Socket).bytesRead > 0
    if (refusal && isHeard) blame(context, peerOf(socket as Socket), refusal, answering(socket) !== undefined)
    onClientError(socket, refusal)
  })
}

const USUAL: Known = { expectsContinue: false }
const EXPECTING: Known = { expectsContinue: true }
const NOT_EXPECTED: Known = {
  expectsContinue: false,
  problem: { status: 417, text: 'the only expectation met is 100-continue' },
}
const NO_CONNECT = { expectsContinue: false, problem: { status: 405, text: 'this is no forward proxy' } } as const
const TOO_LARGE: Problem = { status: 431, text: 'the headers are too large' }

// A request that is under way ends by it, and is counted; otherwise there is none, and it is counted here.
function blame(context: Context, peer: Peer, [statusLine]: Refusal, isUnderWay: boolean): void {
  const status = Number(statusLine.slice(0, 3))
  const termination = status === 408 ? 'request_timeout' : 'bad_request'
  if (isUnderWay) peer.brokenBy = termination
  else if (!peer.isRefused) concludeUnheard(context, peer, { termination, status })
  peer.isRefused = true
}

// Behind an answer that is not through, the switch would come before it: the header is ignored then (RFC 9110 §7.8).
function isWebSocket(req: IncomingMessage): boolean {
  return req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket' && !answering(req.socket)
}

// HTTP/1's parser counts for itself; HTTP/2's lets 64 KiB through, whatever it is told.
function isTooLarge({ httpVersionMajor, rawHeaders }: IncomingMessage, maxBytes: number): boolean {
  return httpVersionMajor === 2 && rawHeaders.reduce((sum, text) => sum + text.length, 0) > maxBytes
}

// What the parser refuses never becomes a request; the connection cannot be trusted any further.
function onClientError(socket: Duplex, refusal: Refusal | undefined) {
  if (!socket.writable || answering(socket)?.headersSent || !refusal) return socket.destroy()
  refuseRaw(socket, ...refusal)
}

type Refusal = readonly [status: string, text: string]

// Whoever got no further than the handshake, or is gone, is told nothing.
function refusalOf(code: string): Refusal | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return ['431 Request Header Fields Too Large', 'the headers are too large']
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['408 Request Timeout', 'the request took too long']
  return code.startsWith('HPE_') ? ['400 Bad Request', 'this is not HTTP/1.1 as RFC 9112 has it'] : undefined
}

/** Answers on a bare connection and closes it. */
export function refuseRaw(socket: Duplex, status: string, text: string, more = '') {
  if (!socket.writable) return socket.destroy()
  socket.on('error', () => {})
  const body = `${status}: ${text}\n`
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`
  socket.end(
    `${head}Cache-Control: no-store\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => {
      socket.destroy()
    },
  )
}
