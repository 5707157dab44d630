import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { isHttp2, streamOf } from '../proxy/head-writer.ts'
import type { Stalls } from '../proxy/stall.ts'
import { onTurn } from './pipelining.ts'

const LINGER_MS = 2000

/**
 * Lets a client that is still sending its body read the answer. HTTP/1: the connection is closed by a FIN, and what still
 * comes is read and thrown away for up to 2 s; closing with unread bytes would send a reset that may destroy the answer on its
 * way. HTTP/2: behind the answer the client is told to send no more (RFC 9113 §8.1), or its stream would stay open.
 */
export function closeGently(res: ServerResponse) {
  if (isHttp2(res)) return endStream(res)
  onTurn(res, (socket) => {
    socket.destroySoon = () => {
      res.req.resume()
      socket.end()
      linger(socket)
    }
  })
}

/**
 * Ends a connection behind an answer: a FIN when the client has taken all that was written, and 2 s for it to close its half.
 * A client that takes nothing of what was written is let go after the stalls' bound.
 */
export function endGently(socket: Duplex, stalls: Stalls): void {
  socket.on('error', () => {})
  socket.resume()
  const stall = stalls.watch(socket, () => socket.destroy())
  socket.once('close', () => stall.over())
  socket.end(() => {
    stall.over()
    linger(socket)
  })
}

function linger(socket: Duplex): void {
  if (socket.readableEnded) return void socket.destroy()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('end', () => socket.destroy())
  socket.once('close', () => clearTimeout(timer))
}

function endStream(res: ServerResponse): void {
  const stream = streamOf(res)
  stream?.once('finish', () => {
    if (!res.req.complete) stream.close(NO_ERROR)
  })
}

/** RFC 9113 §7. */
const NO_ERROR = 0
