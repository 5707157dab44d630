import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'

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
}

/** The server did not answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  readonly code = 'CLIENT_TIMEOUT'
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

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
  const { method = 'GET', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
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
