import { isLoopbackName } from '@session-cluster/contract'

/** Why a call was refused. */
export type Refusal = 'host' | 'origin' | 'type'

export interface GuardOptions {
  /** Host names that the console answers to besides loopback's own, such as the name it is published under. */
  readonly allowedHosts?: readonly string[]
}

/** The parts of a request that decide whether it may change anything. */
export interface CallHeaders {
  readonly method: string
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | undefined
  readonly 'content-type'?: string | undefined
}

/**
 * Decides whether a call comes from the console's own page. A Host that is not ours is refused for every method: a page on
 * another name that was rebound to loopback would otherwise read all of this (DNS rebinding). Whatever is not a plain read
 * also needs an Origin equal to that Host and a JSON body, which no foreign form can send.
 * `undefined` means: let it through.
 */
export function refusal(call: CallHeaders, options: GuardOptions = {}): Refusal | undefined {
  const hostname = hostnameOf(call.host)
  if (hostname === undefined) return 'host'
  if (!isLoopbackName(hostname) && !options.allowedHosts?.includes(hostname)) return 'host'
  if (call.method === 'GET' || call.method === 'HEAD') return undefined
  const site = call['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return 'origin'
  if (call.origin !== `http://${call.host}` && call.origin !== `https://${call.host}`) return 'origin'
  return call['content-type']?.split(';')[0]?.trim() === 'application/json' ? undefined : 'type'
}

function hostnameOf(host: string | undefined): string | undefined {
  if (!host || !/^[\w.\-:[\]]+$/.test(host)) return undefined
  return host.replace(/:\d+$/, '').toLowerCase()
}
