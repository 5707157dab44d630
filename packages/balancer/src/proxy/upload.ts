import type { IncomingMessage } from 'node:http'
import type { RequestBody } from '../engines/engine.ts'
import type { Bounded, Deadlines } from '../front/deadlines.ts'

/** What watches the bodies of all requests. */
export interface UploadWatch {
  readonly bounds: UploadBounds
  readonly deadlines: Deadlines
}

/** How long a body may take, ms. */
export interface UploadBounds {
  /** Without a byte, while bytes are asked for. */
  readonly idleMs: number
  /** From the request's headers to its last byte. */
  readonly wholeMs: number
}

/**
 * A request's body on its way in. A client may send slowly, but not stop while it is asked for more: it is given up between
 * one and two times the bound later. Bodies that nobody asks for, because a node is slow or there is none yet, may wait.
 */
export class Upload implements RequestBody, Bounded {
  readonly source: IncomingMessage
  readonly length: number | undefined
  readonly trailers: (() => string[]) | undefined
  sent = 0
  slot = -1
  deadline: number
  /** Once the answer has begun, silence is bounded on its side. */
  readonly #answer: { readonly headersSent: boolean }
  readonly #onStall: () => void
  readonly #bounds: UploadBounds
  readonly #deadlines: Deadlines
  readonly #end: number
  /** What had been sent when bytes were asked for at the last look; -1 when none were. */
  #sentBefore = -1

  /** @param onStall called once: nothing of the body came for too long, or not all of it in time */
  constructor(
    body: Pick<Upload, 'source' | 'length' | 'trailers'>,
    answer: { readonly headersSent: boolean },
    { bounds, deadlines }: UploadWatch,
    onStall: () => void,
  ) {
    this.source = body.source
    this.length = body.length
    this.trailers = body.trailers
    this.#answer = answer
    this.#onStall = onStall
    this.#bounds = bounds
    this.#deadlines = deadlines
    const now = performance.now()
    this.#end = now + bounds.wholeMs
    this.deadline = Math.min(now + bounds.idleMs, this.#end)
    deadlines.watch(this)
  }

  /** It is no longer waited for. */
  over(): void {
    this.#deadlines.forget(this)
  }

  onDeadline() {
    if (this.source.complete) return this.over()
    const now = performance.now()
    const isAwaited = this.source.readableFlowing === true && !this.#answer.headersSent
    if (now >= this.#end || (isAwaited && this.sent === this.#sentBefore)) {
      this.over()
      return this.#onStall()
    }
    this.#sentBefore = isAwaited ? this.sent : -1
    this.deadline = Math.min(now + this.#bounds.idleMs, this.#end)
  }
}
