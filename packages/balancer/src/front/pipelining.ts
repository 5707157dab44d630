import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Answers that wait behind another on the same HTTP/1 connection (RFC 9112 §9.3.2). */
const waiting = new WeakMap<Socket, Set<ServerResponse>>()

/** The answer whose turn it is on this HTTP/1 connection, while it is not through. */
export const answering = (socket: object): ServerResponse | undefined =>
  (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined

/**
 * Lets an answer that may have to wait for its turn hear when its connection closes meanwhile: Node 22 tells that to the one whose
 * turn it is, and forgets the others; Node 26 tells them too.
 */
export function awaitTurn(res: ServerResponse): void {
  if (res.socket !== null || res.req.httpVersionMajor === 2) return
  const { socket } = res.req
  const others = waiting.get(socket)
  const all = others ?? new Set()
  all.add(res)
  res.once('socket', () => all.delete(res))
  if (others) return
  waiting.set(socket, all)
  socket.once('close', () => {
    for (const forgotten of all) {
      forgotten.destroy()
      forgotten.emit('close')
    }
  })
}

/** Calls back with the connection that carries an answer: now, or when it is the answer's turn. */
export function onTurn(res: ServerResponse, act: (socket: Socket) => void): void {
  if (res.socket) act(res.socket)
  else res.once('socket', act)
}
