import { latin1 } from '../../headers/latin1.ts'
import { checkCharacters, isFraming, ResponseSyntaxError, readFields } from './fields.ts'
import { ResponseHead } from './response-head.ts'

/** What a reader tells, in the order of the wire. */
export interface ResponseEvents {
  /** An interim response (1xx), 101 included: whether it was asked for is the caller's to know. */
  onInterim(head: ResponseHead): void
  onHead(head: ResponseHead): void
  /** @returns false to be told no more until `resume` */
  onBody(piece: Buffer): boolean
  /** The response is complete. `isReusable` when its end is certain, nothing came after it, and the node stays. */
  onComplete(rawTrailers: string[], isReusable: boolean): void
}

// What the next byte belongs to.
const HEAD = 0
const BODY = 1
const CHUNK_SIZE = 2
const CHUNK = 3
const CHUNK_END = 4
const TRAILERS = 5
const UNTIL_CLOSE = 6
const COMPLETE = 7
/** Nothing more is read: it was stopped, or the last response's end was told and no other is expected. */
const STOPPED = 8

/** Bytes of the line before a chunk: its size and extensions that nobody reads. */
const MAX_CHUNK_LINE = 1024
/** A size, and extensions as RFC 9112 §7.1.1 has them, but without the blanks and escapes that nobody sends. */
const CHUNK_LINE =
  /^([0-9A-Fa-f]{1,13})(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"[\t !#-[\]-~\x80-\xff]*"))?)*$/
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const CRLF = Buffer.from('\r\n')
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Reads the responses of one connection (RFC 9112), however they are cut into pieces. Strict where leniency would leave room
 * for a second reading: line ends are CRLF, fields are not folded, a length is said once and never along with a transfer
 * coding, and the one coding is `chunked`. It knows nothing of sockets and time.
 */
export class ResponseReader {
  readonly #events: ResponseEvents
  readonly #maxHead: number
  #state = STOPPED
  #toHead = false
  /** Bytes that came and could not be read yet. */
  #held: Buffer = NOTHING
  #isPaused = false
  /** Bytes of the body, or of this chunk, still to come. */
  #left = 0
  #isPersistent = false
  #trailers: string[] = []

  /** @param maxHead bytes of a head, or of a trailer section; by default the bound that Node has for requests */
  constructor(events: ResponseEvents, maxHead = 16_384) {
    this.#events = events
    this.#maxHead = maxHead
  }

  /** Expects the response to a request; `toHead` when that was a HEAD. */
  expect(toHead: boolean): void {
    this.#state = HEAD
    this.#toHead = toHead
    this.#isPaused = false
    this.#trailers = []
  }

  /** Takes what came. @throws ResponseSyntaxError: the connection is then of no more use */
  read(chunk: Buffer): void {
    this.#run(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]))
  }

  /** Goes on after `onBody` answered false. @returns whether it may be given more @throws ResponseSyntaxError */
  resume(): boolean {
    this.#isPaused = false
    this.#run(this.#held)
    return !this.#isPaused
  }

  /** Whether it was asked to tell no more for now, and has more to tell: the end of the response at least. */
  get isPaused(): boolean {
    return this.#isPaused && this.#state !== STOPPED
  }

  /** The connection ended. @returns false when the response lacks something */
  end(): boolean {
    if (this.#state !== UNTIL_CLOSE) return this.#state === STOPPED
    this.#complete(false)
    return true
  }

  /** Tells nothing more. */
  stop(): void {
    this.#state = STOPPED
    this.#held = NOTHING
  }

  #run(bytes: Buffer): void {
    let at = 0
    while (!this.#isPaused && this.#state !== STOPPED) {
      if (this.#state === COMPLETE) {
        this.#complete(this.#isPersistent && at === bytes.length)
        return
      }
      if (at === bytes.length) break
      const next = this.#step(bytes, at)
      if (next === at) break
      at = next
    }
    this.#held = this.#state === STOPPED || at === bytes.length ? NOTHING : bytes.subarray(at)
  }

