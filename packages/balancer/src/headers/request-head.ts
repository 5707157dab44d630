import * as kinds from './kinds.ts'
import { announced } from './trailers.ts'

/**
 * A request's headers, read in one pass: what is passed on lies in `kept`, what the balancer decides about in fields of its
 * own. `problem` says why the request must be refused; it is then neither forwarded nor is its connection used again.
 */
export class RequestHead {
  /** Names and values in turn, as they came. */
  kept: string[] = []
  host: string | undefined
  /** HTTP/2's `:authority`, which stands for `Host`. */
  authority: string | undefined
  cookie: string | undefined
  length: number | undefined
  chunked = false
  connection: string | undefined
  expect: string | undefined
  upgrade: string | undefined
  te: string | undefined
  /** The fields that are announced to follow the body, those that may. */
  trailer: string | undefined
  forwardedFor: string | undefined
  forwardedProto: string | undefined
  forwardedHost: string | undefined
  forwardedPort: string | undefined
  forwarded: string | undefined
  /** The rest of `X-Forwarded-*`, names and values in turn. */
  forwardedOther: string[] | undefined
  via: string | undefined
  maxForwards: string | undefined
  problem: Problem | undefined

  constructor(rawHeaders: readonly string[]) {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] as string
      const kind = kinds.kindOf(name)
      if (kind === kinds.PLAIN) this.kept.push(name, rawHeaders[i + 1] as string)
      else if (kind !== kinds.DROP) this.#special(kind, name, rawHeaders[i + 1] as string)
    }
    if (this.authority !== undefined) this.#takeAuthority(this.authority)
    if (this.connection !== undefined) this.kept = withoutNamed(this.kept, kinds.namedBy(this.connection))
    if (this.trailer !== undefined) this.trailer = announced(this.trailer, this.connection)
  }

  /** HTTP/2 frames bodies itself: one without a declared length goes on in chunks. */
  frameAs2(req: object): void {
    const { stream } = req as { stream?: { endAfterHeaders: boolean } }
    if (stream?.endAfterHeaders !== false) return
    // HTTP/1.1 carries trailers after chunks only.
    if (this.trailer !== undefined) this.length = undefined
    this.chunked = this.length === undefined
  }

  get hasBody(): boolean {
    return this.chunked || (this.length !== undefined && this.length > 0)
  }

  /** Whether the client wants the connection closed behind the answer (RFC 9112 §9.6). */
  get isLast(): boolean {
    return this.connection !== undefined && /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(this.connection)
  }

  get hasTrailers(): boolean {
    return this.chunked && this.trailer !== undefined
  }

  // RFC 9113 §8.3.1: a Host field beside it says the same.
  #takeAuthority(authority: string): void {
    if (this.host !== undefined && this.host.toLowerCase() !== authority.toLowerCase()) {
      this.problem = { status: 400, text: 'Host differs from :authority' }
    }
    this.host = authority
  }

  #special(kind: number, name: string, value: string): void {
    switch (kind) {
      case kinds.HOST:
        if (this.host !== undefined) this.problem = { status: 400, text: 'more than one Host header' }
        this.host = value
        return
      case kinds.COOKIE:
        this.cookie = join(this.cookie, value, '; ')
        return
      case kinds.LENGTH:
        if (this.length !== undefined || !/^\d{1,15}$/.test(value)) {
          this.problem = { status: 400, text: 'malformed or repeated Content-Length' }
        }
        this.length = Number(value)
        return
      case kinds.TRANSFER_ENCODING:
        this.#transferEncoding(value)
        return
      case kinds.CONNECTION:
        this.connection = join(this.connection, value, ',')
        return
      case kinds.EXPECT:
        this.expect = value
        return
      case kinds.UPGRADE:
        this.upgrade = join(this.upgrade, value, ',')
        return
      case kinds.TE:
        this.te = value
        return
      case kinds.TRAILER:
        this.trailer = join(this.trailer, value, ', ')
        return
      default:
        this.#proxied(kind, name, value)
    }
  }

  #proxied(kind: number, name: string, value: string): void {
    if (kind === kinds.FORWARDED_FOR) this.forwardedFor = join(this.forwardedFor, value, ', ')
    else if (kind === kinds.FORWARDED_PROTO) this.forwardedProto = value
    else if (kind === kinds.FORWARDED_HOST) this.forwardedHost = value
    else if (kind === kinds.FORWARDED_PORT) this.forwardedPort = value
    else if (kind === kinds.FORWARDED) this.forwarded = join(this.forwarded, value, ', ')
    else if (kind === kinds.VIA) this.via = join(this.via, value, ', ')
    else if (kind === kinds.MAX_FORWARDS) this.maxForwards = value
    else if (kind === kinds.AUTHORITY) this.authority = value
    else {
      this.forwardedOther ??= []
      this.forwardedOther.push(name, value)
    }
  }

  // RFC 9112 §6.1: a body whose end cannot be known for certain is the stuff that smuggling is made of.
  #transferEncoding(value: string): void {
    if (value.toLowerCase() !== 'chunked') {
      this.problem = { status: 501, text: 'the only supported transfer coding is chunked' }
    }
    if (this.chunked) this.problem = { status: 400, text: 'repeated Transfer-Encoding' }
    this.chunked = true
  }
}

/** Why a request is refused: the status and a sentence for the client. */
export interface Problem {
  readonly status: number
  readonly text: string
}

/** The raw header array without the named headers (lower case). */
export function withoutNamed(raw: string[], names: readonly string[]): string[] {
  if (names.length === 0) return raw
  const kept: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    if (!names.includes(name.toLowerCase())) kept.push(name, raw[i + 1] as string)
  }
  return kept
}

const join = (before: string | undefined, value: string, separator: string): string =>
  before === undefined ? value : before + separator + value
