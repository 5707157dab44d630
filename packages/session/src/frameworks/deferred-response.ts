import type { ServerResponse } from 'node:http'
import { getDefaultHighWaterMark } from 'node:stream'
import { AsIfSent } from './as-if-sent.ts'
import { assertChunk, type Head, prepareHead, resetHead } from './response-head.ts'

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
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A response whose first byte may wait. */
export interface DeferredResponse {
  /** Whether the handler has begun a body, or has flushed its headers. */
  isBegun(): boolean
  /** From now on nothing of the handler's reaches the client; its callbacks are told this error. */
  drop(error: unknown): void
  /** Answers after `drop`; ends the connection when the client already has a part of the handler's answer. */
  replace(answer: Replacement, complete?: CompleteHead): void
  /** Forgets the handler's answer: another one follows by the response's own methods, and waits for nothing. */
  restart(error: unknown): void
}

type Method = 'write' | 'end' | 'flushHeaders'
type Given = readonly unknown[]
type Any = (...given: unknown[]) => unknown

/**
 * Lets the first byte of a response wait until the session is saved, and does nothing else to it. Where nothing is to be saved,
 * and after the wait, each call goes on to the method that was there before: Node's, or another middleware's.
 *
 * A head that `writeHead` is given waits for the first byte too, so that a session which is made in between gets its cookie.
 */
export function deferResponse(response: ServerResponse, { save, failed }: Deferral): DeferredResponse {
  const { writeHead, write, end, flushHeaders, destroy } = response
  const found = { writeHead, write, end, flushHeaders, destroy } as Record<Method | 'writeHead' | 'destroy', Any>
  const headers = response.getHeaders()
  const apparent = new AsIfSent(response)
  let phase: 'open' | 'waiting' | 'released' | 'dropped' = 'open'
  let kept: (readonly [Method, Given])[] = []
  /** The head that is given and not sent. */
  let head: Head | undefined
  let isImplicit = false
  let bytes = 0
  let isFull = false
  let complete: CompleteHead | undefined
  let failure: unknown
  /** What `destroy` was called with while the response waits: what was written before it leaves first, as it does without us. */
  let destroyed: Given | undefined

  function mayLeave(): boolean {
    if (phase === 'open') begin()
    return phase === 'released'
  }

  function begin(): void {
    const saving = save(head ? head[0] : response.statusCode)
    if (!saving) {
      phase = 'released'
      if (head) sendHead(head)
      return
    }
    phase = 'waiting'
    saving.then(release).catch(failed)
    if (!head) {
      isImplicit = true
      // As Node does at this point: whoever has wrapped it since, as on-headers does, adds to the head now.
      response.writeHead(response.statusCode)
      head ??= [response.statusCode]
    }
    apparent.head()
  }

  function sendHead(given: Head): void {
    apparent.off()
    const { statusCode } = response
    own.writeHead(...given)
    response.statusCode = statusCode
  }

  function release(completeHead: CompleteHead | undefined): void {
    phase = 'released'
    complete = completeHead
    apparent.off()
    // What was set since is too late, as it is without the wait; and whoever wrapped the head has been heard.
    const { statusCode, writeHead } = response
    const given = head as Head
    response.statusCode = given[0]
    response.writeHead = own.writeHead
    if (!isImplicit) own.writeHead(...given)
    replay()
    response.statusCode = statusCode
    response.writeHead = writeHead
    if (destroyed) found.destroy.apply(response, [...destroyed])
  }

  function replay(): void {
    let isFlowing = true
    for (const [method, given] of kept) isFlowing = found[method].apply(response, [...given]) !== false
    kept = []
    if (isFull && isFlowing && !response.writableEnded) process.nextTick(() => response.emit('drain'))
  }

  function keep(method: Method, given: Given): void {
    if (phase === 'dropped') tell(given)
    else kept.push([method, given])
  }

  function forget(error: unknown): void {
    failure = error
    for (const [, given] of kept) tell(given)
    kept = []
    if (isFull) process.nextTick(() => response.emit('drain'))
  }

  /** Tells a call's callback that nothing came of it. */
  function tell(given: Given): void {
    const callback = given.findLast((value) => typeof value === 'function')
    if (callback) process.nextTick(callback as (error: unknown) => void, failure)
  }

  const own = {
    writeHead(...given: unknown[]): ServerResponse {
      if (phase !== 'dropped' && phase !== 'released' && !head) {
        head = prepareHead(response, given)
        if (phase === 'open') apparent.head()
        return response
      }
      if (phase !== 'released') return apparent.refuseHead(given)
      if (!complete || response.headersSent) return found.writeHead.apply(response, given) as ServerResponse
      const rest = prepareHead(response, given)
      complete()
      complete = undefined
      return found.writeHead.apply(response, [...rest]) as ServerResponse
    },
    write(...given: unknown[]): unknown {
      if (phase !== 'released') {
        assertChunk(given[0])
        if (!mayLeave()) return keepChunk(given)
      }
      return found.write.apply(response, given)
    },
    end(...given: unknown[]): unknown {
      if (phase !== 'released') {
        if (given[0] && typeof given[0] !== 'function') assertChunk(given[0])
        if (!mayLeave()) {
          keep('end', given)
          if (phase === 'waiting') apparent.end()
          return response
        }
      }
      return found.end.apply(response, given)
    },
    destroy(...given: unknown[]): ServerResponse {
      if (phase !== 'waiting') return found.destroy.apply(response, given) as ServerResponse
      destroyed ??= given
      return response
    },
    flushHeaders(): void {
      if (mayLeave()) found.flushHeaders.call(response)
      else keep('flushHeaders', [])
    },
  }

  function keepChunk(given: Given): boolean {
    keep('write', given)
    if (phase === 'dropped' || response.writableEnded) return phase === 'dropped'
    const [chunk, encoding] = given as [string | Uint8Array, BufferEncoding?]
    bytes += Buffer.byteLength(chunk, typeof encoding === 'string' ? encoding : undefined)
    // As much as Node takes, and as a stream between takes: else one of them waits for a `drain` that is the other's to emit.
    isFull ||= bytes >= Math.max(response.writableHighWaterMark, getDefaultHighWaterMark(false))
    if (isFull) apparent.full()
    return !isFull
  }

  Object.assign(response, own)
  return {
    // No getter: V8 keeps the one of a literal in its hidden class, and the response with it, until the next full collection.
    isBegun: () => phase !== 'open',
    drop(error) {
      if (phase === 'released') return
      phase = 'dropped'
      forget(error)
      apparent.head()
    },
    replace({ statusCode, headers: its, body }, completeHead) {
      if (phase === 'dropped') apparent.off()
      if (response.headersSent) {
        response.destroy()
        return
      }
      resetHead(response, headers)
      completeHead?.()
      found.writeHead.call(response, statusCode, its)
      found.end.call(response, body)
    },
    restart(error) {
      if (phase !== 'released') apparent.off()
      phase = 'released'
      forget(error)
    },
  }
}
