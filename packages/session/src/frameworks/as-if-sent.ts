import { type Server, ServerResponse } from 'node:http'
import { type Linked, LinkedList } from '../linked-list.ts'

/** Of Node's response. `_header` is not documented, but middleware reads it too. */
interface Inside {
  _header: string | null
  finished: boolean
}

/** Node's own checks and older middleware only ask whether there is a head. */
const SOME_HEAD = 'HTTP/1.1'

/**
 * What a response looks like to its handler while its first byte waits: as if it had left. Who has answered must be told so by
 * `headersSent`, `writableEnded` and the like, and be refused a second head, as without the wait.
 */
export class AsIfSent {
  readonly #response: ServerResponse
  readonly #isHttp2: boolean
  #names: string[] | undefined
  #waiting: Waiting | undefined

  constructor(response: ServerResponse) {
    this.#response = response
    this.#isHttp2 = 'stream' in response
  }

  /** The head is given. */
  head(): void {
    if (this.#isHttp2) this.#show(HEAD_SENT)
    else (this.#response as unknown as Inside)._header ??= SOME_HEAD
  }

  /** The body has ended. */
  end(): void {
    if (this.#isHttp2) {
      this.#show(ENDED)
      return
    }
    const { server } = (this.#response.socket ?? {}) as { server?: Server }
    if (server) protect(server)
    const response = this.#response as unknown as Inside
    if (!this.#waiting) {
      this.#waiting = { response, before: undefined, after: undefined }
      waiting.add(this.#waiting)
    }
    response.finished = true
  }

  /** So much is written that the handler is to wait for `drain`. */
  full(): void {
    this.#show(FULL)
  }

  /** Throws what a second head is told. */
  refuseHead(given: readonly unknown[]): never {
    if (!this.#isHttp2) ServerResponse.prototype.writeHead.apply(this.#response, given as [number])
    return refuseHttp2()
  }

  /** Shows the response as it is again. */
  off(): void {
    const inside = this.#response as unknown as Inside
    for (const name of this.#names ?? []) delete (inside as unknown as Record<string, unknown>)[name]
    this.#names = undefined
    if (this.#isHttp2) return
    if (inside._header === SOME_HEAD) inside._header = null
    if (!this.#waiting) return
    waiting.remove(this.#waiting)
    this.#waiting = undefined
    inside.finished = false
  }

  #show(properties: PropertyDescriptorMap): void {
    Object.defineProperties(this.#response, properties)
    this.#names = [...(this.#names ?? []), ...Object.keys(properties)]
  }
}

function refuseHttp2(): never {
  throw Object.assign(new Error('Response has already been initiated.'), { code: 'ERR_HTTP2_HEADERS_SENT' })
}

// The same for all responses: V8 puts each getter into the old generation, where it keeps its response alive for long.
const yes: PropertyDescriptor = { get: () => true, configurable: true }
const refused: PropertyDescriptor = { value: refuseHttp2, configurable: true }
const HEAD_SENT = { headersSent: yes, _header: yes, setHeader: refused, appendHeader: refused, removeHeader: refused }
const ENDED = { finished: yes, writableEnded: yes }
const FULL = { writableNeedDrain: yes }

/** A response of HTTP/1 that has ended for its handler, and waits. */
interface Waiting extends Linked<Waiting> {
  readonly response: { finished: boolean }
}

/** All of those. */
const waiting = new LinkedList<Waiting>()

/** Says of each whether it looks finished. */
function showWaiting(finished: boolean): void {
  for (let one = waiting.first; one; one = one.after) one.response.finished = finished
}

const protectedServers = new WeakSet<Server>()

/**
 * A server that closes cuts idle connections off, and takes those for idle whose response is `finished`. Ours is not, as long as
 * it waits.
 */
function protect(server: Server): void {
  if (protectedServers.has(server)) return
  protectedServers.add(server)
  const { closeIdleConnections } = server
  server.closeIdleConnections = function (this: Server) {
    showWaiting(false)
    try {
      closeIdleConnections.call(this)
    } finally {
      showWaiting(true)
    }
  }
}
