import { kindOf, namedBy, PLAIN } from './kinds.ts'
import { ODD_VALUE } from './syntax.ts'

// RFC 9110 §6.5.1: fields that must be known before the body is taken, and would be believed by whoever merges trailers
// into the headers. Framing, routing and what the balancer says itself are not PLAIN, and go with them.
const FORBIDDEN = new Set([
  // Who asks, and what is kept of it.
  ...['authorization', 'proxy-authenticate', 'www-authenticate', 'set-cookie'],
  // Controls and conditions.
  ...['cache-control', 'max-forwards', 'pragma', 'range', 'if-match', 'if-none-match', 'if-modified-since'],
  ...['if-unmodified-since', 'if-range', 'x-http-method-override'],
  // How the answer is to be taken.
  ...['age', 'date', 'expires', 'location', 'retry-after', 'vary', 'warning'],
  // What the body is.
  ...['content-encoding', 'content-type', 'content-range', 'content-location', 'content-disposition'],
])

const mayFollow = (lower: string): boolean => kindOf(lower) === PLAIN && !FORBIDDEN.has(lower)

/** The names of a `Trailer` header that may follow a body, as they came; `undefined` when none is left. */
export function announced(trailer: string, connection: string | undefined): string | undefined {
  const named = connection === undefined ? [] : namedBy(connection)
  const names = trailer.split(',').map((name) => name.trim())
  const left = names.filter((name) => name !== '' && passes(name, named))
  return left.length > 0 ? left.join(', ') : undefined
}

/** The trailers that are passed on, names and values in turn: those that RFC 9110 §6.5.1 forbids are left out. */
export function passedTrailers(raw: readonly string[], connection: string | undefined): string[] {
  const named = connection === undefined ? [] : namedBy(connection)
  const out: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    // Parsers let a few characters through that Node refuses to write.
    if (passes(name, named) && !ODD_VALUE.test(value)) out.push(name, value)
  }
  return out
}

const passes = (name: string, named: readonly string[]): boolean => {
  const lower = name.toLowerCase()
  return mayFollow(lower) && !named.includes(lower)
}
