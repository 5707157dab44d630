import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Transform } from 'node:stream'
import type { Clock } from '../clock.ts'
import { endGently } from '../front/linger.ts'
import type { Termination } from '../front/termination.ts'
import { headText } from './head-writer.ts'
import type { Stalls } from './stall.ts'
import { boundSink } from './tunnel.ts'

/** How the answer of a node that refuses an upgrade is passed on. */
export interface RefusalOptions {
  /** Its fields as the client gets them. */
  readonly headers: string[]
  /** Whether the client speaks HTTP/1.0, which has no chunks. */
  readonly isOld: boolean
  readonly clock: Clock
  readonly stalls: Stalls
  /** How long the node may be silent in the middle of its answer, ms. */
  readonly idleMs: number
  /** The node is done with it; `error` when the answer is not whole. */
  onLeft(error?: Error): void
  /** The client has been given all of it, or it must be cut. */
  onEnd(why: Termination): void
}

/** Passes on the answer of a node that does not make an upgrade, and closes the client's connection behind it. */
export function passRefusal(response: IncomingMessage, client: Socket, options: RefusalOptions): void {
  const { headers, isOld, stalls, onLeft, onEnd } = options
  const status = response.statusCode ?? 502
  headers.push('Connection', 'close')
  // Closing is how such an answer ends, and how a broken one does: only chunks tell them apart.
  const hasNoBody = status === 204 || status === 304
  const inChunks = !hasNoBody && response.headers['content-length'] === undefined && !isOld
  if (inChunks) headers.push('Transfer-Encoding', 'chunked')
  client.write(headText(status, response.statusMessage ?? '', headers), 'latin1')
  boundSilence(response, options)
  response.on('error', () => {})
  response.on('end', () => onLeft())
  response.on('close', () => {
    if (!response.complete) onLeft(new Error('the upstream closed before its answer was complete'))
  })
  const body = inChunks ? response.pipe(new Chunks()) : response
  boundSink(body, client, stalls, () => onEnd('client_stalled'))
  body.pipe(client, { end: false })
  body.on('end', () => {
    onEnd('ok')
    endGently(client, stalls)
  })
}

// An answer that stops in the middle of its body is cut; while the client is behind, that is its affair.
function boundSilence(response: IncomingMessage, { clock, idleMs, onEnd }: RefusalOptions): void {
  const cut = () => (response.isPaused() ? rearm() : onEnd('idle_timeout'))
  let bound = clock.after(idleMs, cut)
  const rearm = (): void => {
    bound.cancel()
    bound = clock.after(idleMs, cut)
  }
  response.on('data', rearm)
  response.once('close', () => bound.cancel())
}

/** Frames what goes through it as chunks (RFC 9112 §7.1). */
class Chunks extends Transform {
  override _transform(chunk: Buffer, _: string, done: () => void): void {
    this.push(`${chunk.length.toString(16)}\r\n`)
    this.push(chunk)
    this.push('\r\n')
    done()
  }

  override _flush(done: () => void): void {
    this.push('0\r\n\r\n')
    done()
  }
}