  #complete(isReusable: boolean): void {
    this.stop()
    this.#events.onComplete(this.#trailers, isReusable)
  }

  /** Reads one thing. @returns the position after it, or `at` when it is not there as a whole */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case HEAD:
        return this.#head(bytes, at)
      case BODY:
        return this.#body(bytes, at, COMPLETE)
      case CHUNK_SIZE:
        return this.#chunkSize(bytes, at)
      case CHUNK:
        return this.#body(bytes, at, CHUNK_END)
      case CHUNK_END:
        return this.#chunkEnd(bytes, at)
      case TRAILERS:
        return this.#trailerSection(bytes, at)
      default:
        this.#tell(bytes.subarray(at))
        return bytes.length
    }
  }

  #head(bytes: Buffer, at: number): number {
    const end = within(bytes.indexOf(END_OF_HEAD, at), bytes.length, at, this.#maxHead)
    if (end === -1) return begun(bytes, at, START)
    const head = new ResponseHead(latin1(bytes, at, end), this.#toHead)
    if (head.isInterim) {
      this.#events.onInterim(head)
      return end + 4
    }
    this.#isPersistent = head.isPersistent
    this.#left = head.length
    this.#state = STATE_AFTER[head.framing]
    if (head.framing === 'length' && head.length === 0) this.#state = COMPLETE
    this.#events.onHead(head)
    return end + 4
  }

  #body(bytes: Buffer, at: number, after: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.#state = after
    this.#tell(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    return end
  }

  #tell(piece: Buffer): void {
    if (!this.#events.onBody(piece)) this.#isPaused = true
  }

  #chunkSize(bytes: Buffer, at: number): number {
    const end = within(bytes.indexOf(CRLF, at), bytes.length, at, MAX_CHUNK_LINE)
    if (end === -1) return begun(bytes, at)
    const match = CHUNK_LINE.exec(latin1(bytes, at, end))
    if (!match) throw new ResponseSyntaxError('not the size of a chunk')
    this.#left = Number.parseInt(match[1] as string, 16)
    this.#state = this.#left === 0 ? TRAILERS : CHUNK
    return end + 2
  }

  #chunkEnd(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return at
    if (bytes[at] !== 13 || bytes[at + 1] !== 10) throw new ResponseSyntaxError('a chunk longer than its size')
    this.#state = CHUNK_SIZE
    return at + 2
  }

  #trailerSection(bytes: Buffer, at: number): number {
    if (bytes[at] === 13) {
      if (bytes.length - at < 2) return at
      if (bytes[at + 1] !== 10) throw new ResponseSyntaxError('a bare CR')
      this.#state = COMPLETE
      return at + 2
    }
    const end = within(bytes.indexOf(END_OF_HEAD, at), bytes.length, at, this.#maxHead)
    if (end === -1) return begun(bytes, at)
    const text = latin1(bytes, at, end)
    checkCharacters(text)
    readFields(text, 0, this.#trailers, refuseFraming)
    this.#state = COMPLETE
    return end + 4
  }
}

const STATE_AFTER = { none: COMPLETE, length: BODY, chunked: CHUNK_SIZE, close: UNTIL_CLOSE } as const

/** RFC 9110 §6.5.1: what frames a message must be known before it begins. */
function refuseFraming(kind: number): void {
  if (isFraming(kind)) throw new ResponseSyntaxError('a trailer that frames the message')
}

const START = 'HTTP/1.'

/**
 * What has come of a head or a line is kept, unless nothing that could follow makes it one: the node is not waited for then.
 * @returns `at` @throws ResponseSyntaxError
 */
function begun(bytes: Buffer, at: number, start = ''): number {
  const isCut = bytes.at(-1) === CR
  const text = latin1(bytes, at, bytes.length - (isCut ? 1 : 0))
  checkCharacters(text)
  if (!text.startsWith(start.slice(0, text.length))) throw new ResponseSyntaxError('not a status line')
  return at
}

const CR = 13

/** `end`, the place of a delimiter or -1. @throws ResponseSyntaxError when what it ends is longer than allowed */
function within(end: number, length: number, at: number, most: number): number {
  if ((end === -1 ? length : end) - at > most) throw new ResponseSyntaxError('a head or a line is too long')
  return end
}
