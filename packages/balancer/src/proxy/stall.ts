import { type Bounded, Deadlines } from '../front/deadlines.ts'

/** What a client, or a node, takes bytes from: a socket, a response. */
export interface Taker {
  /** Bytes written for it that it has not taken. */
  readonly writableLength: number
  /** `null` while a response waits for its turn behind another on the same connection. */
  readonly socket?: object | null
}

/** Bounds how long somebody may leave what was written for them; reading slowly is allowed, not reading at all is not. */
export class Stalls {
  readonly #deadlines: Deadlines
  readonly #boundMs: number

  /** @param boundMs how long nothing may move, ms */
  constructor(boundMs: number) {
    this.#boundMs = boundMs
    this.#deadlines = new Deadlines(boundMs)
  }

  /** Watches until `over()` is called; `onStall` is called once, when nothing of what was written has moved for the bound. */
  watch(taker: Taker, onStall: () => void): Stall {
    return new Stall(taker, this.#deadlines, this.#boundMs, onStall)
  }

  close(): void {
    this.#deadlines.close()
  }
}

/** One that is behind with taking. */
export class Stall implements Bounded {
  slot = -1
  deadline: number
  readonly #taker: Taker
  readonly #deadlines: Deadlines
  readonly #boundMs: number
  readonly #onStall: () => void
  #left: number

  constructor(taker: Taker, deadlines: Deadlines, boundMs: number, onStall: () => void) {
    this.#taker = taker
    this.#deadlines = deadlines
    this.#boundMs = boundMs
    this.#onStall = onStall
    this.#left = taker.writableLength
    this.deadline = performance.now() + boundMs
    deadlines.watch(this)
  }

  /** It caught up, or is no longer waited for. */
  over(): void {
    this.#deadlines.forget(this)
  }

  onDeadline() {
    const left = this.#taker.writableLength
    if (left === this.#left && this.#taker.socket !== null) {
      this.over()
      return this.#onStall()
    }
    this.#left = left
    this.deadline = performance.now() + this.#boundMs
  }
}
