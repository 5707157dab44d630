import { CONNECTION, checkCharacters, KEEP_ALIVE, LENGTH, ResponseSyntaxError, readFields } from './fields.ts'

/** How a response's body ends (RFC 9112 §6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([^\r]*))?$/

/** The start of a response, read from its status line and fields. */
export class ResponseHead {
  readonly status: number
  readonly message: string
  /** Names and values in turn, as they came. */
  readonly raw: string[] = []
  readonly framing: Framing
  /** Bytes of the body when its framing is `length`. */
  length = 0
  /** Whether the connection may carry another request when this one is through. */
  readonly isPersistent: boolean
  /** The value of `Keep-Alive`. */
  keepAlive: string | undefined
  #connection: string | undefined
  #hasLength = false
  #isChunked = false

  /**
   * @param text all lines, CRLF between them, without the empty line at the end
   * @param toHead whether it answers a HEAD request, and so has no body
   * @throws ResponseSyntaxError
   */
  constructor(text: string, toHead: boolean) {
    checkCharacters(text)
    const crlf = text.indexOf('\r\n')
    const line = crlf === -1 ? text : text.slice(0, crlf)
    const match = STATUS_LINE.exec(line)
    if (!match) throw new ResponseSyntaxError(`not a status line: ${JSON.stringify(line.slice(0, 80))}`)
    this.status = Number(match[2])
    this.message = match[3] ?? ''
    if (crlf !== -1) readFields(text, crlf + 2, this.raw, (kind, value) => this.#special(kind, value))
    const isOld = match[1] === '0'
    if (this.#isChunked && (this.#hasLength || isOld)) {
      throw new ResponseSyntaxError('Transfer-Encoding along with Content-Length, or in HTTP/1.0')
    }
    this.framing = this.#framing(toHead)
    this.isPersistent = this.framing !== 'close' && this.#staysOpen(isOld)
  }

  /** Whether another head follows, for the same request. */
  get isInterim(): boolean {
    return this.status < 200
  }

  #special(kind: number, value: string): void {
    if (kind === CONNECTION) this.#connection = this.#connection === undefined ? value : `${this.#connection},${value}`
    else if (kind === KEEP_ALIVE) this.keepAlive = value
    else if (kind === LENGTH) this.#contentLength(value)
    else this.#transferEncoding(value)
  }

  #contentLength(value: string): void {
    if (this.#hasLength || !/^\d{1,15}$/.test(value)) {
      throw new ResponseSyntaxError('Content-Length is repeated or not a number')
    }
    this.#hasLength = true
    this.length = Number(value)
  }

  #transferEncoding(value: string): void {
    if (this.#isChunked || value.toLowerCase() !== 'chunked') {
      throw new ResponseSyntaxError('Transfer-Encoding is repeated or not chunked')
    }
    this.#isChunked = true
  }

  #framing(toHead: boolean): Framing {
    if (toHead || this.status < 200 || this.status === 204 || this.status === 304) return 'none'
    if (this.#isChunked) return 'chunked'
    return this.#hasLength ? 'length' : 'close'
  }

  #staysOpen(isOld: boolean): boolean {
    const connection = this.#connection?.toLowerCase()
    if (connection === 'keep-alive') return true
    if (connection === undefined) return !isOld
    const options = connection.split(',').map((option) => option.trim())
    return !options.includes('close') && (!isOld || options.includes('keep-alive'))
  }
}
