import http, { type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import { connect, type Socket } from 'node:net'

/** A response as a client saw it. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: string
  trailers: NodeJS.Dict<string>
  /** Whether the whole body came. */
  complete: boolean
}

/** What to send; `body` may be pieces, sent one after the other. */
export interface AskOptions extends RequestOptions {
  body?: string | Buffer | undefined
}

/** Sends one request on a connection of its own unless an agent is given. @throws when no answer came */
export function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const { body, ...rest } = options
  const request = http.request(url, { agent: false, ...rest }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk) => {
      text += chunk
    })
    response.on('error', () => {})
    response.on('close', () => {
      const { statusCode = 0, headers, rawHeaders, trailers, complete } = response
      resolve({ status: statusCode, headers, rawHeaders, body: text, trailers, complete })
    })
  })
  request.on('error', reject)
  request.end(body)
  return promise
}

/** Several requests one after the other; answers the bodies. */
export async function askInTurn(url: string, count: number, options: AskOptions = {}): Promise<string[]> {
  const bodies: string[] = []
  for (let i = 0; i < count; i++) bodies.push((await ask(url, options)).body)
  return bodies
}

/** The `name=value` part of the affinity cookie that an answer sets. */
export function affinityCookie(answer: Answer, name = 'AFFINITY'): string | undefined {
  const line = answer.headers['set-cookie']?.find((cookie) => cookie.startsWith(`${name}=`))
  return line?.split(';')[0]
}

/** A bare TCP connection that remembers what came. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket
  received = ''
  ended = false
  closed = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1')
    })
    this.socket.on('end', () => {
      this.ended = true
    })
    this.socket.on('close', () => {
      this.closed = true
    })
    this.socket.on('error', () => {})
  }

  /** Sends as it is. */
  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** The status of the last answer that has come, 0 when none has. */
  get status(): number {
    return Number([...this.received.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].at(-1)?.[1] ?? 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
  }
}
