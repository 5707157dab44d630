import { type IncomingMessage, type OutgoingHttpHeaders, OutgoingMessage, ServerResponse } from 'node:http'
import type { CarrierHeader } from '../carrier/carrier.ts'

/** A status, and its reason where one was given. */
export type Head = readonly [statusCode: number, reason?: string]

type Header = readonly [name: string, value: string | readonly string[]]

/**
 * Takes over what `writeHead` was given, without sending it: what is set afterwards joins it. Throws as `writeHead` does. Returns
 * what `writeHead` is to be given then.
 */
export function prepareHead(response: ServerResponse, given: readonly unknown[]): Head {
  const [statusCode, reason, last] = given
  const list = typeof reason === 'string' ? last : (last ?? reason)
  if (isMalformed(statusCode, reason, list)) writeToNobody(response, given)
  const own = typeof reason === 'string' ? undefined : reasonOf(response)
  if (isMalformed(statusCode, own, undefined)) writeToNobody(response, [statusCode, own])
  response.statusCode = statusCode as number
  if (typeof reason === 'string') response.statusMessage = reason
  const headers = headersOf(list)
  for (const [name] of headers) response.removeHeader(name)
  for (const [name, value] of headers) response.appendHeader(name, value)
  return typeof reason === 'string' ? [response.statusCode, reason] : [response.statusCode]
}

function isMalformed(statusCode: unknown, reason: unknown, list: unknown): boolean {
  const code = Number(statusCode) | 0
  const isOdd = Array.isArray(list) && !Array.isArray(list[0]) && list.length % 2 !== 0
  const isReason = typeof reason !== 'string' || /^[\t\x20-\x7e\x80-\xff]*$/.test(reason)
  return code < 100 || code > 999 || isOdd || !isReason
}

/** Whether Node would refuse the status or the reason that were set, when the body begins without `writeHead`. */
export const isUnsendable = (response: ServerResponse): boolean =>
  isMalformed(response.statusCode, reasonOf(response), undefined)

// Not read where it was not set: HTTP/2 has none, and warns.
const reasonOf = (response: ServerResponse): string | undefined =>
  Object.hasOwn(response, 'statusMessage') ? response.statusMessage || undefined : undefined

/** Has Node refuse it, with an error of its own. */
function writeToNobody({ req }: ServerResponse, given: readonly unknown[]): void {
  ;(ServerResponse.prototype.writeHead as (...given: unknown[]) => unknown).apply(new ServerResponse(req), [...given])
}

/** As `writeHead` takes them: an object, a list of pairs, or names and values in one list. */
function headersOf(given: unknown): Header[] {
  if (!Array.isArray(given)) return Object.entries(given ?? {}).filter(([, value]) => value !== undefined) as Header[]
  if (Array.isArray(given[0])) return given as Header[]
  return given.flatMap((name, i) => (i % 2 === 0 ? [[name, given[i + 1]] as Header] : []))
}

/** Adds the session's header. A shared cache must not hand one client's id to another (ASVS, Session Management Cheat Sheet). */
export function addHeader(response: ServerResponse, { name, value }: CarrierHeader): void {
  response.appendHeader(name, value)
  if (!/\bno-store\b/i.test(String(response.getHeader('cache-control') ?? ''))) {
    response.setHeader('cache-control', 'no-store')
  }
}

/** Makes the head what it was before the handler was called. */
export function resetHead(response: ServerResponse, headers: OutgoingHttpHeaders): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value)
  // Not assigned where it was not: HTTP/2 has none, and warns.
  if (Object.hasOwn(response, 'statusMessage')) response.statusMessage = ''
}

/** Throws what Node throws for a chunk of a body that is none. */
export function assertChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return
  new OutgoingMessage<IncomingMessage>().write(chunk)
}

/** Throws what Node throws for a text in an encoding that there is not. */
export function assertEncoding([chunk, encoding]: readonly unknown[]): void {
  if (typeof chunk === 'string' && typeof encoding === 'string')
    Buffer.from(chunk.slice(0, 1), encoding as BufferEncoding)
}
