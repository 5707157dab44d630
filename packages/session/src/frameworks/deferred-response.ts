import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getDefaultHighWaterMark } from 'node:stream'
import { AsIfSent } from './as-if-sent.ts'
import { deferClose, type Waiting } from './deferred-close.ts'
import { assertChunk, assertEncoding, type Head, isUnsendable, prepareHead, resetHead } from './response-head.ts'

/** What the first byte of a response waits for. */
export interface Deferral {
  /**
   * Asked once, when the first byte is about to leave. No promise when there is nothing to save; resolves to what
   * completes the head.
   */
  save(statusCode: number): Promise<CompleteHead | undefined> | undefined
  /** Told when that failed, or when what was kept could not be sent. Must call `replace`, or `restart` and answer. */
  failed(error: unknown): void
}

/** Adds to a head before it is written. */
export type CompleteHead = () => void

/** An answer that takes the place of the handler's. */
export interface Replacement {
  /** The headers that were set before the handler was called, which stay. */
  readonly before: OutgoingHttpHeaders
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Method = (...given: unknown[]) => unknown
type Given = readonly unknown[]

/** The methods by which a response leaves. */
type Methods = Record<'writeHead' | 'write' | 'end' | 'flushHeaders' | 'destroy', Method>

/**
 * Lets the first byte of a response wait until the session is saved, and does nothing else to it. Where nothing is to be saved,
 * and after the wait, each call goes on to the method that was there before: Node's, or another middleware's.
 *
 * A head that `writeHead` is given waits for the first byte too, so that a session which is made in between gets its cookie.
 */
export class DeferredResponse implements Waiting {
  readonly #response: ServerResponse
  readonly #deferral: Deferral
  readonly #found: Methods
  readonly #writeHead: Method
  readonly #apparent: AsIfSent
  #phase: 'open' | 'waiting' | 'released' | 'dropped' = 'open'
  #kept: (readonly [Method, Given])[] = []
  /** The head that is given and not sent. */
  #head: Head | undefined
  #isImplicit = false
  #bytes = 0
  #isFull = false
  #complete: CompleteHead | undefined
  #failure: unknown
  /** What was to end the connection while the response waits: what was written before leaves first, as it does without us. */
  #closing: (() => void)[] = []
  #socket: Socket | undefined
  /** Whether the turn is over in which the body ended. */
  #isOver = false
  /** Whether what was written last would be lost if the response were destroyed now: Node sends it when the turn is over. */
  #isLost = false
  /** Whether it was lost so, when the connection was to end. */
  #isLostWith = false

  constructor(response: ServerResponse, deferral: Deferral) {
    const { writeHead, write, end, flushHeaders, destroy } = response
    this.#response = response
    this.#deferral = deferral
    this.#found = { writeHead, write, end, flushHeaders, destroy } as Methods
    this.#apparent = new AsIfSent(response)
    // In a literal: V8 puts a function that is assigned to a property straight into the old generation, where it keeps the
    // request alive until the next full collection. The same goes for a getter in a literal.
    const own: Methods = {
      writeHead: (...given) => this.#onWriteHead(given),
      write: (...given) => this.#onWrite(given),
      end: (...given) => this.#onEnd(given),
      flushHeaders: () => this.#onFlushHeaders(),
      destroy: (...given) => this.#onDestroy(given),
    }
    this.#writeHead = own.writeHead
    Object.assign(response, own)
  }

  /** Whether the handler has begun a body, or has flushed its headers. */
  get isBegun(): boolean {
    return this.#phase !== 'open'
  }

