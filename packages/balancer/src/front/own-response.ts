import { type ServerResponse, STATUS_CODES } from 'node:http'
import { breakOff, writeHead } from '../proxy/head-writer.ts'
import type { Stalls } from '../proxy/stall.ts'

/** An answer of the balancer's own: a plain sentence, never stored by caches. */
export interface OwnAnswer {
  readonly status: number
  readonly text: string
  readonly requestId: string
  /** The connection is of no more use, since what follows on it cannot be told apart. */
  readonly close?: boolean
}

/** Writes it, unless the client has been answered already; one that does not read it is let go. */
export function respond(res: ServerResponse, answer: OwnAnswer, stalls: Stalls): void {
  if (res.headersSent || res.destroyed) return
  const body = `${answer.status} ${STATUS_CODES[answer.status] ?? ''}: ${answer.text}\n`
  const headers = [
    ...['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))],
    ...['Cache-Control', 'no-store', 'X-Request-Id', answer.requestId],
  ]
  // What a 503 here speaks of is mostly over in a moment.
  if (answer.status === 503) headers.push('Retry-After', '1')
  if (answer.close) headers.push('Connection', 'close')
  writeHead(res, answer.status, STATUS_CODES[answer.status] ?? '', headers)
  res.end(body)
  if (res.writableLength === 0) return
  const stall = stalls.watch(res, () => breakOff(res))
  res.once('close', () => stall.over())
}
