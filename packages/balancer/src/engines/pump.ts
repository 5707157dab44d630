import type { Readable } from 'node:stream'
import type { RequestBody } from './engine.ts'

/** What a body is moved into: a `ClientRequest`, or what frames it for a socket. */
export interface Sink {
  /** @returns false when it has enough until `drain` */
  write(chunk: Buffer): boolean
  /** Has trailers follow the body; called before `end`, and only for bodies of unknown length. */
  addTrailers(pairs: [name: string, value: string][]): void
  end(): void
  on(event: 'drain', listener: () => void): unknown
  off(event: 'drain', listener: () => void): unknown
}

/** Who wants to know how far a body has come. */
export interface PumpOwner {
  /** The last byte is handed over. */
  onBodySent(): void
  /** Whether the upstream has not yet taken what was written for it. */
  onBehind(isBehind: boolean): void
}

/**
 * Moves a request's body to the upstream, no faster than it is taken. Unlike `pipe` it can be stopped without harm to
 * either end, and it tells when the last byte is handed over.
 */
export class BodyPump {
  readonly #body: RequestBody
  readonly #source: Readable
  readonly #sink: Sink
  readonly #owner: PumpOwner
  isDone = false
  #stopped = false
  #ended = false
  /** Chunks on their way to the sink. */
  #pending = 0

  constructor(body: RequestBody, sink: Sink, owner: PumpOwner) {
    const { source } = body
    this.#body = body
    this.#source = source
    this.#sink = sink
    this.#owner = owner
    source.on('data', this.#onData)
    source.once('end', this.#onEnd)
    source.on('error', this.#onError)
    sink.on('drain', this.#onDrain)
    if (source.readableEnded) this.#onEnd()
    else source.resume()
  }

  /** Lets go of the source. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#sink.off('drain', this.#onDrain)
  }

  // A node may answer 413 and reset. Its answer is read in the event loop's poll phase, as this chunk was: writing only
  // after that phase gives the answer the chance to come before the write that fails.
  readonly #onData = (chunk: Buffer): void => {
    this.#source.pause()
    this.#pending++
    setImmediate(() => {
      this.#pending--
      if (this.#stopped) return
      this.#body.sent += chunk.length
      const more = this.#sink.write(chunk)
      if (this.#ended) this.#onEnd()
      else if (more) this.#source.resume()
      else this.#owner.onBehind(true)
    })
  }

  readonly #onDrain = (): void => {
    this.#owner.onBehind(false)
    this.#source.resume()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    if (this.#pending > 0 || this.#stopped) return
    this.isDone = true
    this.stop()
    this.#addTrailers()
    this.#sink.end()
    this.#owner.onBodySent()
  }

  #addTrailers(): void {
    const raw = this.#body.trailers?.() ?? []
    const pairs: [string, string][] = []
    for (let i = 0; i < raw.length; i += 2) pairs.push([raw[i] as string, raw[i + 1] as string])
    if (pairs.length > 0) this.#sink.addTrailers(pairs)
  }

  // The client left or broke its framing; whoever watches the client aborts the attempt.
  readonly #onError = (): void => this.stop()
}
