import { TOKEN } from '../../headers/syntax.ts'

/** The bytes are no HTTP/1.1 response, or one whose end cannot be known for certain. */
export class ResponseSyntaxError extends Error {
  readonly code = 'BALANCER_RESPONSE_SYNTAX'
}

/** A field that says where the response ends, or what becomes of the connection; every other is `PLAIN`. */
export const PLAIN = 0
export const LENGTH = 1
export const TRANSFER_ENCODING = 2
export const CONNECTION = 3
export const KEEP_ALIVE = 4

const known = new Map<string, number>([
  ['content-length', LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['connection', CONNECTION],
  ['keep-alive', KEEP_ALIVE],
])
const MAX_CACHED = 2000

/** Whether a field of that kind says where the body ends. */
export const isFraming = (kind: number): boolean => kind === LENGTH || kind === TRANSFER_ENCODING

/**
 * The kind of a field by its name as it came; names met before cost one look-up. Bounded: a node that invents names cannot
 * fill the memory.
 * @throws ResponseSyntaxError when it is no token (RFC 9110 §5.6.2)
 */
function kindOf(name: string): number {
  const cached = known.get(name)
  if (cached !== undefined) return cached
  if (!TOKEN.test(name)) throw new ResponseSyntaxError(`a field's name is no token: ${JSON.stringify(name)}`)
  const kind = known.get(name.toLowerCase()) ?? PLAIN
  if (known.size < MAX_CACHED) known.set(name, kind)
  return kind
}

/** What no head and no trailer section may hold: control characters but tab, and line ends that are not CRLF. */
const FORBIDDEN = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/

/** @throws ResponseSyntaxError when the text holds what no part of a head may hold */
export function checkCharacters(text: string): void {
  if (FORBIDDEN.test(text)) throw new ResponseSyntaxError('a control character or a bare CR or LF')
}

/**
 * Reads field lines from `from` to the end of the text, into names and values in turn. `onSpecial` is told of those that
 * are not plain. The text was checked by `checkCharacters` and has no empty line.
 * @throws ResponseSyntaxError
 */
export function readFields(
  text: string,
  from: number,
  raw: string[],
  onSpecial: (kind: number, value: string) => void,
): void {
  let at = from
  while (at < text.length) {
    const crlf = text.indexOf('\r\n', at)
    const end = crlf === -1 ? text.length : crlf
    const colon = text.indexOf(':', at)
    // A line that begins with a blank would be folded: its blank makes the name no token.
    if (colon === -1 || colon > end) throw new ResponseSyntaxError('a field without a colon')
    const name = text.slice(at, colon)
    const kind = kindOf(name)
    const value = trimmed(text, colon + 1, end)
    raw.push(name, value)
    at = end + 2
    if (kind === PLAIN) continue
    // RFC 9110 §5.5 lets a tab stand there, yet Node's parsers see no chunks then, or refuse the length. What frames a
    // message must read the same to everybody.
    if (isFraming(kind) && text.charCodeAt(end - 1) === TAB)
      throw new ResponseSyntaxError('a tab after a framing field')
    onSpecial(kind, value)
  }
}

/** Without the blanks and tabs around it (RFC 9110 §5.5). */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const TAB = 9
const isBlank = (code: number): boolean => code === 32 || code === TAB
