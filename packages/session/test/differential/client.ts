import { createHash } from 'node:crypto'
import { Agent, type IncomingMessage, request as send } from 'node:http'
import { gunzipSync } from 'node:zlib'

/** One request of the client's. */
export interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Leaves as soon as the first byte of a body is there. */
  readonly leaves?: boolean
}

/** What a client can tell of one answer. */
export interface Answer {
  readonly status: number | undefined
  readonly reason?: string | undefined
  readonly headers: readonly string[]
  readonly setCookies: readonly string[]
  readonly trailers: Readonly<Record<string, unknown>>
  readonly informational: readonly number[]
  readonly bytes: number
  readonly body: string
  readonly end: 'complete' | 'cut' | 'refused' | 'hangs' | 'left'
}

const agent = new Agent({ keepAlive: true })
/** Closes the connections that are kept alive. */
export const closeClient = (): void => agent.destroy()

const nothing = { headers: [], setCookies: [], trailers: {}, informational: [], bytes: 0, body: '' }

/** Sends one request; answers also when no complete response comes. */
export function ask(port: number, { method = 'GET', path = '/', headers = {}, body, leaves }: Ask, patienceMs = 5000) {
  return new Promise<Answer>((resolve) => {
    const informational: number[] = []
    const outgoing = send({ port, method, path, headers, agent, host: '127.0.0.1' })
    const impatient = setTimeout(() => outgoing.destroy(new Error('hangs')), patienceMs)
    const answer = (given: Answer): void => {
      clearTimeout(impatient)
      resolve(given)
    }
    outgoing.on('information', ({ statusCode }) => informational.push(statusCode))
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => {
        chunks.push(chunk)
        if (leaves) outgoing.destroy()
      })
      response.on('error', () => {})
      response.on('close', () => {
        const end = leaves ? 'left' : response.complete ? 'complete' : 'cut'
        answer({ ...readAnswer(response, Buffer.concat(leaves ? [] : chunks)), informational, end })
      })
    })
    outgoing.on('error', ({ message }) => {
      answer({ ...nothing, status: undefined, informational, end: message === 'hangs' ? 'hangs' : 'refused' })
    })
    outgoing.end(body)
  })
}

function readAnswer(response: IncomingMessage, raw: Buffer) {
  const { statusCode: status, statusMessage: reason, rawHeaders, trailers } = response
  const gzip = response.complete && response.headers['content-encoding'] === 'gzip' && raw.length > 0
  const body = gzip ? gunzipSync(raw) : raw
  const headers = rawHeaders
    .flatMap((name, i) => (i % 2 === 0 ? [`${name.toLowerCase()}: ${rawHeaders[i + 1]}`] : []))
    .filter((line) => !/^(date|set-cookie): /.test(line))
    .toSorted()
  return {
    status,
    reason,
    headers,
    setCookies: response.headers['set-cookie'] ?? [],
    trailers,
    bytes: body.length,
    body: body.length > 200 ? createHash('sha1').update(body).digest('hex') : body.toString('latin1'),
  }
}
