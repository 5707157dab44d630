import type { Socket } from 'node:net'

/** Held bytes beyond which the source is no longer read, so that a slow sink slows its source. */
const HIGH_WATER = 1024 * 1024

/** Carries bytes from one socket to another, later, in order, and not at all while frozen. */
export class DelayLine {
  readonly #source: Socket
  readonly #sink: Socket
  readonly #latencyMs: () => number
  readonly #onDelivered: () => void
  readonly #held: { readonly dueMs: number; readonly chunk: Buffer | undefined }[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined
  #frozen = false

  /** `onDelivered` hears of every piece that has left for the sink. */
  constructor(source: Socket, sink: Socket, latencyMs: () => number, onDelivered: () => void = () => {}) {
    this.#source = source
    this.#sink = sink
    this.#latencyMs = latencyMs
    this.#onDelivered = onDelivered
    source.on('data', (chunk: Buffer) => this.#take(chunk))
    source.once('end', () => this.#take(undefined))
    sink.once('close', () => clearTimeout(this.#timer))
    sink.on('drain', () => this.#flow())
  }

  freeze(): void {
    this.#frozen = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#source.pause()
  }

  thaw(): void {
    this.#frozen = false
    this.#release()
    this.#flow()
  }

  /** `undefined` is the end of the source: it waits its turn behind the bytes before it. */
  #take(chunk: Buffer | undefined): void {
    const due = performance.now() + this.#latencyMs()
    // A latency that was lowered must not let later bytes overtake earlier ones.
    const dueMs = Math.max(due, this.#held.at(-1)?.dueMs ?? 0)
    this.#held.push({ dueMs, chunk })
    this.#heldBytes += chunk?.length ?? 0
    if (this.#heldBytes > HIGH_WATER) this.#source.pause()
    if (this.#timer === undefined && !this.#frozen) this.#release()
  }

  #release(): void {
    this.#timer = undefined
    for (let next = this.#held[0]; next; next = this.#held[0]) {
      const waitMs = next.dueMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#release(), waitMs)
        return
      }
      this.#held.shift()
      this.#heldBytes -= next.chunk?.length ?? 0
      if (next.chunk === undefined) this.#sink.end()
      else if (this.#sink.writable) {
        this.#sink.write(next.chunk)
        this.#onDelivered()
      }
    }
    this.#flow()
  }

  #flow(): void {
    if (!this.#frozen && this.#heldBytes <= HIGH_WATER && !this.#sink.writableNeedDrain) this.#source.resume()
    else this.#source.pause()
  }
}
