import type { Readable } from 'node:stream'
import type { Upstream } from '../pool/upstream.ts'

/**
 * How an attempt failed: `local` nothing was sent, for want of descriptors here; `connect` nothing was sent; `stale` a kept-alive connection turned out closed before any byte of
 * the answer; `died` it closed or broke before the answer was complete; `timeout` no headers, or no more body, in time;
 * `protocol` the answer is not HTTP; `unsendable` the request is none that may be sent, for which no upstream is to blame.
 * `status`, which no engine tells: the answer was whole, and is passed over because another upstream may be asked.
 * A failure is never told before `send` has returned.
 */
export type FailureKind = 'local' | 'connect' | 'stale' | 'died' | 'timeout' | 'protocol' | 'unsendable' | 'status'

/** A failed attempt, as an engine reports it. */
export interface Failure {
  readonly kind: FailureKind
  readonly error: Error
  /** Of the answer that is passed over. */
  readonly status?: number | undefined
}

/** One request as an engine is to send it: the headers are ready, framing included. */
export interface Outgoing {
  readonly upstream: Upstream
  readonly method: string
  /** Origin form, sent byte for byte. */
  readonly path: string
  /** Names and values in turn. Without `Connection`, `Transfer-Encoding`, `Expect`; `Trailer` when trailers may follow. */
  readonly headers: string[]
  /** The body, untouched until the connection stands; `undefined` when there is none. */
  readonly body: RequestBody | undefined
}

/** How long an engine waits; each is a failure of its own kind. */
export interface EngineTimeouts {
  /** For the connection to stand, TLS included. @default 1000 */
  readonly connectTimeoutMs: number
  /** From the request's last byte to the response's headers. @default 30_000 */
  readonly headersTimeoutMs: number
  /**
   * Between two pieces of a response's body, while they are asked for; and how long a client may take nothing of what was
   * written for it. @default 60_000
   */
  readonly idleTimeoutMs: number
}

/** What an engine is made with. */
export interface EngineOptions extends EngineTimeouts {
  /** A kept connection older than this carries no further request. */
  readonly maxConnectionAgeMs: number
  /** The head of one answer. */
  readonly maxHeaderBytes: number
}

/** A request's body: its source, and its length if the client declared one (chunked otherwise). */
export interface RequestBody {
  readonly source: Readable
  readonly length: number | undefined
  /** Bytes handed to an upstream so far. */
  sent: number
  /** Answers the trailers once the source has ended, names and values in turn; `undefined` when none were announced. */
  readonly trailers: (() => string[]) | undefined
}

/** What an engine tells while it works; exactly one of `onEnd` and `onFailure` comes last, unless the attempt was aborted. */
export interface Receiver {
  /** An interim response other than 100 and 101. */
  onInformation(status: number, rawHeaders: string[]): void
  onHeaders(status: number, message: string, rawHeaders: string[]): void
  /** @returns false to be sent no more until `resume`; the engine's own bounds rest until then */
  onData(chunk: Buffer): boolean
  onEnd(rawTrailers: string[]): void
  onFailure(failure: Failure): void
}

/** A request under way. */
export interface Attempt {
  resume(): void
  /** Closes the connection at once; nothing more is told to the receiver. */
  abort(): void
}

/** Carries requests to upstreams. Every engine passes the same suite. */
export interface Engine {
  readonly name: string
  send(outgoing: Outgoing, receiver: Receiver): Attempt
  /** Closes the idle connections to an upstream that was removed. */
  forget(upstream: Upstream): void
  /** Closes the free connections to all upstreams, to free their descriptors. */
  relieve(): void
  /** Closes all connections. */
  close(): Promise<void>
}
