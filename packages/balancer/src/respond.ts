import { type ServerResponse, STATUS_CODES } from 'node:http'
import { writeHead } from './head-writer.ts'

/** An answer of the balancer's own: a plain sentence, never stored by caches. */
export interface OwnAnswer {
  readonly status: number
  readonly text: string
  readonly requestId: string
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number | undefined
  /** The connection is of no more use, since what follows on it cannot be told apart. */
  readonly close?: boolean
}

/** Writes it, unless the client has been answered already. */
export function respond(res: ServerResponse, answer: OwnAnswer): void {
  if (res.headersSent || res.destroyed) return
  const body = `${answer.status} ${STATUS_CODES[answer.status] ?? ''}: ${answer.text}\n`
  const headers = [
    ...['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))],
    ...['Cache-Control', 'no-store', 'X-Request-Id', answer.requestId],
  ]
  if (answer.retryAfter !== undefined) headers.push('Retry-After', String(answer.retryAfter))
  if (answer.close) headers.push('Connection', 'close')
  writeHead(res, answer.status, STATUS_CODES[answer.status] ?? '', headers)
  res.end(body)
}
