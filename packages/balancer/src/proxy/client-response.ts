import type { ServerResponse } from 'node:http'
import { closeGently } from '../front/linger.ts'
import { latin1 } from '../headers/latin1.ts'
import { withoutNamed } from '../headers/request-head.ts'
import { type Flushable, flushSoon } from './flush.ts'
import { addTrailers, breakOff, endsWithHead, flushHead, writeHead } from './head-writer.ts'
import type { Stall, Stalls } from './stall.ts'

/** Bytes up to which a whole answer is sent as one string. */
const SMALL = 8192

/** What becomes of an answer on the client's side. */
export interface ResponseEvents {
  /** The client has room for more, after `data` answered false. */
  onRoom(): void
  /** The client has taken all of it, after `end` answered false. */
  onTaken(): void
  /** The client has taken nothing for too long. */
  onStall(): void
}

/**
 * An upstream's answer on its way to the client: as it comes, no faster than the client takes it, and in one write when
 * it is small and came whole.
 */
export class ClientResponse implements Flushable {
  bytes = 0
  readonly #res: ServerResponse
  readonly #events: ResponseEvents
  readonly #stalls: Stalls
  /** The first piece of the body, while it waits; and whether anything was sent. */
  #first: Buffer | undefined
  #begun = false
  #hasNoBody = false
  /** While the client is behind. */
  #stall: Stall | undefined

  constructor(res: ServerResponse, events: ResponseEvents, stalls: Stalls) {
    this.#res = res
    this.#events = events
    this.#stalls = stalls
  }

  /**
   * Sets the head, sent with the first bytes or at the end of this turn. `closing` says that the connection ends with it,
   * and `early` that the client is still sending.
   * @throws when the head holds characters that none may hold
   */
  head(status: number, message: string, headers: string[], flags: { closing: boolean; early: boolean }): void {
    if (flags.closing || flags.early) headers.push('Connection', 'close')
    if (flags.early) closeGently(this.#res)
    this.#hasNoBody = endsWithHead(this.#res, status)
    writeHead(this.#res, status, message, this.#hasNoBody ? withoutNamed(headers, ['content-length']) : headers)
    if (this.#res.req.method !== 'HEAD' && status !== 204 && status !== 304) flushSoon(this)
  }

  /** @returns false when the client has enough for now */
  data(chunk: Buffer): boolean {
    if (this.#hasNoBody) return true
    this.bytes += chunk.length
    if (!this.#begun) {
      // The first piece waits for the end of this turn: it is mostly the only one, and then goes with headers and end.
      if (this.#first === undefined && chunk.length <= SMALL) {
        this.#first = chunk
        return true
      }
      this.flush()
    }
    if (this.#res.write(chunk)) return true
    this.#awaitDrain()
    return false
  }

  flush(): void {
    if (this.#begun || this.#res.destroyed) return
    this.#begun = true
    if (!this.#first) flushHead(this.#res)
    else if (!this.#res.write(this.#first)) this.#awaitDrain()
  }

  /** @returns whether the client's connection has taken all of it; if not, `onTaken` tells when it has */
  end(rawTrailers: readonly string[]): boolean {
    if (rawTrailers.length > 0) addTrailers(this.#res, rawTrailers)
    const whole = this.#begun ? undefined : this.#first
    this.#begun = true
    // As a string the piece joins the headers in one write; as a buffer it would be a second one.
    if (whole) this.#res.end(latin1(whole), 'latin1')
    else this.#res.end()
    if (this.#res.writableLength === 0) return true
    this.#watch()
    this.#res.once('finish', () => {
      this.#unwatch()
      this.#events.onTaken()
    })
    return false
  }

  /** Ends it in the middle: a clean end would make half an answer look whole. */
  break(): void {
    this.abandon()
    breakOff(this.#res)
  }

  /** The client is gone: what waits to be flushed is for nobody. */
  abandon(): void {
    this.#begun = true
    this.#unwatch()
  }

  #awaitDrain(): void {
    if (this.#stall) return
    this.#watch()
    this.#res.once('drain', () => {
      this.#unwatch()
      this.#events.onRoom()
    })
  }

  #watch(): void {
    this.#stall ??= this.#stalls.watch(this.#res, () => this.#events.onStall())
  }

  #unwatch(): void {
    this.#stall?.over()
    this.#stall = undefined
  }
}
