import type { IncomingHttpHeaders } from 'node:http'
import { isLoopbackName } from '@session-cluster/contract'
import { sameSecret } from '../request-id.ts'

/** Why an admin call is refused. */
export interface GuardRefusal {
  status: 401 | 403
  message: string
}

/**
 * Tells whether an admin call may pass. With a token, it must bring it (`Authorization: Bearer`, RFC 6750).
 * Without one the port is bound to loopback, and a page from elsewhere that makes the browser call it (another `Origin`,
 * or a name rebound to 127.0.0.1) is refused.
 */
export function guard(headers: IncomingHttpHeaders, token: string | undefined): GuardRefusal | undefined {
  const { host = '', origin, authorization } = headers
  if (token !== undefined) {
    const brought = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    return sameSecret(brought, token)
      ? undefined
      : { status: 401, message: 'Bring Authorization: Bearer with the ADMIN_TOKEN.' }
  }
  if (!isLoopbackName(host.replace(/:\d+$/, ''))) return { status: 403, message: 'Host is not a loopback name.' }
  if (origin !== undefined && !sameOrigin(origin, host)) return { status: 403, message: 'Origin is another site.' }
  return undefined
}

function sameOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
