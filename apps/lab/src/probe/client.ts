import { createHash } from 'node:crypto'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { CookieJar } from '@session-cluster/visitor'
import type { ProbeArguments, Typed } from './arguments.ts'
import type { CookieSeen, Exchange, Step } from './exchange.ts'

/** What one probe may ask of the application, at most. */
export interface Bounds {
  /** @default 200 */
  readonly requests?: number
  /** Of one answer. @default 1 MiB */
  readonly bytes?: number
  /** From the request to the last byte of its answer. @default 5000 */
  readonly timeoutMs?: number
}

/** The probe may not ask any more: its requests or its time are used up, or Ctrl-C was pressed. */
export class NoMoreError extends Error {
  readonly code = 'LAB_PROBE_NO_MORE'
}

/** What to ask, and with whose cookies. */
export interface Ask {
  readonly step: Step
  readonly client: string
  readonly jar: CookieJar
  /** @default the page that the probe was given */
  readonly at?: URL
  /** @default GET of the page */
  readonly typed?: Typed | undefined
}

type Looking = Pick<ProbeArguments, 'target' | 'server' | 'known' | 'number'>

/** Only this much of a body is searched, so that a pattern costs little. */
const searchedCharacters = 65_536
const mayNameAServer = /server|served|node|host|instance|upstream|backend|pod|worker|^via$/
/** A header's value may be as long as the server likes; a server's name is not. */
const longestName = 80

/**
 * Asks and keeps what came, within bounds. Each request has a connection of its own, so that a balancer of connections
 * spreads them too. No redirect is followed, no answer is thrown: what went wrong is in the exchange.
 */
export class ProbeClient {
  readonly history: Exchange[] = []
  readonly #looking: Looking
  readonly #signal: AbortSignal
  readonly #bounds: Required<Bounds>
  readonly #beganAt = performance.now()
  #asked = 0

  constructor(looking: Looking, signal: AbortSignal, bounds: Bounds = {}) {
    this.#looking = looking
    this.#signal = signal
    this.#bounds = { requests: 200, bytes: 2 ** 20, timeoutMs: 5000, ...bounds }
  }

  /** How many requests may still be made. */
  get left(): number {
    return this.#bounds.requests - this.#asked
  }

