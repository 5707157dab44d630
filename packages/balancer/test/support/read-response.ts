import { request } from 'node:http'
import { Duplex } from 'node:stream'
import { ResponseSyntaxError } from '../../src/engines/direct/fields.ts'
import type { ResponseHead } from '../../src/engines/direct/response-head.ts'
import { ResponseReader } from '../../src/engines/direct/response-reader.ts'

/** What a reader made of the bytes; `broken` when it refused them, `unfinished` when it waits for more. */
export interface Read {
  status?: number
  message?: string
  raw?: string[]
  interim: number[]
  body: string
  trailers?: string[]
  end: 'broken' | 'unfinished' | 'complete' | 'complete and reusable'
}

export function read(pieces: readonly Buffer[], { toHead = false, closes = false } = {}): Read {
  const seen: Read = { interim: [], body: '', end: 'unfinished' }
  const reader = new ResponseReader({
    onInterim: ({ status }) => seen.interim.push(status),
    onHead({ status, message, raw }: ResponseHead) {
      Object.assign(seen, { status, message, raw })
    },
    onBody(piece) {
      seen.body += piece.toString('latin1')
      return true
    },
    onComplete(trailers, isReusable) {
      Object.assign(seen, { trailers, end: isReusable ? 'complete and reusable' : 'complete' })
    },
  })
  reader.expect(toHead)
  try {
    for (const piece of pieces) reader.read(piece)
    if (closes && !reader.end()) seen.end = 'broken'
  } catch (error) {
    if (!(error instanceof ResponseSyntaxError)) throw error
    seen.end = 'broken'
  }
  return seen
}

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
export const whole = (text: string, options = {}): Read => read([bytes(text)], options)

/** What Node's own client, and so llhttp, makes of the same bytes on a connection that closes after them. */
export function readByNode(
  text: string,
): Promise<Pick<Read, 'status' | 'message' | 'raw' | 'body' | 'trailers'> | undefined> {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof readByNode>>>()
  const connection = new Duplex({
    read() {},
    write: (_chunk, _encoding, done) => {
      connection.push(bytes(text))
      connection.push(null)
      done()
    },
  })
  const client = request({ createConnection: () => connection as never }, (response) => {
    const { statusCode: status, statusMessage: message, rawHeaders: raw } = response
    let body = ''
    response.setEncoding('latin1').on('data', (piece: string) => {
      body += piece
    })
    response.on('error', () => {})
    response.on('close', () =>
      resolve(
        response.complete
          ? { status: status as number, message: message as string, raw, body, trailers: response.rawTrailers }
          : undefined,
      ),
    )
  })
  client.on('error', () => resolve(undefined))
  client.end()
  return promise
}
