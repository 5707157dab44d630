/** One answer, cut out of a connection's bytes. */
export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: Buffer
  /** The server will close: the next request needs a new connection. */
  readonly closes: boolean
  /** How many bytes the whole answer took. */
  readonly length: number
}

/**
 * Reads the first whole answer in `bytes`; `undefined` when more bytes are needed (RFC 9112 §6.3, of which the
 * load needs Content-Length, chunked, and the bodiless 1xx/204/304). Throws on what is no HTTP answer.
 */
export function readAnswer(bytes: Buffer): Answer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |\r|$)/.exec(head)?.[1] ?? Number.NaN)
  if (Number.isNaN(status)) throw new Error(`Not an HTTP answer: ${JSON.stringify(head.slice(0, 60))}`)
  const closes = /\r\nconnection: *close/i.test(head)
  const bodyAt = headEnd + 4
  const whole = (body: Buffer, end: number): Answer => ({ status, head, body, closes, length: end })
  if (status === 204 || status === 304 || status < 200) return whole(Buffer.alloc(0), bodyAt)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) {
    const end = bodyAt + Number(length)
    return bytes.length < end ? undefined : whole(bytes.subarray(bodyAt, end), end)
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head))
    throw new Error('An answer without a length cannot be kept alive.')
  const chunked = readChunks(bytes, bodyAt)
  return chunked && whole(chunked.body, chunked.end)
}

function readChunks(bytes: Buffer, start: number): { body: Buffer; end: number } | undefined {
  const parts: Buffer[] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (Number.isNaN(size)) throw new Error('A chunk without a size.')
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return undefined
    if (size === 0) return { body: Buffer.concat(parts), end: next }
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}

/** The `name=value` pairs of every Set-Cookie line, joined as a Cookie header's value; empty when there is none. */
export function cookiesOf(head: string): string {
  return [...head.matchAll(/\r\nset-cookie: *([^;\r]+)/gi)].map((match) => (match[1] as string).trim()).join('; ')
}
