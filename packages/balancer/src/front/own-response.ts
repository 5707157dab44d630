import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '../headers/request-head.ts'
import { breakOff, headText, writeHead } from '../proxy/head-writer.ts'
import type { Stalls } from '../proxy/stall.ts'
import { endGently } from './linger.ts'

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
  const { body, headers } = written(answer)
  headers.push('X-Request-Id', answer.requestId)
  if (answer.close) headers.push('Connection', 'close')
  writeHead(res, answer.status, STATUS_CODES[answer.status] ?? '', headers)
  res.end(body)
  if (res.writableLength === 0) return
  const stall = stalls.watch(res, () => breakOff(res))
  res.once('close', () => stall.over())
}

/** Answers on a bare connection, and closes it. */
export function refuseRaw(socket: Duplex, problem: Problem, stalls: Stalls): void {
  if (!socket.writable) return void socket.destroy()
  const { status } = problem
  const { body, headers } = written(problem)
  socket.write(headText(status, STATUS_CODES[status] ?? '', [...headers, 'Connection', 'close']) + body)
  endGently(socket, stalls)
}

function written({ status, text }: Problem): { body: string; headers: string[] } {
  const body = `${status} ${STATUS_CODES[status] ?? ''}: ${text}\n`
  const headers = [
    ...['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))],
    ...['Cache-Control', 'no-store'],
  ]
  // What a 503 here speaks of is mostly over in a moment.
  if (status === 503) headers.push('Retry-After', '1')
  return { body, headers }
}
