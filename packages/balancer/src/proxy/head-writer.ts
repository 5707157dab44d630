import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Http2Stream, ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { onTurn } from '../front/pipelining.ts'

/** Writes a response's head in the client's protocol: raw headers in HTTP/1, gathered by name in HTTP/2. */
export function writeHead(res: ServerResponse, status: number, message: string, headers: string[]): void {
  if (isHttp2(res)) writeHead2(res, status, headers)
  else res.writeHead(status, message, headers)
}

// Node refuses to write some names twice, X-Content-Type-Options among them, which a node may say twice all the same.
function writeHead2(res: ServerResponse, status: number, headers: string[]): void {
  try {
    res.writeHead(status, gathered(headers))
  } catch (error) {
    // What it had taken by then stays in the next head.
    for (const name of res.getHeaderNames()) res.removeHeader(name)
    if ((error as NodeJS.ErrnoException).code !== 'ERR_HTTP2_HEADER_SINGLE_VALUE') throw error
    res.writeHead(status, combined(headers))
  }
}

/** Sends the head alone, now. */
export function flushHead(res: ServerResponse): void {
  // In HTTP/1 an empty write and not flushHeaders(), which would write the headers' bytes above 127 as UTF-8.
  if (isHttp2(res)) res.flushHeaders()
  else res.write(EMPTY)
}

/**
 * Sends an interim answer (1xx), if it can go out now: behind another answer, or before a client that takes nothing, it is lost.
 * Not by Node's own call: its grammar for `Link` is not RFC 8288's, and it sends no other field.
 */
export function writeInformation(res: ServerResponse, status: number, headers: string[]): void {
  if (res.headersSent || res.writableLength > MOST_WAITING) return
  if (isHttp2(res)) writeInformation2(res, status, headers)
  else if (res.socket) writeRawInformation(res.socket, status, headers)
}

/** The same on a bare connection. */
export function writeRawInformation(socket: Duplex, status: number, headers: string[]): void {
  if (socket.writableLength > MOST_WAITING) return
  socket.write(headText(status, STATUS_CODES[status] ?? '', headers), 'latin1')
}

function writeInformation2(res: ServerResponse, status: number, headers: string[]): void {
  try {
    const stream = streamOf(res) as ServerHttp2Stream | undefined
    stream?.additionalHeaders({ ...combined(headers), ':status': status })
  } catch {
    // A field that HTTP/2 does not allow: interim answers may be lost, answers may not.
  }
}

const MOST_WAITING = 65_536

/** A response's head as it goes over the wire, one character a byte. */
export function headText(status: number, message: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${message}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n`
}

/** Lets trailers follow the body, where the client's protocol and the body's framing can carry them. */
export function addTrailers(res: ServerResponse, raw: readonly string[]) {
  if (isHttp2(res)) return res.addTrailers(combined(raw))
  if (!res.chunkedEncoding) return
  const pairs: [string, string][] = []
  for (let i = 0; i < raw.length; i += 2) pairs.push([raw[i] as string, raw[i + 1] as string])
  res.addTrailers(pairs)
}

/** Ends a response in the middle, so that the client cannot take it for whole. */
export function breakOff(res: ServerResponse): void {
  if (isHttp2(res)) breakStream(res)
  else onTurn(res, () => res.destroy())
}

function breakStream(res: ServerResponse): void {
  const stream = streamOf(res)
  stream?.close(INTERNAL_ERROR)
  // A reset waits for its turn on the connection, which may be the one that nobody reads: it is not waited for.
  const carrier = stream ?? res
  carrier.destroy()
}

/**
 * Whether such an answer ends with its head whatever its node sends: a 205 has no content (RFC 9110 §15.3.6), and over HTTP/2 Node ends it.
 */
export const endsWithHead = (res: ServerResponse, status: number): boolean => status === 205 && isHttp2(res)

/** Whether the client speaks HTTP/2. */
export const isHttp2 = (res: ServerResponse): boolean => 'stream' in res

/** The HTTP/2 stream that carries a response, while there is one. */
export const streamOf = (res: ServerResponse): Http2Stream | undefined =>
  (res as unknown as { stream?: Http2Stream }).stream

/** RFC 9113 §7. */
const INTERNAL_ERROR = 2
const EMPTY = Buffer.alloc(0)

function gathered(raw: readonly string[]): OutgoingHttpHeaders {
  const out: Record<string, string | string[]> = Object.create(null)
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    const before = out[name]
    // RFC 9113 §8.2.2: what belongs to a connection has no place here.
    if (name === 'connection' || name === 'upgrade' || name === 'http2-settings') continue
    if (before === undefined) out[name] = raw[i + 1] as string
    else out[name] = [...(typeof before === 'string' ? [before] : before), raw[i + 1] as string]
  }
  return out
}

// RFC 9110 §5.3: lines of one name may be combined, but for Set-Cookie.
function combined(raw: readonly string[]): OutgoingHttpHeaders {
  const out = gathered(raw)
  for (const [name, value] of Object.entries(out)) {
    if (Array.isArray(value) && name !== 'set-cookie') out[name] = [...new Set(value)].join(', ')
  }
  return out
}
