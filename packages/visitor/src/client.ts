import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'

/** What a server answered. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Who answered, by its `X-Served-By`. */
  readonly node: string | undefined
}

/** One request, as it goes over the wire. */
export interface Ask {
  /** @default GET */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** From the first step until the last byte of the body. @default 10_000 */
  readonly timeoutMs?: number
  /** Connections to reuse; `false`: one of its own. @default kept-alive ones that all share */
  readonly agent?: Connections | false
  /** The most of a body that is kept; the rest is read and dropped. @default no bound */
  readonly maxBodyBytes?: number
}

/** The server did not answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  readonly code = 'CLIENT_TIMEOUT'
}

/** Kept-alive connections, by the scheme of the address. */
export interface Connections extends Disposable {
  readonly http: Agent
  readonly https: TlsAgent
}

/** Nobody vouches for a certificate that somebody made for a trial, and a visitor has nothing to hide. */
const anyCertificate = { rejectUnauthorized: false }

/** Kept-alive connections of one's own. */
export function connections(maxSockets: number): Connections {
  const http = new Agent({ keepAlive: true, maxSockets })
  const https = new TlsAgent({ keepAlive: true, maxSockets, ...anyCertificate })
  return {
    http,
    https,
    [Symbol.dispose]() {
      http.destroy()
      https.destroy()
    },
  }
}

const shared = connections(Number.POSITIVE_INFINITY)

/**
 * Sends one request over kept-alive connections and reads the whole answer, whatever its status. Throws when there is no
 * complete answer: `TimeoutError`, or the socket's own error.
 *
 * A GET on a kept-alive connection that the server was just closing is sent once more, as every browser does (RFC 9110 §9.2.2).
 */
export async function ask(url: string | URL, options: Ask = {}): Promise<Answer> {
  const deadline = performance.now() + (options.timeoutMs ?? 10_000)
  try {
    return await attempt(new URL(url), options, deadline)
  } catch (error) {
    if ((options.method ?? 'GET') !== 'GET' || !(error as { stale?: boolean }).stale) throw error
    return attempt(new URL(url), options, deadline)
  }
}

function attempt(url: URL, options: Ask, deadline: number): Promise<Answer> {
  const { method = 'GET', headers = {}, body, agent = shared, maxBodyBytes = Number.POSITIVE_INFINITY } = options
  return new Promise((resolve, reject) => {
    const tls = url.protocol === 'https:'
    const via = agent === false ? false : tls ? agent.https : agent.http
    const send = tls ? httpsRequest : httpRequest
    const request = send(url, { method, headers, agent: via, ...(tls && anyCertificate) }, (response) => {
      const chunks: Buffer[] = []
      let kept = 0
      response.on('data', (chunk: Buffer) => {
        if (kept < maxBodyBytes) chunks.push(chunk)
        kept += chunk.length
      })
      response.on('error', fail)
      response.on('end', () => {
        clearTimeout(timer)
        const served = response.headers['x-served-by']
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
          node: typeof served === 'string' ? served : undefined,
        })
      })
    })
    const timer = setTimeout(
      () => {
        request.destroy(new TimeoutError(`${method} ${url.pathname} was not answered in time`))
      },
      Math.max(0, deadline - performance.now()),
    )
    request.once('error', (error: NodeJS.ErrnoException) => {
      fail(Object.assign(error, { stale: request.reusedSocket && error.code === 'ECONNRESET' }))
    })
    request.end(body)

    function fail(error: Error): void {
      clearTimeout(timer)
      reject(error)
    }
  })
}

/** An answer and how long it took, or how it failed to come. */
export type Attempt =
  | { readonly ok: true; readonly answer: Answer; readonly ms: number }
  | { readonly ok: false; readonly reason: 'timeout' | 'refused' | 'broken'; readonly ms: number }

/** As {@link ask}, and never throws: a failure is an answer too. */
export async function attemptTo(url: string | URL, options: Ask = {}): Promise<Attempt> {
  const started = performance.now()
  try {
    const answer = await ask(url, options)
    return { ok: true, answer, ms: performance.now() - started }
  } catch (error) {
    return { ok: false, reason: reasonOf(error as NodeJS.ErrnoException), ms: performance.now() - started }
  }
}

function reasonOf(error: NodeJS.ErrnoException): 'timeout' | 'refused' | 'broken' {
  if (error instanceof TimeoutError) return 'timeout'
  return error.code === 'ECONNREFUSED' ? 'refused' : 'broken'
}
