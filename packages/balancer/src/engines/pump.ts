import type { Readable, Writable } from 'node:stream'

/**
 * Moves a request's body to the upstream, no faster than it is taken. Unlike `pipe` it can be stopped without harm to
 * either end, and it tells when the last byte is handed over.
 */
export class BodyPump {
  readonly #source: Readable
  readonly #sink: Writable
  readonly #onDone: () => void
  isDone = false
  #stopped = false

  constructor(source: Readable, sink: Writable, onDone: () => void) {
    this.#source = source
    this.#sink = sink
    this.#onDone = onDone
    source.on('data', this.#onData)
    source.once('end', this.#onEnd)
    source.on('error', this.#onError)
    sink.on('drain', this.#onDrain)
    if (source.readableEnded) this.#onEnd()
    else source.resume()
  }

  /** Lets go of the source, which then flows into nothing. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#sink.off('drain', this.#onDrain)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.#sink.write(chunk)) this.#source.pause()
  }

  readonly #onDrain = (): void => {
    this.#source.resume()
  }

  readonly #onEnd = (): void => {
    this.isDone = true
    this.stop()
    this.#sink.end()
    this.#onDone()
  }

  // The client left or broke its framing; whoever watches the client aborts the attempt.
  readonly #onError = (): void => this.stop()
}
