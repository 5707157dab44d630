import type { IncomingMessage } from 'node:http'
import { checkWeight, type UpstreamMode, type UpstreamOptions } from '../pool/upstream.ts'

const MAX_BYTES = 65_536

/** Reads a small JSON body. @throws TypeError when it is too large, SyntaxError when it is not JSON */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  let text = ''
  req.setEncoding('utf8')
  for await (const chunk of req) {
    text += chunk
    if (text.length > MAX_BYTES) throw new TypeError(`the body is larger than ${MAX_BYTES} characters`)
  }
  return JSON.parse(text || '{}')
}

/** Reads `{name, url, weight?}`; the pool checks their values. */
export function readAddition(body: unknown): UpstreamOptions {
  const { name, url, weight } = fields(body, ['name', 'url', 'weight'])
  if (typeof name !== 'string') throw new TypeError('name: missing')
  if (typeof url !== 'string') throw new TypeError('url: missing')
  if (weight !== undefined) checkWeight(weight)
  return { name, url, weight }
}

/** Reads `{state?, weight?}`. */
export function readChange(body: unknown): { mode?: UpstreamMode; weight?: number } {
  const { state, weight } = fields(body, ['state', 'weight'])
  if (state === undefined && weight === undefined) throw new TypeError('nothing to change: give state or weight')
  if (state !== undefined && state !== 'ready' && state !== 'drain' && state !== 'maintenance') {
    throw new TypeError(`state: ${JSON.stringify(state)} is not ready, drain or maintenance`)
  }
  if (weight !== undefined) checkWeight(weight)
  return { ...(state === undefined ? {} : { mode: state }), ...(weight === undefined ? {} : { weight }) }
}

/** Reads `?force=…&timeoutMs=…`. What is misread here cuts clients off: nothing is guessed. */
export function readRemoval(query: URLSearchParams): { force: boolean; timeoutMs: number } {
  const { force = 'false', timeoutMs = '10000' } = fields(Object.fromEntries(query), ['force', 'timeoutMs'])
  if (force !== 'true' && force !== 'false') throw new TypeError(`force: ${JSON.stringify(force)} is not true or false`)
  if (!/^\d{1,6}$/.test(String(timeoutMs)) || Number(timeoutMs) > 600_000) {
    throw new TypeError(`timeoutMs: ${JSON.stringify(timeoutMs)} is not a whole number from 0 to 600000`)
  }
  return { force: force === 'true', timeoutMs: Number(timeoutMs) }
}

function fields(body: unknown, allowed: readonly string[]): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new TypeError('the body is not a JSON object')
  for (const key of Object.keys(body)) {
    if (!allowed.includes(key)) throw new TypeError(`${key}: unknown; allowed are ${allowed.join(', ')}`)
  }
  return body as Record<string, unknown>
}
