import type { Http2SecureServer, ServerHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { type Bounded, Deadlines } from './deadlines.ts'

/** How long an HTTP/2 connection may do nothing, ms. */
export interface SessionBounds {
  /** Until its first request is there. */
  readonly firstMs: number
  /** Between requests. */
  readonly idleMs: number
}

/** Closes HTTP/2 connections that carry no request for too long: Node bounds only those of HTTP/1. */
export function boundSessions(server: Http2SecureServer, bounds: SessionBounds): void {
  const deadlines = new Deadlines(Math.min(bounds.firstMs, bounds.idleMs))
  // What a session shows of its socket cannot be destroyed, and a session waits for its socket to be written out.
  let accepted: TLSSocket | undefined
  server.prependListener('secureConnection', (socket) => {
    accepted = socket
  })
  server.on('session', (session) => {
    new IdleSession(session, accepted, bounds, deadlines)
  })
}

const LINGER_MS = 2000

class IdleSession implements Bounded {
  slot = -1
  deadline: number
  readonly #session: ServerHttp2Session
  readonly #socket: TLSSocket | undefined
  readonly #deadlines: Deadlines
  #streams = 0

  constructor(session: ServerHttp2Session, socket: TLSSocket | undefined, bounds: SessionBounds, deadlines: Deadlines) {
    this.#session = session
    this.#socket = socket
    this.#deadlines = deadlines
    this.deadline = performance.now() + bounds.firstMs
    deadlines.watch(this)
    session.on('stream', (stream) => {
      this.#streams++
      this.deadline = Number.POSITIVE_INFINITY
      stream.once('close', () => {
        if (--this.#streams === 0) this.deadline = performance.now() + bounds.idleMs
      })
    })
    session.once('close', () => deadlines.forget(this))
  }

  // RFC 9113 §6.8: it is told to go, and gone from if it does not.
  onDeadline(): void {
    this.#deadlines.forget(this)
    this.#session.close()
    const timer = setTimeout(() => this.#socket?.destroy(), LINGER_MS).unref()
    this.#socket?.once('close', () => clearTimeout(timer))
  }
}
