import { BlockList, isIP, isIPv4, isIPv6, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { RequestHead } from './request-head.ts'

/** Whom to believe about who the client is: the proxies in front of this one. */
export class TrustedProxies {
  readonly #list = new BlockList()
  readonly #any: boolean
  readonly #empty: boolean

  /** @param entries addresses, `address/bits`, or `*` for everyone. @throws TypeError that names the entry */
  constructor(entries: readonly string[]) {
    this.#any = entries.includes('*')
    this.#empty = entries.length === 0
    for (const entry of entries) if (entry !== '*') this.#add(entry)
  }

  trusts(address: string): boolean {
    if (this.#any) return true
    if (this.#empty) return false
    return isIP(address) !== 0 && this.#list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  }

  #add(entry: string): void {
    const [address = '', bits, more] = entry.split('/')
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
    const most = family === 'ipv4' ? 32 : 128
    if (!family || more !== undefined || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most))) {
      throw new TypeError(`trusted proxies: ${JSON.stringify(entry)} is not an address, address/bits, or *`)
    }
    if (bits === undefined) this.#list.addAddress(address, family)
    else this.#list.addSubnet(address, Number(bits), family)
  }
}

/** The other end of one client connection: what holds for all its requests. */
export class Peer {
  readonly address: string
  readonly isTrusted: boolean
  readonly encrypted: boolean
  /** The port that the client came to. */
  readonly port: string
  /** A request of this HTTP/1 connection was refused: what follows on it may be the inside of that one. */
  isRefused = false
  #forwardedHost: string | undefined
  #forwarded = ''

  constructor(socket: Socket, trusted: TrustedProxies) {
    this.address = plainAddress(socket.remoteAddress ?? '')
    this.isTrusted = trusted.trusts(this.address)
    this.encrypted = (socket as TLSSocket).encrypted === true
    this.port = String(socket.localPort ?? '')
  }

  get scheme(): 'http' | 'https' {
    return this.encrypted ? 'https' : 'http'
  }

  /** This hop's RFC 7239 element. A connection mostly asks for one host, so the last is kept. */
  forwarded(host: string): string {
    if (this.#forwardedHost !== host) {
      this.#forwardedHost = host
      const by = this.address.includes(':') ? `"[${this.address}]"` : this.address || 'unknown'
      this.#forwarded = `for=${by};host="${host.replace(/["\\]/g, '')}";proto=${this.scheme}`
    }
    return this.#forwarded
  }
}

/** The client's address: the last in `X-Forwarded-For` that is not a trusted proxy; the peer's if the peer is not one. */
export function clientAddress(peer: Peer, head: RequestHead, trusted: TrustedProxies): string {
  if (!peer.isTrusted || head.forwardedFor === undefined) return peer.address
  const hops = head.forwardedFor.split(',').map((hop) => hop.trim())
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = hops[i] as string
    if (isIP(hop) === 0) return hops[i + 1] ?? peer.address
    if (i === 0 || !trusted.trusts(hop)) return hop
  }
  return peer.address
}

/** Whether the client's own connection was encrypted: this one, or the trusted proxy's before it. */
export function isSecure(peer: Peer, head: RequestHead): boolean {
  return peer.encrypted || (peer.isTrusted && head.forwardedProto?.toLowerCase() === 'https')
}

// A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d.
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIPv4(address.slice(7)) ? address.slice(7) : address
}
