import type { IncomingMessage } from 'node:http'
import { isHost, readTarget } from '../front/target.ts'
import { clientAddress, type Peer } from '../headers/peer.ts'
import { RequestHead } from '../headers/request-head.ts'
import type { PickKey } from '../policies/policy.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Context } from './context.ts'

const NONE: readonly string[] = []

/** What is known of a request while it is proxied: who asks for what, and how far it has come. Policies and affinity read it. */
export class ProxiedRequest implements PickKey {
  readonly requestId: string
  readonly method: string
  /** Origin form, byte for byte as it came; `*` for OPTIONS; anything else is refused. */
  readonly path: string
  /** Whether its target came in absolute form, whose authority stands for `Host`. */
  readonly isAbsolute: boolean = false
  readonly req: IncomingMessage
  readonly head: RequestHead
  readonly peer: Peer
  /** On the monotonic clock. */
  readonly startedAt = performance.now()
  /** The one that it was sent to last. */
  upstream: Upstream | undefined
  /** How often it was sent. */
  attempts = 0
  /** Those that it was sent to in vain, each with what it met with there: `a connect`, `b 503`. */
  tried: readonly string[] = NONE
  bytesIn = 0
  bytesOut = 0
  /** Whether it met with a stale connection before: that is forgiven once. */
  wasStale = false
  readonly #context: Context
  #address: string | undefined

  constructor(context: Context, req: IncomingMessage, peer: Peer) {
    this.#context = context
    this.req = req
    this.peer = peer
    this.requestId = context.nextRequestId()
    this.method = req.method ?? 'GET'
    this.head = new RequestHead(req.rawHeaders)
    const target = req.url ?? ''
    // HTTP/2 has no absolute form: there it is a target that is not served.
    if (target.startsWith('/') || 'stream' in req) this.path = target
    else {
      const { path, authority } = readTarget(this.method, target)
      this.path = path
      if (authority !== undefined) this.isAbsolute = this.#takeHost(authority)
    }
  }

  // RFC 9112 §3.2.2: the field is ignored, but must be there, and sound.
  #takeHost(authority: string): boolean {
    const { host } = this.head
    const isSound = host === undefined ? this.req.httpVersion === '1.0' : isHost(host)
    if (isSound) this.head.host = authority
    return isSound
  }

  get address(): string {
    this.#address ??= clientAddress(this.peer, this.head, this.#context.trusted)
    return this.#address
  }

  get host(): string | undefined {
    return this.head.host
  }

  header(name: string): string | undefined {
    if (name === 'cookie') return this.head.cookie
    // HTTP/2 has another name for it.
    if (name === 'host') return this.head.host
    const value = this.req.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
}
