import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import { Peer } from '../headers/peer.ts'
import type { Problem } from '../headers/request-head.ts'
import { concludeUnheard } from '../proxy/accounting.ts'
import type { Context } from '../proxy/context.ts'
import { type Known, serveHttp } from '../proxy/http-client.ts'
import { serveUpgrade } from '../proxy/upgrade-client.ts'
import { boundSessions } from './http2-idle.ts'
import { onClientError } from './malformed.ts'
import { refuseRaw } from './own-response.ts'
import { afterAnswers, answering, awaitTurn, isOverfull } from './pipelining.ts'

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
  /**
   * Clients' connections at a time; one beyond it gets a 503 and is closed (with TLS: is closed).
   * @default from the system's limit of open files, with room for nodes and probes
   */
  maxConnections?: number | undefined
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

/** Requests at a time on one HTTP/2 connection: as with HAProxy. Each takes a connection to a node; Node has no bound of its own. */
const MOST_STREAMS = 100

function secureServer(options: FrontOptions, tls: TlsOptions): Http2SecureServer {
  const firstMs = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS
  const http1 = serverOptions(options)
  const settings = { maxConcurrentStreams: MOST_STREAMS }
  const server = createSecureServer({ ...{ ...http1, settings, allowHTTP1: true, handshakeTimeout: firstMs, ...tls } })
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
  const peerOf = (socket: Socket): Peer => peerOn(socket, context)
  const begin = (req: IncomingMessage, res: ServerResponse, known: Known) => {
    awaitTurn(res)
    if (isOverfull(req.socket)) return void req.socket.destroy()
    const peer = peerOf(req.socket)
    const { expectsContinue, problem = messageProblem(req, res, maxHeaderBytes) } = known
    // Node 22 goes on parsing after an answer that closes the connection; 24 and later do not.
    if (!peer.isRefused) serveHttp(context, req, res, peer, { expectsContinue, problem })
  }
  server.on('request', (req, res) => begin(req, res, USUAL))
  server.on('checkContinue', (req, res) => begin(req, res, EXPECTING))
  server.on('checkExpectation', (req, res) => begin(req, res, NOT_EXPECTED))
  server.on('upgrade', (req, socket, early) => {
    const peer = peerOf(req.socket)
    if (peer.isRefused) socket.destroy()
    else serveUpgrade(context, req, socket, early, peer)
  })
  server.on('connect', (req, socket) => {
    // In HTTP/2 it comes with a response of its own.
    if ('stream' in req) return begin(req, socket as unknown as ServerResponse, NO_CONNECT)
    const peer = peerOf(req.socket)
    if (peer.isRefused) return
    peer.isRefused = true
    afterAnswers(socket, () => {
      concludeUnheard(context, peer, { req, termination: 'bad_request', status: 405 })
      refuseRaw(socket, NO_CONNECT.problem, context.stalls)
    })
  })
  server.on('clientError', (error, socket) => onClientError(context, peerOf(socket as Socket), error, socket))
}

const USUAL: Known = { expectsContinue: false }
const EXPECTING: Known = { expectsContinue: true }
const NOT_EXPECTED: Known = {
  expectsContinue: false,
  problem: { status: 417, text: 'the only supported expectation is 100-continue' },
}
const NO_CONNECT = { expectsContinue: false, problem: { status: 405, text: 'CONNECT is not allowed' } } as const

// Of a socket in its turn: behind an answer that is not through, the switch would come before it. The field is ignored then, and
// in HTTP/1.0 (RFC 9110 §7.8).
function isWebSocket({ method, headers, httpVersion, socket }: IncomingMessage): boolean {
  const isAsked = method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
  return isAsked && httpVersion === '1.1' && !answering(socket)
}

// What the parser lets through in the message as a whole.
function messageProblem(req: IncomingMessage, res: ServerResponse, maxHeaderBytes: number): Problem | undefined {
  const { httpVersion } = req
  if ('stream' in res) return isTooLarge(req, maxHeaderBytes) ? TOO_LARGE : undefined
  return httpVersion === '1.1' || httpVersion === '1.0' ? undefined : VERSION
}

const TOO_LARGE: Problem = { status: 431, text: 'the request headers are too large' }
const VERSION: Problem = { status: 505, text: 'the HTTP version is not 1.0 or 1.1' }

// HTTP/1's parser counts for itself; HTTP/2's lets 64 KiB through, whatever it is told.
const isTooLarge = ({ rawHeaders }: IncomingMessage, maxBytes: number): boolean =>
  rawHeaders.reduce((sum, text) => sum + text.length, 0) > maxBytes

const peers = new WeakMap<object, Peer>()

function peerOn(socket: Socket, context: Context): Peer {
  let peer = peers.get(socket)
  if (!peer) {
    peer = new Peer(socket, context.trusted)
    peers.set(socket, peer)
  }
  return peer
}

/** Tells a connection that there are too many, and closes it; before a TLS handshake nothing can be said. */
export function refuseConnection(socket: Socket, isTls: boolean, context: Context): void {
  const peer = peerOn(socket, context)
  concludeUnheard(context, peer, { termination: 'too_many_connections', status: 503 })
  // Whatever it asks is not read.
  peer.isRefused = true
  if (isTls) socket.destroy()
  else refuseRaw(socket, TOO_MANY, context.stalls)
}

const TOO_MANY: Problem = { status: 503, text: 'too many connections' }