  /** Throws `NoMoreError` only. The cookies of the answer go into the jar. */
  async ask({ step, client, jar, at = this.#looking.target, typed }: Ask): Promise<Exchange> {
    this.#signal.throwIfAborted()
    if (this.left <= 0) throw new NoMoreError(`all ${this.#bounds.requests} requests are used up`)
    this.#asked++
    const url = typed ? new URL(typed.path, at) : at
    const atMs = performance.now() - this.#beganAt
    const sent = Object.fromEntries(jar.all.map(({ name, value }) => [name, print(value)]))
    const answer = await this.#answer(url, jar.header, typed)
    this.#signal.throwIfAborted() // What Ctrl-C cut short says nothing of the application.
    const cookies = answer.message?.headers['set-cookie'] ?? []
    jar.store(cookies)
    const exchange: Exchange = {
      step,
      client,
      target: `${url.origin}${url.pathname}`,
      method: typed?.method ?? 'GET',
      atMs: Math.round(atMs),
      tookMs: Math.round(performance.now() - this.#beganAt - atMs),
      sent,
      ...(answer.failed === undefined ? {} : { failed: answer.failed }),
      ...this.#seen(answer, url),
      set: cookies.flatMap((line) => seenCookie(line, jar)),
    }
    this.history.push(exchange)
    return exchange
  }

  #seen({ message, body }: Answer, url: URL) {
    if (!message) return { headers: {} }
    const { server, known, number } = this.#looking
    const headers = Object.fromEntries(
      Object.entries(message.headers).flatMap(([name, value]) =>
        mayNameAServer.test(name) && typeof value === 'string' ? [[name, value.slice(0, longestName)]] : [],
      ),
    )
    const text = body.toString('utf8').slice(0, searchedCharacters)
    const match = server instanceof RegExp ? server.exec(text) : undefined
    const named = typeof server === 'string' ? message.headers[server]?.toString() : (match?.[1] ?? match?.[0])
    const count = number.exec(text)
    const location = message.headers.location && URL.parse(message.headers.location, url.href)
    return {
      headers,
      ...(message.statusCode === undefined ? {} : { status: message.statusCode }),
      ...(location ? { location: `${location.origin}${location.pathname}` } : {}),
      ...(named ? { server: named.slice(0, longestName) } : {}),
      ...(count ? { number: Number(count[1] ?? count[0]) } : {}),
      ...(known ? { known: known.test(text) } : {}),
      body: print(body),
    }
  }

  #answer(url: URL, cookie: string | undefined, typed: Typed | undefined): Promise<Answer> {
    const { bytes, timeoutMs } = this.#bounds
    const timeout = AbortSignal.timeout(timeoutMs)
    const request = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, {
      method: typed?.method ?? 'GET',
      agent: false,
      maxHeaderSize: 65_536,
      signal: AbortSignal.any([this.#signal, timeout]),
      headers: {
        accept: 'application/json, text/html;q=0.9, */*;q=0.8',
        'user-agent': 'session-cluster-probe',
        ...(cookie === undefined ? {} : { cookie }),
        ...bodyHeaders(typed?.body),
      },
    })
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const chunks: Buffer[] = []
    let message: IncomingMessage | undefined
    let length = 0
    const done = (failed?: string) => resolve({ message, body: Buffer.concat(chunks), failed })
    const fail = (error: Error) => done(timeout.aborted ? late(message, timeoutMs) : reason(error))
    request.on('error', fail)
    request.on('response', (response) => {
      message = response
      response.on('error', fail)
      response.on('end', () => done())
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length <= bytes) return void chunks.push(chunk)
        done(`sends more than ${bytes / 1024} KiB`)
        request.destroy()
      })
    })
    request.end(typed?.body)
    return promise
  }
}

interface Answer {
  readonly message: IncomingMessage | undefined
  readonly body: Buffer
  readonly failed: string | undefined
}

function bodyHeaders(body: string | undefined): Record<string, string> {
  if (body === undefined) return {}
  const type = /^[{[]/.test(body) ? 'application/json' : 'application/x-www-form-urlencoded'
  return { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) }
}

const late = (message: IncomingMessage | undefined, timeoutMs: number) =>
  message ? `is still sending after ${timeoutMs / 1000} s` : `does not answer within ${timeoutMs / 1000} s`

function reason(error: NodeJS.ErrnoException): string {
  const { code = '', message } = error
  if (code === 'ECONNREFUSED') return 'refuses the connection: nothing listens there'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'has no address: its name is not known'
  if (code === 'HPE_HEADER_OVERFLOW') return 'sends more than 64 KiB of headers'
  if (code.startsWith('HPE_')) return 'does not speak HTTP there: if it speaks TLS, the URL begins with https://'
  if (code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return 'does not speak TLS there: if it speaks plain HTTP, the URL begins with http://'
  if (/CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE/.test(code))
    return `shows a certificate that is not trusted (${code}): NODE_EXTRA_CA_CERTS=FILE names one more authority`
  if (code === 'ECONNRESET')
    return 'closes the connection without an answer: if it speaks TLS, the URL begins with https://'
  return `cannot be asked: ${code || message}`
}

function seenCookie(line: string, jar: CookieJar): CookieSeen[] {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const equals = pair.indexOf('=')
  if (equals < 1) return []
  const [name, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]
  const route = /\.([\w-]{1,16})$/.exec(value)?.[1]
  const removed = jar.get(name) === undefined || value === ''
  return [{ name, print: print(value), length: value.length, ...(route ? { route } : {}), attributes, removed }]
}

/** Tells values apart without telling what they are. */
function print(value: string | Buffer): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, 12)
}
