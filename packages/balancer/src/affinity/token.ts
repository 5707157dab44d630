import { createHmac } from 'node:crypto'

/**
 * The opaque name of an upstream in a cookie: 128 bits of HMAC-SHA256 over its name, base64url, 22 characters. The same
 * secret gives the same token on every balancer and after every restart; without the secret none can be made.
 */
export function affinityToken(secret: string, name: string): string {
  return createHmac('sha256', secret).update(`affinity:${name}`).digest('base64url').slice(0, 22)
}
