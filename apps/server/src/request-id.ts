import { randomUUID, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * Makes the function that names a request. The balancer's `X-Request-Id` is believed only when `X-Balancer-Token`
 * is the token both were given, so that nobody else can make two requests look like one; otherwise the id is new.
 */
export function requestNamer(balancerToken: string | undefined): (request: Pick<IncomingMessage, 'headers'>) => string {
  return ({ headers }) => {
    const given = headers['x-request-id']
    const vouched = balancerToken !== undefined && sameSecret(headers['x-balancer-token'], balancerToken)
    return vouched && typeof given === 'string' && /^[\w-]{1,64}$/.test(given) ? given : randomUUID()
  }
}

/** Compares a secret in a time that does not depend on where the two differ. */
export function sameSecret(given: unknown, secret: string): boolean {
  if (typeof given !== 'string') return false
  const [one, other] = [Buffer.from(given), Buffer.from(secret)]
  return one.length === other.length && timingSafeEqual(one, other)
}
