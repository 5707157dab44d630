import { Readable } from 'node:stream'
import type { RequestBody } from './engine.ts'

/**
 * A request's body as undici takes it. Nothing is read from the source before undici reads from this, which it does only on
 * a connection that stands: after a refused one the body is still whole, and destroying this leaves the client's own
 * stream alone.
 */
export class BodyStream extends Readable {
  readonly #body: RequestBody
  readonly #source: Readable
  #attached = false
  #ended = false
  /** Chunks on their way. */
  #pending = 0

  constructor(body: RequestBody) {
    super()
    this.#body = body
    this.#source = body.source
  }

  override _read(): void {
    if (!this.#attached) this.#attach()
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    callback(error)
  }

  #attach(): void {
    this.#attached = true
    this.#source.on('data', this.#onData)
    if (this.#source.readableEnded) this.#onEnd()
    else this.#source.once('end', this.#onEnd)
  }

  // A node may answer 413 and reset. Its answer is read in the event loop's poll phase, as this chunk was: writing only
  // after that phase gives the answer the chance to come before the write that fails.
  readonly #onData = (chunk: Buffer): void => {
    this.#source.pause()
    this.#pending++
    setImmediate(() => {
      this.#pending--
      if (this.destroyed) return
      this.#body.sent += chunk.length
      const more = this.push(chunk)
      if (this.#ended) this.#onEnd()
      else if (more) this.#source.resume()
    })
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    if (this.#pending === 0) this.push(null)
  }
}
