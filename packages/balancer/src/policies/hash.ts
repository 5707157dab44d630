import { cookieValue } from '../headers/cookies.ts'
import type { PickKey } from './policy.ts'

/** What of a request is hashed: the client's address, the path, one header or one cookie. */
export type HashOn = 'address' | 'path' | `header:${string}` | `cookie:${string}`

/** Whether the text is one of the forms of {@link HashOn}. */
export const isHashOn = (text: string): text is HashOn =>
  /^(address|path|(header|cookie):[\w!#$%&'*+.^`|~-]+)$/.test(text)

/** Reads the hashed part of a request; a request that lacks it goes by its client's address. */
export function hashKey(on: HashOn): (request: PickKey) => string {
  if (on === 'address') return (request) => request.address
  if (on === 'path') return (request) => request.path
  const name = on.slice(7)
  if (on.startsWith('header:')) return (request) => request.header(name.toLowerCase()) ?? request.address
  return (request) => {
    const cookies = request.header('cookie')
    return (cookies === undefined ? undefined : cookieValue(cookies, name)) ?? request.address
  }
}

/**
 * 32 bits of a text: FNV-1a with Murmur3's finish, which makes neighbouring texts differ in every bit. The same on every
 * machine; no defence against someone who looks for collisions.
 */
export function hash32(text: string, seed = 0x811c9dc5): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