  /** From now on nothing of the handler's reaches the client; its callbacks are told this error. */
  drop(error: unknown): void {
    if (this.#phase === 'released') return
    this.#phase = 'dropped'
    this.#forget(error)
    this.#apparent.head()
  }

  /** Answers after `drop`; ends the connection when the client already has a part of the handler's answer. */
  replace({ statusCode, headers, body, before }: Replacement, complete?: CompleteHead): void {
    const response = this.#response
    if (this.#phase === 'dropped') this.#apparent.off()
    this.#freeSocket()
    if (response.headersSent) {
      response.destroy()
      return
    }
    resetHead(response, before)
    complete?.()
    this.#found.writeHead.call(response, statusCode, headers)
    this.#found.end.call(response, body)
    this.#close()
  }

  /** Forgets the handler's answer: another one follows by the response's own methods, and waits for nothing. */
  restart(error: unknown): void {
    if (this.#phase !== 'released') this.#apparent.off()
    this.#phase = 'released'
    this.#freeSocket()
    this.#forget(error)
  }

  /** Of the connection: it is to end. */
  closeLater(close: () => void): void {
    if (this.#closing.length === 0) this.#isLostWith = this.#isLost
    this.#closing.push(close)
  }

  #onWriteHead(given: Given): unknown {
    const response = this.#response
    if ((this.#phase === 'open' || this.#phase === 'waiting') && !this.#head) {
      this.#head = prepareHead(response, given)
      if (this.#phase === 'open') this.#apparent.head()
      return response
    }
    if (this.#phase !== 'released') return this.#apparent.refuseHead(given)
    if (!this.#complete || response.headersSent) return this.#found.writeHead.apply(response, [...given])
    const rest = prepareHead(response, given)
    this.#complete()
    this.#complete = undefined
    return this.#found.writeHead.apply(response, [...rest])
  }

  #onWrite(given: Given): unknown {
    if (this.#phase !== 'released') {
      assertChunk(given[0])
      if (!this.#mayLeave()) return this.#keepChunk(given)
    }
    return this.#found.write.apply(this.#response, given as unknown[])
  }

  #onEnd(given: Given): unknown {
    if (this.#phase !== 'released') {
      if (given[0] && typeof given[0] !== 'function') assertChunk(given[0])
      if (!this.#mayLeave()) {
        this.#keep(this.#found.end, given)
        if (this.#phase === 'waiting') this.#seemEnded()
        return this.#response
      }
    }
    return this.#found.end.apply(this.#response, given as unknown[])
  }

  #onFlushHeaders(): void {
    if (this.#mayLeave()) this.#found.flushHeaders.call(this.#response)
    else this.#keep(this.#found.flushHeaders, [])
  }

  #onDestroy(given: Given): unknown {
    const destroy = () => this.#found.destroy.apply(this.#response, given as unknown[])
    if (this.#phase !== 'waiting') return destroy()
    this.closeLater(destroy)
    return this.#response
  }

  #seemEnded(): void {
    this.#apparent.end()
    process.nextTick(() => {
      this.#isOver = true
    })
  }

  #mayLeave(): boolean {
    if (this.#phase === 'open') this.#begin()
    return this.#phase === 'released'
  }

  #begin(): void {
    const response = this.#response
    // Throws, and whoever has wrapped it is heard, as without us.
    if (!this.#head && isUnsendable(response)) response.writeHead(response.statusCode)
    const saving = this.#deferral.save(this.#head ? this.#head[0] : response.statusCode)
    if (!saving) {
      this.#phase = 'released'
      if (this.#head) this.#sendHead(this.#head)
      return
    }
    this.#phase = 'waiting'
    this.#takeSocket()
    saving.then((complete) => this.#release(complete)).catch((error: unknown) => this.#deferral.failed(error))
    if (!this.#head) {
      this.#isImplicit = true
      // As Node does at this point: whoever has wrapped it since, as on-headers does, adds to the head now.
      response.writeHead(response.statusCode)
      this.#head ??= [response.statusCode]
    }
    this.#apparent.head()
  }

  #sendHead(given: Head): void {
    const response = this.#response
    this.#apparent.off()
    const { statusCode } = response
    this.#onWriteHead(given)
    response.statusCode = statusCode
  }

  #release(complete: CompleteHead | undefined): void {
    const response = this.#response
    this.#phase = 'released'
    this.#freeSocket()
    this.#complete = complete
    this.#apparent.off()
    // What was set since is too late, as it is without the wait; and whoever wrapped the head has been heard.
    const { statusCode, writeHead } = response
    const given = this.#head as Head
    response.statusCode = given[0]
    response.writeHead = this.#writeHead as typeof writeHead
    if (!this.#isImplicit) this.#onWriteHead(given)
    this.#replay()
    response.statusCode = statusCode
    response.writeHead = writeHead
    this.#close()
  }

  #takeSocket(): void {
    const { socket } = this.#response
    // One of HTTP/2 is shared by many requests, and refuses to be closed.
    if (!socket || 'stream' in this.#response) return
    this.#socket = socket
    deferClose(socket, this)
  }

  #freeSocket(): void {
    if (this.#socket) deferClose(this.#socket, undefined)
    this.#socket = undefined
  }

  #close(): void {
    if (this.#closing.length === 0) return
    const close = () => {
      for (const act of this.#closing) act()
    }
    if (this.#isLostWith || this.#response.writableEnded) close()
    else process.nextTick(close)
  }

  #replay(): void {
    const response = this.#response
    let isFlowing = true
    for (const [method, given] of this.#kept) isFlowing = method.apply(response, [...given]) !== false
    this.#kept = []
    if (this.#isFull && isFlowing && !response.writableEnded) process.nextTick(() => response.emit('drain'))
  }

  #keep(method: Method, given: Given): void {
    assertEncoding(given)
    if (this.#phase === 'dropped') this.#tell(given)
    else if (this.#isOver) this.#refuseLater(method, given)
    else this.#kept.push([method, given])
  }

  /** Of a response that has long ended: Node tells the callback and emits no error, which would end the process. */
  #refuseLater(method: Method, given: Given): void {
    const response = this.#response
    const refuse = () => void method.apply(response, [...given])
    if (response.destroyed) refuse()
    else response.once('close', refuse)
  }

  #keepChunk(given: Given): boolean {
    const response = this.#response
    this.#keep(this.#found.write, given)
    this.#isLost = true
    process.nextTick(() => {
      this.#isLost = false
    })
    if (this.#phase === 'dropped' || response.writableEnded) return this.#phase === 'dropped'
    const [chunk, encoding] = given as [string | Uint8Array, BufferEncoding?]
    this.#bytes += Buffer.byteLength(chunk, typeof encoding === 'string' ? encoding : undefined)
    // As much as Node takes, and as a stream between takes: else one of them waits for a `drain` that is the other's to emit.
    this.#isFull ||= this.#bytes >= Math.max(response.writableHighWaterMark, getDefaultHighWaterMark(false))
    if (this.#isFull) this.#apparent.full()
    return !this.#isFull
  }

  #forget(error: unknown): void {
    this.#failure = error
    for (const [, given] of this.#kept) this.#tell(given)
    this.#kept = []
    if (this.#isFull) process.nextTick(() => this.#response.emit('drain'))
  }

  /** Tells a call's callback that nothing came of it. */
  #tell(given: Given): void {
    const callback = given.findLast((value) => typeof value === 'function')
    if (callback) process.nextTick(callback as (error: unknown) => void, this.#failure)
  }
}
