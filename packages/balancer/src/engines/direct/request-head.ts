import { ODD_VALUE, TOKEN } from '../../headers/syntax.ts'
import type { Outgoing } from '../engine.ts'

const ODD_PATH = /[^\x21-\x7e\x80-\xff]/

/**
 * A request's head as it goes over the wire, one character a byte; bodies without a declared length are chunked.
 * `undefined` when it holds anything that a node could read as the end of a line: what came by HTTP/2 was framed otherwise.
 */
export function requestHead({ method, path, headers, body }: Outgoing): string | undefined {
  if (!TOKEN.test(method) || path === '' || ODD_PATH.test(path)) return undefined
  const lines = fieldLines(headers)
  if (lines === undefined) return undefined
  const framing = body && body.length === undefined ? 'Transfer-Encoding: chunked\r\n' : ''
  return `${method} ${path} HTTP/1.1\r\n${lines}${framing}\r\n`
}

/** Names and values in turn as lines, each with its CRLF; `undefined` when one of them is none. */
export function fieldLines(raw: readonly string[]): string | undefined {
  let lines = ''
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    if (!isName(name) || ODD_VALUE.test(value)) return undefined
    lines += `${name}: ${value}\r\n`
  }
  return lines
}

const names = new Set<string>()
const MAX_CACHED = 2000

/** Names met before cost one look-up; bounded, since clients choose them. */
function isName(name: string): boolean {
  if (names.has(name)) return true
  if (!TOKEN.test(name)) return false
  if (names.size < MAX_CACHED) names.add(name)
  return true
}
