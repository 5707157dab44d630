import type { StoredCookie } from '@session-cluster/visitor'
import type { CookieShown } from '../wire/inspection.ts'
import { mask } from './why.ts'

/** Takes a cookie apart. Nothing of its value is told unless `reveal`. */
export function showCookie(cookie: StoredCookie, sessionName: string, reveal: boolean): CookieShown {
  const kind = cookie.name === sessionName ? 'session' : 'affinity'
  const shown = (value: string) => (reveal ? value : mask(value))
  return {
    name: cookie.name,
    value: shown(cookie.value),
    kind,
    attributes: cookie.attributes,
    parts: kind === 'affinity' ? [{ key: 'signature', value: shown(cookie.value) }] : sessionParts(cookie.value, shown),
    bytes: Buffer.byteLength(`${cookie.name}=${cookie.value}`),
  }
}

function sessionParts(value: string, shown: (value: string) => string): { key: string; value: string }[] {
  const text = decode(value)
  const readable = text !== undefined && /^[\x21-\x7e]{8,}$/.test(text)
  const parts = [{ key: readable ? 'base64' : 'random', value: shown(readable ? text : value) }]
  return [...parts, { key: 'bits', value: String(Math.floor(Buffer.from(value, 'base64url').length * 8)) }]
}

/** The text inside standard Base64, as Spring writes its cookie; `undefined` when it is none. */
function decode(value: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value) || value.length % 4 !== 0) return undefined
  return Buffer.from(value, 'base64').toString('utf8')
}
